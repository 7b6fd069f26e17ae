from odoo import fields, models

STATUSES = ("draft", "demo", "confirmed", "active", "returned", "closed")


class BenchRentalSnapshot(models.Model):
    """What is true of a rental, in columns beside its state.

    Customer and product are numbers, as the other contestants have them.
    """

    _name = "bench.rental.snapshot"
    _inherit = "snapshot.mixin"
    _description = "Rental of a Benchmark"

    status = fields.Selection([(name, name.title()) for name in STATUSES], readonly=True)
    partner_id = fields.Integer(readonly=True)
    product_id = fields.Integer(readonly=True)
    quantity = fields.Integer(readonly=True)
    planned_start = fields.Date(readonly=True)
    planned_end = fields.Date(readonly=True)
    demo_end = fields.Date(readonly=True)
    monthly_price = fields.Float(digits=(16, 2), readonly=True)
    amount = fields.Float(digits=(16, 2), readonly=True)
    repair_cost = fields.Float(digits=(16, 2), readonly=True)


class BenchNamingSnapshot(models.Model):
    """The same where customer and product are records."""

    _name = "bench.naming.snapshot"
    _inherit = "bench.rental.snapshot"
    _description = "Rental of a Benchmark That Names Records"

    partner_id = fields.Many2one("res.partner", readonly=True, index=True, ondelete="restrict")
    product_id = fields.Many2one("product.product", readonly=True, index=True, ondelete="restrict")
