from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

from .rental_money_columns import DAY

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
        if self.status in INVOICED_IN:
            period = self._due_period(state)
            if period:
                start, end = period
                amount = self._period_amount(start, end)
                yield "RentalInvoiced", {"start": start, "end": end, "amount": amount}
        if self.status not in CHARGED_IN:
            return
        days = self._late_days(state)
        if days:
            amount = self.snapshot_id.sudo()._late_fee(*days)
            yield "LateFeeCharged", {"start": days[0], "end": days[1], "amount": amount}
        for damage in self._open_damages(state):
            yield "DamageCharged", damage

    def _due_period(self, state):
        """Return the days that are due, as one period; None where no day is.

        Months that have begun are due in full; of what is back, all that was planned. Without
        days, all is due once.
        """
        first, last = self.planned_start, self.planned_end
        if not first or not last:
            return None if state.get("invoices") else (False, False)
        if invoiced := self._last_period(state):
            first = invoiced[1] + DAY
        if first > last:
            return None
        if self.status == "returned":
            return first, last
        store = self.env["event.store"]
        today = store._business_today(self.company_id.id, fields.Datetime.now())
        if first > today:
            return None
        return first, self._end_of_month(max(first, min(today, last)))

    def _collection_key(self):
        """Return what charges are collected as that are recorded now: nothing else says that."""
        self.ensure_one()
        return f"{self.name}/{self.event_count + 1}"
