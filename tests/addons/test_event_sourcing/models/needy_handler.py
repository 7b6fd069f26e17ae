from odoo import fields, models


class NeedySnapshot(models.Model):
    _name = "needy.snapshot"
    _description = "Snapshot that needs a partner and a name"
    _inherit = "snapshot.mixin"

    partner_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict")
    name = fields.Char(required=True, readonly=True)


class NeedySnapshotHandler(models.AbstractModel):
    """Takes any event; its table does not take any state."""

    _name = "needy.snapshot.handler"
    _description = "Needy Handler"
    _inherit = "snapshot.handler"
    _snapshot_model = "needy.snapshot"
