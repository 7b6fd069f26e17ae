from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    """What can be rented: Odoo's own products, ticked as for rent."""

    _inherit = "product.template"

    rental_ok = fields.Boolean(
        string="For Rent", help="Rentals offer the product; its price is proposed there."
    )
    rental_price_month = fields.Monetary(
        string="Rental Price per Month",
        help="For one piece, without tax; proposed for new rentals.",
    )

    @api.constrains("rental_price_month")
    def _check_rental_price(self):
        # Rentals propose it, and their rules would refuse it there.
        for product in self:
            if product.rental_price_month < 0:
                raise ValidationError(
                    _(
                        "The rental price of %(product)s cannot be below 0; enter 0 or more.",
                        product=product.name,
                    )
                )


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _rental_price_in(self, currency, company):
        """Return the price per month in a currency, at today's rate; 0 where there is none."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return self.currency_id._convert(self.rental_price_month, currency, company, today)
