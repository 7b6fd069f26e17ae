from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

INVOICED_IN = ("confirmed", "active", "returned")
CHARGED_IN = ("active", "returned")


class RentalOrder(models.Model):
    """What customers are to be charged by now, collected for one invoice of each."""

    _inherit = "rental.order"

    def action_collect(self):
        """Open the dialog that charges all that is due by now, or say that nothing is.

        :raise UserError: without a rental
        """
        check_access(self, "write")
        if not self:
            raise UserError(_("Select at least one rental first."))
        lines = self._dues()
        if not lines:
            message = _("Every period that has begun, late day and damage is charged.")
            return self._notification(_("Nothing is due"), message)
        wizard = self.env["rental.collect.wizard"].create(
            {"line_ids": [(0, 0, line) for line in lines]}
        )
        return {
            "type": "ir.actions.act_window",
            "name": _("Invoice what is due"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _dues(self):
        """Return what can be charged by now and is not, as values of the dialog's lines."""
        found = []
        for order, state in self._folded_states().items():
            for event_type, due in order._dues_of(state):
                if due["amount"]:
                    found.append({"order_id": order.id, "event_type": event_type, **due})
        return found

    def _dues_of(self, state):
        """Yield ``(event type, values)`` of what one rental owes and was not charged."""
        handler = self.env["rental.snapshot.handler"]
        if self.status in INVOICED_IN:
            after = state  # each as if those before it were charged
            for start, end in self._due_periods(state):
                amount = self._period_amount(start, end, after)
                yield "RentalInvoiced", {"start": start, "end": end, "amount": amount}
                if start:
                    days = {"period_start": str(start), "period_end": str(end)}
                    after = handler._with_invoice(after, {"amount": amount, **days})
        if self.status not in CHARGED_IN:
            return
        for start, end in self._open_late_days(state):
            amount = self.snapshot_id.sudo()._late_fee(start, end)
            yield "LateFeeCharged", {"start": start, "end": end, "amount": amount}
        for damage in self._open_damages(state):
            yield "DamageCharged", damage

    def _due_periods(self, state):
        """Yield the first and last day of each stretch that is due, as one period.

        Months that have begun are due in full; of what is back, all that was planned. Without
        days, all is due once.
        """
        if not self.planned_start or not self.planned_end:
            if not state.get("invoices"):
                yield False, False
            return
        store = self.env["event.store"]
        today = store._business_today(self.company_id.id, fields.Datetime.now())
        for start, last in self._open_days(state):
            if self.status == "returned":
                yield start, last
            elif start <= today:
                yield start, min(self._end_of_month(max(start, min(today, last))), last)

    def _collection_key(self):
        """Return what charges are collected as that are recorded now: nothing else says that."""
        self.ensure_one()
        return f"{self.name}/{self.event_count + 1}"
