from odoo import fields, models

from odoo.addons.event_sourcing_base.fields import NO_SUM

STATUSES = [
    ("new", "Not acquired"),  # before the first event
    ("in_order", "In order"),
    ("maintenance", "In maintenance"),
    ("retired", "Retired"),
]


class RentalUnitSnapshot(models.Model):
    """What is true of a unit now, in columns that can be filtered and exported."""

    _name = "rental.unit.snapshot"
    _description = "Unit Snapshot"
    _inherit = ["snapshot.mixin", "rental.totals.mixin"]

    status = fields.Selection(STATUSES, readonly=True)
    product_id = fields.Many2one("product.product", readonly=True, index=True, ondelete="restrict")
    serial_number = fields.Char(readonly=True)
    acquired_on = fields.Date(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    cost = fields.Monetary(string="Purchase Cost", readonly=True)
    maintenance_reason = fields.Char(readonly=True)
    maintenance_since = fields.Date(readonly=True)
    maintenance_until = fields.Date(string="Back in Order", readonly=True)
    damaged = fields.Boolean(readonly=True, help="Damaged, and not repaired since.")
    damage_count = fields.Integer(string="Damages", readonly=True)
    last_damage = fields.Char(readonly=True)
    damaged_on = fields.Date(string="Last Damage On", readonly=True)
    retired_on = fields.Date(readonly=True)
    retire_reason = fields.Char(string="Why It Was Retired", readonly=True)


class RentalUnitSnapshotAsOf(models.Model):
    """Units as they were at a moment, in the same columns."""

    _name = "rental.unit.snapshot.as.of"
    _description = "Unit as of a Moment"
    _inherit = ["snapshot.as.of.mixin", "rental.unit.snapshot"]
    _snapshot_of = "rental.unit.snapshot"

    product_id = fields.Many2one(ondelete="set null")


WHY = [
    ("bought", "Bought"),
    ("lost", "Lost"),
    ("sold", "Sold"),
    ("corrected", "Corrected"),
]


class RentalStockSnapshot(models.Model):
    """How many pieces a company owns of a product now."""

    _name = "rental.stock.snapshot"
    _description = "Quantity Snapshot"
    _inherit = "snapshot.mixin"

    product_id = fields.Many2one("product.product", readonly=True, index=True, ondelete="restrict")
    quantity = fields.Integer(string="Quantity Owned", readonly=True)
    last_change = fields.Integer(readonly=True, **NO_SUM)
    last_why = fields.Selection(WHY, string="Why", readonly=True)
    changed_on = fields.Date(string="Last Changed On", readonly=True)


class RentalStockSnapshotAsOf(models.Model):
    """Quantities as they were at a moment, in the same columns."""

    _name = "rental.stock.snapshot.as.of"
    _description = "Quantity as of a Moment"
    _inherit = ["snapshot.as.of.mixin", "rental.stock.snapshot"]
    _snapshot_of = "rental.stock.snapshot"

    product_id = fields.Many2one(ondelete="set null")
