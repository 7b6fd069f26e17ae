from odoo import api, fields, models


class CounterNote(models.Model):
    """What the reaction leaves: a row per event."""

    _name = "counter.note"
    _description = "Note about a Counter"

    event_id = fields.Integer(required=True)
    aggregate_id = fields.Char(required=True)


class CounterReaction(models.AbstractModel):
    _name = "counter.reaction"
    _inherit = "event.reaction"
    _description = "Notes about Counters"
    _subscribes = {"counter": ("Added",)}

    @api.model
    def _react(self, event):
        self.env["counter.note"].create({"event_id": event.id, "aggregate_id": event.aggregate_id})
