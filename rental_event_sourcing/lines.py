"""The lines of a rental: what is rented of which product, and how much of it is out.

Plain values, without a database. A line is a dict with ``product_id`` (or ``former_product_id``),
``quantity``, ``price`` of a piece and ``price_period``, ``price_typed``, ``unit_ids``; in a state
with ``delivered``, ``returned`` and ``out``, the units that the customer has.
"""

FIRST = "1"  # the line of a plan that names no line
SHOWN_LINES = 3  # of a rental in a row of a list, or on a card
PERIODS = ("day", "week", "month", "rental")
# What a plan without lines says, and what of its line it is.
FLAT = {
    "product_id": "product_id",
    "former_product_id": "former_product_id",
    "quantity": "quantity",
    "monthly_price": "price",
}
# By either of them a line names its product.
CATALOGUES = ("product_id", "former_product_id")
NOTHING_OUT = {"delivered": 0, "returned": 0, "out": []}
MONTHLY = {"price_period": "month", "price_typed": True}


def is_given(value):
    """Whether a payload says something by a value."""
    return value is not None and value != ""


def flat_in(payload):
    """Return what a plan says of a line without naming one, by the keys of a line."""
    found = {key: payload[name] for name, key in FLAT.items() if is_given(payload.get(name))}
    return {**found, **MONTHLY} if "price" in found else found


def with_lines(payload, line_id=FIRST):
    """Return a plan in which nothing but its lines says what is rented.

    :param dict payload: of ``RentalPlanned`` or ``PlanChanged``
    :param str line_id: the line that is meant where none is named
    """
    flat = flat_in(payload)
    if not flat:
        return payload
    rest = {key: v for key, v in payload.items() if key not in FLAT or not is_given(v)}
    lines = payload.get("lines") or {}
    return {**rest, "lines": {**lines, line_id: {**lines.get(line_id, {}), **flat}}}


def merged(line, changes):
    """Return a line after what a plan says of it; None for a line that is new."""
    after = {**(line or NOTHING_OUT), **changes}
    for key, other in (CATALOGUES, CATALOGUES[::-1]):
        if key in changes:
            after.pop(other, None)
    if "price" in after:
        after.setdefault("price_period", "month")
    return after


def ordered(lines):
    """Return the ids of lines in the order in which they were made."""
    return sorted(lines, key=lambda line_id: (len(line_id), line_id))


def open_quantity(line):
    """Return how many pieces of a line have not gone out yet."""
    return max(0, line.get("quantity", 0) - line["delivered"])


def out_quantity(line):
    """Return how many pieces of a line the customer has."""
    return line["delivered"] - line["returned"]


def summary(lines):
    """Return what lists say of a rental: the product of its first line, all pieces, the price.

    A price per month only where there is one line with such a price.
    """
    found = {}
    if not lines:
        return found
    first = lines[ordered(lines)[0]]
    found |= {key: first[key] for key in CATALOGUES if key in first}
    quantities = [line["quantity"] for line in lines.values() if "quantity" in line]
    if quantities:
        found["quantity"] = sum(quantities)
    if len(lines) == 1 and first.get("price_period") == "month":
        found["monthly_price"] = first["price"]
    return found
