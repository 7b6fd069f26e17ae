from odoo import _, api, fields, models
from odoo.exceptions import UserError


class SnapshotDisplay(models.AbstractModel):
    """What the screens show of a snapshot beyond its columns."""

    _name = "snapshot.mixin"
    _inherit = ["snapshot.mixin", "aggregate.label.mixin"]

    model_name = fields.Char(string="Technical Record Type")
    last_event_label = fields.Char(
        string="Last Event",
        compute="_compute_last_event_label",
        search="_search_last_event_label",
        help="What people call the event that was applied last.",
    )

    @api.depends("last_event_type", "model_name")
    @api.depends_context("lang")
    def _compute_last_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        for snapshot in self:
            label = registry._event_label(snapshot.model_name, snapshot.last_event_type)
            snapshot.last_event_label = label

    @api.model
    def _search_last_event_label(self, _operator, _value):
        # Without this, Odoo would quietly match every snapshot.
        raise UserError(_("Search snapshots by the technical name of their last event."))
