"""What one rental adds to the utilisation of its products: plain values, without a database."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_DOWN, Decimal

from odoo.addons.rental_event_sourcing.lines import FIRST, flat_in, ordered, with_lines

MAX_INTEGER = 2**31 - 1  # what a column can hold
# Of a rental that is planned for longer, only these count: a slip in a year costs no table.
MAX_MONTHS = 120
DATES = ("planned_start", "planned_end")
NO_REVENUE = Decimal(0)
NOTHING_KNOWN = [0, 1, 0]  # of a line: product, quantity, price
DELIVERED, RETURNED = "delivered", "returned"
MOVEMENTS = {"EquipmentDelivered": DELIVERED, "EquipmentReturned": RETURNED}
CORRECTIONS = {"DeliveryCorrected": DELIVERED, "ReturnCorrected": RETURNED}


@dataclass(frozen=True, slots=True)
class Share:
    """What is known of a rental, as far as the utilisation of its products depends on it.

    It counts from its confirmation on, with the planned days; the first delivery and the return of
    the last piece put what came true in their place, and a cancellation takes all days away. What a
    payload says that cannot be a date, a quantity or an amount is passed over: events of a record
    type that is switched off are not checked by anybody.

    :ivar bool counted: whether its days count
    :ivar tuple lines: ``(line id, product id, quantity, price)``, 0 where it is not known
    :ivar tuple movements: ``(version, kind, day, ((line id, quantity), …))``; None for all lines
    :ivar tuple invoiced: ``(first day of the month, Decimal)``, in order
    """

    counted: bool = False
    planned_start: date | None = None
    planned_end: date | None = None
    lines: tuple = ()
    movements: tuple = ()
    invoiced: tuple = ()

    def after(self, event):
        """Return the share after an event of the rental.

        :param EventData event: in today's names and schema version
        """
        payload, kind = event.payload, event.event_type
        if kind in MOVEMENTS:
            return self._moved(event, MOVEMENTS[kind])
        if kind in CORRECTIONS:
            return self._without(payload.get("movement"), CORRECTIONS[kind])
        match kind:
            case "RentalPlanned" | "PlanChanged" | "PriceChanged":
                return self._planned(payload)
            case "ProductExchanged":
                line = {payload.get("line"): {"product_id": payload.get("product_id")}}
                return self._planned({"lines": line})
            case "RentalConfirmed":
                return replace(self, counted=True)
            case "RentalCancelled":
                return replace(self, counted=False)
            case "RentalExtended" | "RentalShortened":
                return replace(self, planned_end=_day(payload.get("planned_end")))
            case "RentalInvoiced":
                return self._with_invoice(event.business_date, payload.get("amount"))
        return self

    def _planned(self, payload):
        # As the rules have it: an emptied date is a change, and nothing else can be emptied.
        changes = {name: _day(payload[name]) for name in DATES if name in payload}
        known = {line_id: values for line_id, *values in self.lines}
        said = payload if isinstance(payload.get("lines") or {}, dict) else {**payload, "lines": {}}
        if flat_in(said):
            said = with_lines(said, next(iter(known)) if len(known) == 1 else FIRST)
        removed = payload.get("removed_lines")
        for line_id in removed if isinstance(removed, list) else ():
            known.pop(line_id, None)
        for line_id, line in (said.get("lines") or {}).items():
            if isinstance(line_id, str) and isinstance(line, dict):
                after = _line_after(known.get(line_id, NOTHING_KNOWN), line)
                if line_id in known or after != NOTHING_KNOWN:
                    known[line_id] = after
        lines = tuple((line_id, *known[line_id]) for line_id in ordered(known))
        return replace(self, **changes, lines=lines)

    def _moved(self, event, kind):
        day = _day(event.payload.get(f"{kind}_on")) or event.business_date
        said = event.payload.get("lines")
        moved = None
        if isinstance(said, dict):
            known = {line_id: quantity for line_id, _product, quantity, _price in self.lines}
            moved = tuple(
                (line_id, _pieces(line, known[line_id]))
                for line_id, line in sorted(said.items())
                if line_id in known and isinstance(line, dict)
            )
        movements = (*self.movements, (event.version, kind, day, moved))
        return replace(self, counted=self.counted or kind == DELIVERED, movements=movements)

    def _without(self, version, kind):
        """Return the share without one movement: the named one, or the last of its kind."""
        versions = [each[0] for each in self.movements if each[1] == kind]
        wrong = version if version in versions else max(versions, default=None)
        return replace(self, movements=tuple(each for each in self.movements if each[0] != wrong))

    def _with_invoice(self, day, amount):
        if type(amount) not in (int, float):
            return self
        months = dict(self.invoiced)
        month = day.replace(day=1)
        months[month] = months.get(month, NO_REVENUE) + Decimal(repr(amount))
        return replace(self, invoiced=tuple(sorted(months.items())))

    # ------------------------------------------------------------------

    def months(self):
        """Return ``{(product id, first of the month): (rentals begun, unit days, revenue)}``."""
        pieces = self._pieces_of_products()
        found = {}
        for month, amount in self.invoiced:
            for product, part in self._divided(amount).items():
                found[product, month] = (0, 0, part)
        for number, (month, days) in enumerate(self._days()):
            for product, quantity in pieces.items():
                revenue = found.get((product, month), (0, 0, NO_REVENUE))[2]
                found[product, month] = (int(not number), days * quantity, revenue)
        return found

    def _pieces_of_products(self):
        """Return ``{product id: pieces}``: as planned, and once all is back what went out."""
        back = self._returned_on() is not None
        pieces = {}
        for line_id, product, quantity, _price in self.lines:
            if product:
                count = self._sum(DELIVERED, line_id, quantity) if back else quantity
                pieces[product] = pieces.get(product, 0) + count
        return pieces

    def _sum(self, kind, line_id, quantity):
        """Return how many pieces of a line moved, at most all of them."""
        moves = [moved for _version, known, _day, moved in self.movements if known == kind]
        if None in moves or not moves:
            return quantity if moves or kind == DELIVERED else 0
        return min(quantity, sum(dict(moved).get(line_id, 0) for moved in moves))

    def _returned_on(self):
        """Return the day on which the last piece came back, None while one is out."""
        days = [day for _version, kind, day, _moved in self.movements if kind == RETURNED]
        for line_id, _product, quantity, _price in self.lines if days else ():
            if self._sum(RETURNED, line_id, quantity) < self._sum(DELIVERED, line_id, quantity):
                return None
        return max(days, default=None)

    def _divided(self, amount):
        """Return ``{product id: part}`` of an amount, by quantity and price of the lines."""
        weights = {}
        priced = any(price for _id, product, _quantity, price in self.lines if product)
        for _id, product, quantity, price in self.lines:
            if product:
                weight = quantity * (Decimal(repr(price)) if priced else 1)
                weights[product] = weights.get(product, 0) + weight
        total = sum(weights.values())
        if not total:
            return {}
        unit = Decimal(1).scaleb(min(amount.as_tuple().exponent, 0))
        parts = {
            product: (amount * weight / total).quantize(unit, ROUND_DOWN)
            for product, weight in weights.items()
        }
        first = next(iter(parts))  # takes what rounding leaves
        parts[first] += amount - sum(parts.values())
        return parts

    def _days(self):
        """Yield ``(first day of the month, days in it)``; first and last day count both."""
        out = [day for _version, kind, day, _moved in self.movements if kind == DELIVERED]
        start = min(out, default=self.planned_start)
        if not self.counted or not start:
            return
        # While nobody knows when it ends, it is out on its first day.
        end = max(start, self._returned_on() or self.planned_end or start)
        year, month = start.year, start.month
        for _number in range(MAX_MONTHS):
            first = date(year, month, 1)
            last = first.replace(day=monthrange(year, month)[1])
            yield first, (min(end, last) - max(start, first)).days + 1
            if end <= last:
                return
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _line_after(values, line):
    product, quantity, price = values
    if _is_count(line.get("product_id")):
        product = line["product_id"]
    if _is_count(line.get("quantity")):
        quantity = line["quantity"]
    if type(line.get("price")) in (int, float) and line["price"] >= 0:
        price = line["price"]
    return [product, quantity, price]


def _pieces(line, known):
    """Return how many pieces of a line moved; all of them where nothing is said."""
    if _is_count(line.get("quantity")):
        return line["quantity"]
    units = line.get("unit_ids")
    return len(units) if isinstance(units, list) and units else known


def _is_count(value):
    return type(value) is int and 1 <= value <= MAX_INTEGER


def _day(value):
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
