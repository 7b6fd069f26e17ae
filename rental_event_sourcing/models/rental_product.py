from odoo import fields, models


class RentalProduct(models.Model):
    """What can be rented; small on purpose, so that no stock or sales addon is needed."""

    _name = "rental.product"
    _description = "Rental Product"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(string="Internal Reference", index=True)
    monthly_price = fields.Monetary(help="Proposed for new rentals.")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(string="For Rent", default=True)
