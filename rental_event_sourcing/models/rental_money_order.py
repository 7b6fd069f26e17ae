from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from .. import charges, pricing
from ..charges import DAY
from ..pricing import as_day


class RentalOrder(models.Model):
    """What a dialog about a rental's money proposes: nothing that a rule would refuse."""

    _inherit = "rental.order"

    credit_possible = fields.Boolean(compute="_compute_money_possible")
    late_fee_possible = fields.Boolean(compute="_compute_money_possible")
    damage_possible = fields.Boolean(compute="_compute_money_possible")

    @api.depends("snapshot_id", "status")
    def _compute_money_possible(self):
        for order in self:
            # As stored, also where no handler folds it at present; the dialog asks the rules.
            state = order.snapshot_id.sudo().state or {}
            order.credit_possible = bool(order._creditable(state))
            order.damage_possible = bool(state.get("damages"))
            order.late_fee_possible = bool(order._late_days(state))

    def _folded_states(self):
        """Return ``{rental: its state}`` by today's rules, of those that are saved."""
        keys = {order: key for order, key in self._stream_keys().items() if key[1]}
        handler = self.env["event.store"].sudo()._find_handler(self._aggregate_model)
        states = handler._load_states(self._aggregate_model, list(keys.values()))
        return {order: states[key] for order, key in keys.items()}

    def action_correct_invoice(self):
        return self.action_record_event("InvoiceCorrected")

    def action_take_deposit(self):
        return self.action_record_event("DepositTaken")

    def action_return_deposit(self):
        return self.action_record_event("DepositReturned")

    def action_charge_late_fee(self):
        return self.action_record_event("LateFeeCharged")

    def action_charge_damage(self):
        return self.action_record_event("DamageCharged")

    def _money_proposal(self, event_type):
        """Return what the dialog proposes for an event about one rental, by the wizard's fields.

        :param str event_type: one of the handler's
        """
        self.ensure_one()
        state = self._folded_states()[self]
        match event_type:
            case "RentalInvoiced":
                start, end = self._next_period(state)
                return {
                    "period_start": start,
                    "period_end": end,
                    "amount": self._period_amount(start, end, state),
                }
            case "InvoiceCorrected":
                open_ones = self._creditable(state)
                return (
                    {"invoice_number": max(open_ones), "amount": open_ones[max(open_ones)]}
                    if open_ones
                    else {}
                )
            case "DepositReturned":
                return {"amount": state.get("deposit_held", 0)}
            case "LateFeeCharged":
                days = self._late_days(state)
                if not days:
                    return {}
                amount = self.snapshot_id.sudo()._late_fee(*days)
                return {"late_from": days[0], "late_until": days[1], "amount": amount}
            case "DamageCharged":
                return self._next_damage(state)
        return {}

    def _period_amount(self, start, end, state=None):
        """Return what the lines of a rental cost for a period, in its currency."""
        snapshot = self.snapshot_id.sudo()
        lines = snapshot._invoice_lines(start or None, end or None, state=state)
        return self.currency_id.round(sum(line["amount"] for line in lines))

    def _next_period(self, state):
        """Return the first and last day of the month that is to be invoiced next.

        The month after it, too, where nothing is to be paid for the rest of one. Where all is
        invoiced, that is the last period again, and the dialog asks why.
        """
        if not self.planned_start or not self.planned_end:
            return False, False
        first = None
        for start, last in self._open_days(state):
            end = min(self._end_of_month(start), last)
            if end < last and not self._period_amount(start, end, state):
                end = min(self._end_of_month(end + DAY), last)
            if self._period_amount(start, end, state):
                return start, end
            first = first or (start, end)
        return self._last_period(state) or first

    def _open_days(self, state):
        """Yield ``(first, last)`` of the planned days that are not invoiced, in their order."""
        taken = [days for *days, _invoice in charges.standing(state.get("invoices", {}))]
        return charges.uncovered(self.planned_start, self.planned_end, taken)

    def _end_of_month(self, day):
        """Return the last day of the rental's month that a day is in, its planned end at most."""
        first = min(self.planned_start, day)
        months = relativedelta(months=pricing.periods("month", first, day))
        return min(first + months - DAY, self.planned_end)

    @api.model
    def _last_period(self, state):
        """Return the days of the last period that is invoiced, None without any."""
        periods = charges.standing(state.get("invoices", {}))
        return max(periods, key=lambda each: each[1::-1])[:2] if periods else None

    @api.model
    def _creditable(self, state):
        """Return ``{number: what can still be credited}`` of the invoices."""
        handler = self.env["rental.snapshot.handler"]
        found = {}
        for number, invoice in state.get("invoices", {}).items():
            credited = invoice.get("credited", 0)
            if credited < invoice["amount"]:
                found[int(number)] = handler._sum(invoice["amount"], -credited)
        return found

    def _late_days(self, state):
        """Return the first and last day of what is late and not charged yet, None without any."""
        return next(self._open_late_days(state), None)

    def _open_late_days(self, state):
        """Yield ``(first, last)`` of the late days that are not charged, in their order."""
        if self.status not in ("active", "returned") or not self.planned_end:
            return
        store = self.env["event.store"]
        last = store._business_today(self.company_id.id, fields.Datetime.now())
        if self.status == "returned" and self.returned_on:
            last = min(last, self.returned_on)
        if self.planned_end < last:
            charged = [
                (as_day(fee["late_from"]), as_day(fee["late_until"]))
                for fee in state.get("late_fees", {}).values()
            ]
            yield from charges.uncovered(self.planned_end + DAY, last, charged)

    @api.model
    def _next_damage(self, state):
        """Return the first damage of which the customer still has to pay something."""
        return next(self._open_damages(state), {})

    @api.model
    def _open_damages(self, state):
        """Yield the damages of which the customer still has to pay something, and how much."""
        handler = self.env["rental.snapshot.handler"]
        for number, damage in state.get("damages", {}).items():
            billed = damage.get("billed", 0)
            if billed < damage["chargeable"]:
                rest = handler._sum(damage["chargeable"], -billed)
                yield {"damage_number": int(number), "amount": rest}
