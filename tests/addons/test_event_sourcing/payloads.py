"""Payload fields that hold others, as tests declare them."""

from odoo.addons.event_sourcing.transitions import PayloadField

PARTNERS = PayloadField("list", items=PayloadField("integer", model="res.partner"))
LINE = PayloadField(
    "object",
    fields={
        "product_id": PayloadField("integer", required=True),
        "quantity": PayloadField("integer", minimum=1),
        "partner_ids": PARTNERS,
    },
)
LINES = {
    "lines": PayloadField("object", items=LINE, minimum=1, required=True),
    "days": PayloadField("list", items=PayloadField("date"), minimum=2),
    "where": PayloadField("object", fields={"city": PayloadField(required=True)}),
}
