"""What events of a rental say of its lines, as fields of a payload."""

from odoo.addons.event_sourcing.transitions import PayloadField

UNITS = PayloadField("list", items=PayloadField("text"))
LINE = {
    "product_id": PayloadField("integer", minimum=1, model="product.product"),
    "quantity": PayloadField("integer", minimum=1),
    "price": PayloadField("number", minimum=0),
    "price_period": PayloadField("text"),
    "price_typed": PayloadField("boolean"),
    "unit_ids": UNITS,
}
# What is noted of a line when it goes out or comes back.
NOTES = {"condition": PayloadField("text"), "missing": PayloadField("text")}
LINES = PayloadField("object", items=PayloadField("object", fields=LINE))


def some_of_lines(*keys):
    """Return the field of lines of which an event says these keys; at least one line."""
    known = {**LINE, **NOTES}
    fields = {key: known[key] for key in keys}
    return PayloadField("object", minimum=1, items=PayloadField("object", fields=fields))
