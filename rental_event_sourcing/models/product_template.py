from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_base.fields import NO_SUM

from .. import pricing

PRICES = {f"rental_price_{period}": period for period in pricing.PERIODS}
VARIANT_PRICES = {f"rental_variant_price_{period}": period for period in pricing.PERIODS}


def check_prices(products, names):
    """Refuse prices below 0: rentals propose them, and their rules would refuse them there."""
    for product in products:
        if min(product[name] for name in names) < 0:
            raise ValidationError(
                _(
                    "The rental price of %(product)s cannot be below 0; enter 0 or more.",
                    product=product.name,
                )
            )


class ProductTemplate(models.Model):
    """What can be rented: Odoo's own products, ticked as for rent.

    Of the prices for one piece those that are above 0 are offered; a rental takes the cheapest
    combination.
    """

    _inherit = "product.template"

    rental_ok = fields.Boolean(
        string="For Rent", help="Rentals offer the product; its price is proposed there."
    )
    rental_price_day = fields.Monetary(
        string="Rental Price per Day",
        help="For one piece, without tax; 0 where it is not let by the day.",
        **NO_SUM,
    )
    rental_price_week = fields.Monetary(
        string="Rental Price per Week",
        help="For one piece, without tax; 0 where it is not let by the week.",
        **NO_SUM,
    )
    rental_price_month = fields.Monetary(
        string="Rental Price per Month",
        help="For one piece, without tax; 0 where it is not let by the month.",
        **NO_SUM,
    )

    @api.model
    def get_import_templates(self):
        own = {
            "label": _("Import Template for Products for Rent"),
            "template": "/rental_event_sourcing/static/xls/rental_products.xlsx",
        }
        return [*super().get_import_templates(), own]

    @api.constrains(*PRICES)
    def _check_rental_price(self):
        check_prices(self, PRICES)

    @api.constrains("company_id")
    def _check_company_of_rentals(self):
        """Let no company take what another one rents out: its people could not read their own."""
        for product in self.filtered("company_id"):
            others = ["!", ("company_id", "child_of", product.company_id.ids)]
            domain = [("product_id.product_tmpl_id", "=", product.id), *others]
            for model in ("rental.order.line", "rental.unit", "rental.stock"):
                records = self.env[model].sudo().with_context(active_test=False)
                if records.search_count(domain, limit=1):
                    raise ValidationError(
                        _(
                            "Another company rents out %(product)s, so it cannot be one company's"
                            " alone; create another product.",
                            product=product.name,
                        )
                    )


class ProductProduct(models.Model):
    """A variant, which may have prices of its own."""

    _inherit = "product.product"

    rental_variant_price_day = fields.Monetary(
        string="Variant's Rental Price per Day",
        help="For one piece of the variant, without tax; 0 for the price of its product.",
        **NO_SUM,
    )
    rental_variant_price_week = fields.Monetary(
        string="Variant's Rental Price per Week",
        help="For one piece of the variant, without tax; 0 for the price of its product.",
        **NO_SUM,
    )
    rental_variant_price_month = fields.Monetary(
        string="Variant's Rental Price per Month",
        help="For one piece of the variant, without tax; 0 for the price of its product.",
        **NO_SUM,
    )

    @api.constrains(*VARIANT_PRICES)
    def _check_rental_variant_price(self):
        check_prices(self, VARIANT_PRICES)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_a_rental(self):
        # Of all companies, whichever the user sees.
        line = (
            self.env["rental.order.line"].sudo().search([("product_id", "in", self.ids)], limit=1)
        )
        if line:
            raise UserError(
                _(
                    "%(product)s is in the lines of %(rental)s, whose history stays. Archive it"
                    " instead.",
                    product=line.product_id.display_name,
                    rental=line.order_id.name,
                )
            )

    def _rental_prices(self, currency, company):
        """Return ``{period: price}`` of one piece in a currency, at today's rate.

        The variant's price of a period where it has one, else that of its product. None at all
        where the currency of the product has no rate.
        """
        self.ensure_one()
        if self._lacks_rate(currency, company):
            return {}
        today = self.env["event.store"]._business_today(company.id)
        prices = {
            period: self[f"rental_variant_price_{period}"] or self[f"rental_price_{period}"]
            for period in pricing.PERIODS
        }
        return {
            period: self.currency_id._convert(price, currency, company, today)
            for period, price in prices.items()
            if price > 0
        }

    def _lacks_rate(self, currency, company):
        """Return whether nothing says what the product's currency is worth in another one.

        Odoo takes 1 for a rate that is missing, which would make a price of yen one of euros.
        """
        known = self.currency_id
        if known == currency:
            return False
        return not self.env["res.currency.rate"].search_count(
            [
                ("currency_id", "in", (known + currency).ids),
                ("company_id", "in", [False, company.root_id.id]),
                ("name", "<=", self.env["event.store"]._business_today(company.id)),
            ],
            limit=1,
        )

    def _rental_proposal(self, start, end, currency, company):
        """Return what one piece costs over a period, as a line of a rental says it, or None.

        Where one kind of period is cheapest, it is the price of that; else of the whole rental.
        Without the days it is the price of the longest period that has one.

        :return: ``(price, price period, parts, amount)``: the parts as those of
            ``pricing.Price``, the amount for all days; None where the product has no price
        """
        prices = self._rental_prices(currency, company)
        if not prices:
            return None
        if not start or not end or end < start:
            period = next(period for period in pricing.PERIODS if period in prices)
            return prices[period], period, (), prices[period]
        best = pricing.best_price(start, end, prices)
        amount = currency.round(float(best.amount))
        if len(best.parts) > 1:
            return amount, "rental", best.parts, amount
        period = best.parts[0][0]
        return prices[period], period, best.parts, amount
