from odoo import fields, models


class EventSnapshot(models.Model):
    """Snapshots of aggregates whose handler names no snapshot model of its own."""

    _name = "event.snapshot"
    _description = "Snapshot"
    _inherit = "snapshot.mixin"

    status = fields.Char(readonly=True, index=True)
