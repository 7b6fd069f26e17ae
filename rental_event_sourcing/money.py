"""The events of a rental's money, as its handler declares them."""

from odoo.addons.event_sourcing.transitions import PayloadField, Transition

EVER_CONFIRMED = ("confirmed", "active", "returned", "closed", "cancelled")
TRANSITIONS = {
    # Also when all is over: an invoice may turn out to be wrong, a deposit is still to go back.
    "InvoiceCorrected": Transition(EVER_CONFIRMED),
    "DepositTaken": Transition(("draft", "demo", "confirmed", "active")),
    "DepositReturned": Transition(("draft", "demo", *EVER_CONFIRMED)),
    "LateFeeCharged": Transition(("active", "returned")),
    "DamageCharged": Transition(("active", "returned")),
}
AMOUNT = PayloadField("number", required=True, minimum=0)
# Charges of one customer that say the same are collected in one draft invoice.
COLLECTED = {"collected_as": PayloadField("text")}
INVOICED = {
    "amount": AMOUNT,
    "period_start": PayloadField("date"),
    "period_end": PayloadField("date"),
    "again": PayloadField("boolean"),
    "reason": PayloadField("text"),
    **COLLECTED,
}
FIELDS = {
    "InvoiceCorrected": {
        "invoice": PayloadField("integer", required=True, minimum=1),
        "amount": AMOUNT,
        "reason": PayloadField("text", required=True),
    },
    "DepositTaken": {"amount": AMOUNT},
    "DepositReturned": {"amount": AMOUNT, "reason": PayloadField("text")},
    "LateFeeCharged": {
        "late_from": PayloadField("date", required=True),
        "late_until": PayloadField("date", required=True),
        "amount": AMOUNT,
        **COLLECTED,
    },
    "DamageCharged": {
        "damage": PayloadField("integer", required=True, minimum=1),
        "amount": AMOUNT,
        "reason": PayloadField("text"),
        **COLLECTED,
    },
}
ICONS = {
    "InvoiceCorrected": "fa-minus-square-o",
    "DepositTaken": "fa-lock",
    "DepositReturned": "fa-unlock",
    "LateFeeCharged": "fa-clock-o",
    "DamageCharged": "fa-gavel",
}
EXAMPLES = {
    "InvoiceCorrected": {"invoice": 1, "amount": 8000, "reason": "Came back a week early"},
    "DepositTaken": {"amount": 20000},
    "DepositReturned": {"amount": 20000},
    "LateFeeCharged": {"late_from": "2026-02-01", "late_until": "2026-02-03", "amount": 9000},
    "DamageCharged": {"damage": 1, "amount": 12000},
}
# Which button records an event; each asks first.
BUTTONS = {
    "InvoiceCorrected": "action_correct_invoice",
    "DepositTaken": "action_take_deposit",
    "DepositReturned": "action_return_deposit",
    "LateFeeCharged": "action_charge_late_fee",
    "DamageCharged": "action_charge_damage",
}
