from odoo import fields, models


class EventProjectionSkipWizard(models.TransientModel):
    """Asks why a read model is to go on without an event."""

    _name = "event.projection.skip.wizard"
    _inherit = "access.first.mixin"
    _description = "Skip an Event"
    _rec_name = "event_id"

    subscription_id = fields.Many2one(
        "event.subscription", required=True, readonly=True, ondelete="cascade"
    )
    event_id = fields.Many2one("event.store", required=True, readonly=True, ondelete="cascade")
    reason = fields.Text(
        required=True, help="Is kept, with your name: why the read model goes on without it."
    )

    def action_skip(self):
        """Skip the event."""
        self.ensure_one()
        self.subscription_id._skip(self.event_id.id, self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
