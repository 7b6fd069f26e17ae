from datetime import timedelta

from odoo import fields, models

from .. import pricing
from ..lines import ordered, out_quantity

DAY = timedelta(days=1)

OWED = "Invoices, late fees and damages, less what was credited; payments are not known here."


class RentalSnapshot(models.Model):
    """What a rental comes to in money, in the currency of its company."""

    _inherit = "rental.snapshot"

    credited_amount = fields.Monetary(string="Credited", readonly=True)
    late_fee_amount = fields.Monetary(string="Late Fees", readonly=True)
    damage_billed = fields.Monetary(
        string="Damages Billed", readonly=True, help="What of it was charged by an event."
    )
    owed_amount = fields.Monetary(string="Owed", readonly=True, help=OWED)
    deposit_held = fields.Monetary(readonly=True)

    def _invoice_lines(self, start=None, end=None):
        """Return what an invoice of a rental is made of.

        :param date start: first day of the period; the planned one if left out
        :param date end: last day; the planned one if left out
        :return: list of ``{"product": record, "quantity": pieces, "amount": in the company's
            currency}``; one of no amount where nothing is planned
        """
        first, last = start or self.planned_start, end or self.planned_end
        found = []
        for line in self._planned_lines():
            pieces = line.get("quantity") or 1
            times = self._periods(line.get("price_period"), first, last)
            amount = self.currency_id.round((line.get("price") or 0) * pieces * times)
            product = self._product_of_line(line)
            found.append({"product": product, "quantity": pieces, "amount": amount})
        return found or [{"product": self.product_id, "quantity": 1, "amount": 0}]

    def _late_pieces(self):
        """Return ``[(product, how many pieces are charged for a late day)]``, line by line."""
        found = []
        for line in self._planned_lines():
            pieces = out_quantity(line) or line["delivered"] or line.get("quantity") or 1
            found.append((self._product_of_line(line), pieces))
        return found or [(self.product_id, 1)]

    def _planned_lines(self):
        """Return the lines of a rental as its state has them, in their order."""
        self.ensure_one()
        key = (self.company_id.id, self.aggregate_id)
        handler = self.env["rental.snapshot.handler"]
        lines = handler._load_states(self.model_name, [key])[key].get("lines", {})
        return [lines[line_id] for line_id in ordered(lines)]

    def _product_of_line(self, line):
        products, former = self.env["product.product"], line.get("former_product_id")
        if former:
            return products.browse(self.env["rental.former.product"]._product_of(former))
        return products.browse(line.get("product_id")).exists()

    def _periods(self, period, start, end):
        """Return how often a price is charged for some days: for each period that begins in them.

        Periods are the rental's, from its planned start on, so that invoices of parts add up to
        the price of the whole; a price for the whole of it is charged with its first day.
        """
        first = self.planned_start
        if period == "rental":
            return int(not start or not first or start <= first)
        if start and end and end < start:  # as a dialog may have it, before it is refused
            return int(period not in pricing.DAYS)
        if first and start and end and start > first:
            before = pricing.periods(period or "month", first, start - DAY)
            return pricing.periods(period or "month", first, end) - before
        return pricing.periods(period or "month", start, end) or 1  # 1 where a day is not known


class RentalOrder(models.Model):
    _inherit = "rental.order"

    credited_amount = fields.Monetary(related="snapshot_id.credited_amount")
    late_fee_amount = fields.Monetary(related="snapshot_id.late_fee_amount")
    damage_billed = fields.Monetary(related="snapshot_id.damage_billed")
    owed_amount = fields.Monetary(related="snapshot_id.owed_amount")
    deposit_held = fields.Monetary(related="snapshot_id.deposit_held")
