from odoo import fields, models

from .. import charges
from ..line_days import piece_days
from ..lines import ordered

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

    def _invoice_lines(self, start=None, end=None, number=None, state=None):
        """Return what an invoice of a rental is made of.

        :param date start: first day of the period; the planned one if left out
        :param date end: last day; the planned one if left out
        :param int number: of the invoice, where it is recorded: its lines come to what they did
        :param dict state: of the rental, where another one than that of now is meant
        :return: list of ``{"product": record, "quantity": pieces, "amount": in the company's
            currency}``; one of no amount where nothing is planned
        """
        state = self._folded_state() if state is None else state
        days = self.planned_start, start or self.planned_start, end or self.planned_end
        invoices, found = charges.noted_invoices(state), []
        noted = invoices.get(str(number), {}).get("lines", {})
        for line_id, line in self._lines_in_order(state):
            charge = noted.get(line_id) or charges.charge(line_id, line, *days, invoices)
            found.append(
                {
                    "product": self._product_of_line(line),
                    "quantity": charge["quantity"],
                    "amount": self.currency_id.round(float(charge["amount"])),
                }
            )
        return found or [{"product": self.product_id, "quantity": 1, "amount": 0}]

    def _late_pieces(self, start, end):
        """Return ``[(product, days that its pieces were out)]`` of late days, line by line.

        Each piece counts by itself, from delivery to return: what was back by then is not late.
        """
        state = self._folded_state()
        movements, lines = state.get("movements", {}), self._lines_in_order(state)
        found = [
            (self._product_of_line(line), piece_days(movements, line_id, start, end))
            for line_id, line in lines
        ]
        return found or [(self.product_id, (end - start).days + 1)]

    def _folded_state(self):
        """Return the state of one rental by the rules of today."""
        self.ensure_one()
        key = (self.company_id.id, self.aggregate_id)
        return self.env["rental.snapshot.handler"]._load_states(self.model_name, [key])[key]

    def _lines_in_order(self, state):
        lines = state.get("lines", {})
        return [(line_id, lines[line_id]) for line_id in ordered(lines)]

    def _product_of_line(self, line):
        products, former = self.env["product.product"], line.get("former_product_id")
        if former:
            return products.browse(self.env["rental.former.product"]._product_of(former))
        return products.browse(line.get("product_id")).exists()


class RentalOrder(models.Model):
    _inherit = "rental.order"

    credited_amount = fields.Monetary(related="snapshot_id.credited_amount")
    late_fee_amount = fields.Monetary(related="snapshot_id.late_fee_amount")
    damage_billed = fields.Monetary(related="snapshot_id.damage_billed")
    owed_amount = fields.Monetary(related="snapshot_id.owed_amount")
    deposit_held = fields.Monetary(related="snapshot_id.deposit_held")
