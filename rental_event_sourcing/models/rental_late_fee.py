from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.event_sourcing_base.fields import NO_SUM


def check_rates(records):
    """Refuse a late fee below 0, of companies or of products."""
    if any(record.rental_late_fee < 0 for record in records):
        raise ValidationError(_("A late fee cannot be below 0; enter 0 or more."))


class ResCompany(models.Model):
    """What a day costs by which equipment comes back late."""

    _inherit = "res.company"

    rental_late_fee = fields.Monetary(
        string="Late Fee per Day",
        help="For one piece and day after the planned end, where its product has no rate of"
        " its own.",
        **NO_SUM,
    )

    @api.constrains("rental_late_fee")
    def _check_rental_late_fee(self):
        check_rates(self)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rental_late_fee = fields.Monetary(
        related="company_id.rental_late_fee",
        readonly=False,
        currency_field="rental_fee_currency_id",
    )
    rental_fee_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of Late Fees"
    )


class ProductTemplate(models.Model):
    _inherit = "product.template"

    rental_late_fee = fields.Monetary(
        string="Late Fee per Day",
        help="For one piece and day after the planned end; 0 for the rate of the settings.",
        **NO_SUM,
    )

    @api.constrains("rental_late_fee")
    def _check_rental_late_fee(self):
        check_rates(self)


class RentalSnapshot(models.Model):
    _inherit = "rental.snapshot"

    def _late_fee(self, start, end):
        """Return what the days from ``start`` to ``end`` cost, by the rates of today."""
        lines = self._late_lines(start, end)
        return self.currency_id.round(sum(line["amount"] for line in lines))

    def _late_lines(self, start, end):
        """Return what late days are made of, as ``_invoice_lines`` does of others."""
        self.ensure_one()
        company, found = self.company_id, []
        for product, days in self._late_pieces(start, end) if start <= end else ():
            rate = company.rental_late_fee
            if product.rental_late_fee and not product._lacks_rate(self.currency_id, company):
                rate = product.currency_id._convert(
                    product.rental_late_fee, self.currency_id, company, start
                )
            found.append({"product": product, "quantity": 1, "amount": rate * days})
        return found
