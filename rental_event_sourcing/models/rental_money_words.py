from odoo import _, api, models


class RentalSnapshotHandler(models.AbstractModel):
    """What people call the events, values and rules of a rental's money."""

    _inherit = "rental.snapshot.handler"

    def _event_labels(self):
        return {
            **super()._event_labels(),
            "InvoiceCorrected": _("Invoice corrected"),
            "DepositTaken": _("Deposit taken"),
            "DepositReturned": _("Deposit returned"),
            "LateFeeCharged": _("Late fee charged"),
            "DamageCharged": _("Damage charged"),
        }

    def _event_help(self):
        return {
            **super()._event_help(),
            "InvoiceCorrected": _("Of an earlier invoice, an amount was credited."),
            "DepositTaken": _("The customer left a deposit, which is held until it goes back."),
            "DepositReturned": _("The deposit, or a part of it, went back to the customer."),
            "LateFeeCharged": _("The customer pays for days after the planned end."),
            "DamageCharged": _("The customer pays for a damage that was reported."),
        }

    def _payload_labels(self):
        return {
            **super()._payload_labels(),
            "period_start": _("Period from"),
            "period_end": _("Period until"),
            "again": _("Invoice again"),
            "invoice": _("Invoice no."),
            "damage": _("Damage no."),
            "late_from": _("Late from"),
            "late_until": _("Late until"),
            "invoices": _("Invoices"),
            "invoiced_lines": _("Invoices by line"),
            "damages": _("Reported damages"),
            "late_fees": _("Days of late fees"),
            "credited": _("Credited"),
            "credited_amount": _("Credited amount"),
            "deposit_held": _("Deposit held"),
            "late_fee_amount": _("Late fees"),
            "damage_billed": _("Damages billed"),
            "chargeable": _("Customer pays"),
            "billed": _("Billed"),
            "version": _("Version"),
            "owed_amount": _("Owed"),
            "collected_as": _("Collected as"),
        }

    def _payload_help(self):
        return {
            **super()._payload_help(),
            "period_start": _("First day for which it is invoiced."),
            "period_end": _("Last day for which it is invoiced."),
            "again": _("Whether the period is invoiced although an invoice covers it; say why."),
            "invoice": _("Which invoice of the rental: 1 is the first."),
            "damage": _("Which damage of the rental: 1 is the first that was reported."),
            "late_from": _("First day that is charged, after the planned end."),
            "late_until": _("Last day that is charged."),
            "collected_as": _("Charges of a customer that say the same share a draft invoice."),
        }

    def _refusal_of(self, event_type, rental):
        match event_type:
            case "InvoiceCorrected":
                return _("%(rental)s has no invoice to correct.", rental=rental)
            case "DepositTaken":
                return _("No deposit can be taken for %(rental)s.", rental=rental)
            case "DepositReturned":
                return _("No deposit can be returned for %(rental)s.", rental=rental)
            case "LateFeeCharged":
                return _("No late fee can be charged for %(rental)s.", rental=rental)
            case "DamageCharged":
                return _("No damage can be charged for %(rental)s.", rental=rental)
        return super()._refusal_of(event_type, rental)

    def _rule_labels(self):
        return {
            **super()._rule_labels(),
            "period_incomplete": _("A period needs its first and its last day."),
            "period_invoiced": _("A period is invoiced once."),
            "no_such_invoice": _("Only an invoice of the rental can be corrected."),
            "credit_too_large": _("No more can be credited than was invoiced."),
            "deposit_too_large": _("No more of a deposit goes back than is held."),
            "not_late": _("A late fee is for days after the planned end."),
            "not_late_yet": _("A late fee is for days that have passed."),
            "late_fee_charged": _("A day is charged as late once."),
            "no_such_damage": _("Only a damage that was reported can be charged."),
            "damage_too_large": _("More than was reported is charged with a reason alone."),
            "amount_zero": _("An amount must be above 0."),
        }


class RentalOrderWords(models.AbstractModel):
    _inherit = "rental.order.words"

    @api.model
    def _action_label(self, event_type):
        labels = {
            "InvoiceCorrected": _("Correct invoice"),
            "DepositTaken": _("Take deposit"),
            "DepositReturned": _("Return deposit"),
            "LateFeeCharged": _("Charge late fee"),
            "DamageCharged": _("Charge damage"),
        }
        return labels.get(event_type) or super()._action_label(event_type)

    @api.model
    def _done_words(self, rentals):
        return {
            **super()._done_words(rentals),
            "InvoiceCorrected": _("Invoice of %(rentals)s corrected", rentals=rentals),
            "DepositTaken": _("Deposit of %(rentals)s taken", rentals=rentals),
            "DepositReturned": _("Deposit of %(rentals)s returned", rentals=rentals),
            "LateFeeCharged": _("Late fee of %(rentals)s charged", rentals=rentals),
            "DamageCharged": _("Damage of %(rentals)s charged", rentals=rentals),
        }
