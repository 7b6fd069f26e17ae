from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class RentalProduct(models.Model):
    """What can be rented; small on purpose, so that no stock or sales addon is needed."""

    _name = "rental.product"
    _inherit = "access.first.mixin"
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

    @api.constrains("monthly_price")
    def _check_monthly_price(self):
        # Rentals propose it, and their rules would refuse it there.
        for product in self:
            if product.monthly_price < 0:
                raise ValidationError(
                    _(
                        "The monthly price of %(product)s cannot be below 0; enter 0 or more.",
                        product=product.name,
                    )
                )
