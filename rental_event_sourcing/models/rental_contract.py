from odoo import _, models

from odoo.addons.event_sourcing.exceptions import RuleViolation

# What changes the terms: what was agreed before was something else.
TERMS = (
    *("PlanChanged", "PriceChanged", "RentalExtended", "RentalShortened"),
    "ProductExchanged",
)
AGREEMENT = ("agreed_by", "agreed_at")


class RentalSnapshotHandler(models.AbstractModel):
    """The customer's word: to a contract as it stands, and on when things come back."""

    _inherit = "rental.snapshot.handler"

    def _evolve(self, state, event):
        after = super()._evolve(state, event)
        if event.event_type in TERMS:
            return {key: value for key, value in after.items() if key not in AGREEMENT}
        return after

    def _on_ContractAgreed(self, state, event, given):
        self._check_said("ContractAgreed", "agreed_by", given)
        return {"agreed_by": given["agreed_by"].strip(), "agreed_at": str(event.timestamp)}

    def _on_ReturnReminded(self, state, event, given):
        if given["reminded_for"] == state.get("reminded_for"):
            raise RuleViolation(_("The customer was reminded already."), "reminded_already")
        return given
