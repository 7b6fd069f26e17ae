from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation

from .. import charges
from ..pricing import as_day

LATE = ("late_from", "late_until", "amount")  # what the state keeps of a late fee


class RentalSnapshotHandler(models.AbstractModel):
    """What was invoiced, credited, charged beside, and is held as a deposit.

    Invoices, damages and late fees are kept by running numbers, which people call them by.
    """

    _inherit = "rental.snapshot.handler"

    # ------------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------------

    def _on_RentalInvoiced(self, state, event, given):
        invoices = state.get("invoices", {})
        period = {key: given[key] for key in ("period_start", "period_end") if key in given}
        if period:
            self._check_invoiced_days(period, invoices, given)
        invoice = {"amount": given["amount"], "version": event.version, **period}
        after = self._with_invoice(state, invoice)
        return {
            **{key: after[key] for key in ("invoices", "invoiced_lines") if key in after},
            **self._charged(state, "invoiced_amount", given["amount"]),
        }

    @api.model
    def _check_invoiced_days(self, period, invoices, given):
        """Refuse a period that is none, or that an invoice which stands covers already."""
        if len(period) < 2:
            message = _("A period needs its first and its last day; enter both, or neither.")
            raise RuleViolation(message, "period_incomplete")
        start, end = period["period_start"], period["period_end"]
        if end < start:
            raise RuleViolation(_("The end is before the start."), "dates_out_of_order")
        standing = {n: i for n, i in invoices.items() if charges.stands(i)}
        number = self._overlapping(standing, "period_start", "period_end", start, end)
        if number is None:
            return
        if not given.get("again"):
            message = _(
                "Invoice %(number)s is for %(start)s to %(end)s already; choose another period, or"
                " invoice it again and say why.",
                number=number,
                start=invoices[number]["period_start"],
                end=invoices[number]["period_end"],
            )
            raise RuleViolation(message, "period_invoiced")
        self._check_said("RentalInvoiced", "reason", given)

    @api.model
    def _with_invoice(self, state, invoice):
        """Return a state with an invoice, and what its lines come to if it is for days.

        :param dict invoice: ``amount``, and ``period_start`` and ``period_end`` or neither
        """
        after = {**state, "invoices": self._numbered(state.get("invoices", {}), invoice)}
        notes = self._noted_lines(state, invoice) if "period_end" in invoice else {}
        if notes:
            known, number = state.get("invoiced_lines", {}), str(len(after["invoices"]))
            after["invoiced_lines"] = {**known, number: notes}
        return after

    @api.model
    def _noted_lines(self, state, invoice):
        """Return what the lines come to for days that are invoiced; see ``charges``."""
        days = (state.get("planned_start"), invoice["period_start"], invoice["period_end"])
        days, known = [day and as_day(day) for day in days], charges.noted_invoices(state)
        found = {
            line_id: charges.as_noted(charges.charge(line_id, line, *days, known))
            for line_id, line in state.get("lines", {}).items()
        }
        return {line_id: note for line_id, note in found.items() if note}

    def _on_InvoiceCorrected(self, state, event, given):
        number, amount = str(given["invoice"]), given["amount"]
        invoices = state.get("invoices", {})
        if number not in invoices:
            message = _(
                "The rental has no invoice %(number)s; it has %(count)s.",
                number=number,
                count=len(invoices),
            )
            raise RuleViolation(message, "no_such_invoice")
        self._check_said(event.event_type, "reason", given)
        self._check_positive(amount)
        invoice = invoices[number]
        credited = self._sum(invoice.get("credited", 0), amount)
        if credited > invoice["amount"]:
            message = _(
                "Of invoice %(number)s, %(rest)s can still be credited; enter at most that.",
                number=number,
                rest=self._sum(invoice["amount"], -invoice.get("credited", 0)),
            )
            raise RuleViolation(message, "credit_too_large")
        owed = self._sum(state.get("owed_amount", 0), -amount)
        return {
            "invoices": {**invoices, number: {**invoice, "credited": credited}},
            "credited_amount": self._sum(state.get("credited_amount", 0), amount),
            "owed_amount": owed,
        }

    # ------------------------------------------------------------------
    # Deposit
    # ------------------------------------------------------------------

    def _on_DepositTaken(self, state, event, given):
        self._check_positive(given["amount"])
        return {"deposit_held": self._sum(state.get("deposit_held", 0), given["amount"])}

    def _on_DepositReturned(self, state, event, given):
        self._check_positive(given["amount"])
        held = state.get("deposit_held", 0)
        if given["amount"] > held:
            message = _(
                "The deposit that is held is %(held)s; return at most that.",
                held=held,
            )
            raise RuleViolation(message, "deposit_too_large")
        return {"deposit_held": self._sum(held, -given["amount"])}

    # ------------------------------------------------------------------
    # Late fees and damages
    # ------------------------------------------------------------------

    def _on_LateFeeCharged(self, state, event, given):
        self._check_positive(given["amount"])
        fees = state.get("late_fees", {})
        self._check_late_days(state, event, given["late_from"], given["late_until"])
        start, end = given["late_from"], given["late_until"]
        number = self._overlapping(fees, "late_from", "late_until", start, end)
        if number is not None:
            message = _(
                "A late fee for %(start)s to %(end)s is charged already; choose other days.",
                start=fees[number]["late_from"],
                end=fees[number]["late_until"],
            )
            raise RuleViolation(message, "late_fee_charged")
        return {
            "late_fees": self._numbered(fees, {key: given[key] for key in LATE}),
            **self._charged(state, "late_fee_amount", given["amount"]),
        }

    @api.model
    def _check_late_days(self, state, event, start, end):
        """Refuse days on which the equipment was not late, or not yet."""
        if end < start:
            raise RuleViolation(_("The end is before the start."), "dates_out_of_order")
        planned = state.get("planned_end")
        if planned and start <= planned:
            message = _(
                "The rental is planned until %(end)s; a late fee is for days after that.",
                end=planned,
            )
            raise RuleViolation(message, "not_late")
        last = str(event.business_date)
        if state.get("status") == "returned":
            last = min(last, state.get("returned_on") or last)
        if end > last:
            message = _(
                "A late fee can be charged for days until %(last)s, not for later ones.", last=last
            )
            raise RuleViolation(message, "not_late_yet")

    def _on_DamageReported(self, state, event, given):
        changes = super()._on_DamageReported(state, event, given)
        damage = {
            "description": given["description"],
            "chargeable": given.get("repair_cost", 0) if given.get("charged") else 0,
        }
        return {**changes, "damages": self._numbered(state.get("damages", {}), damage)}

    def _on_DamageCharged(self, state, event, given):
        number, amount = str(given["damage"]), given["amount"]
        damages = state.get("damages", {})
        if number not in damages:
            message = _(
                "The rental has no damage %(number)s; %(count)s were reported.",
                number=number,
                count=len(damages),
            )
            raise RuleViolation(message, "no_such_damage")
        self._check_positive(amount)
        damage = damages[number]
        billed = self._sum(damage.get("billed", 0), amount)
        if billed > damage["chargeable"] and not given.get("reason", "").strip():
            message = _(
                "Of damage %(number)s, the customer was to pay %(cost)s, of which %(billed)s is"
                " charged; to charge more, say why.",
                number=number,
                cost=damage["chargeable"],
                billed=damage.get("billed", 0),
            )
            raise RuleViolation(message, "damage_too_large")
        return {
            "damages": {**damages, number: {**damage, "billed": billed}},
            **self._charged(state, "damage_billed", amount),
        }

    # ------------------------------------------------------------------
    # What they share
    # ------------------------------------------------------------------

    @api.model
    def _numbered(self, known, entry):
        """Return ``{number: entry}`` with one entry more."""
        return {**known, str(len(known) + 1): entry}

    @api.model
    def _charged(self, state, key, amount):
        """Return what changes when the customer owes an amount more."""
        return {name: self._sum(state.get(name, 0), amount) for name in (key, "owed_amount")}

    @api.model
    def _overlapping(self, entries, first, last, start, end):
        """Return the number of an entry with days of a period, None where there is none."""
        for number, entry in entries.items():
            if first in entry and entry[first] <= end and start <= entry[last]:
                return number
        return None

    @api.model
    def _check_positive(self, amount):
        if not amount:
            message = _("The amount cannot be zero; enter one above 0.")
            raise RuleViolation(message, "amount_zero")
