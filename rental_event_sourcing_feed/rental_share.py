"""What one rental adds to the utilisation of its products: plain values, without a database."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from odoo.addons.rental_event_sourcing.lines import FIRST, flat_in, ordered, with_lines

MAX_INTEGER = 2**31 - 1  # what a column can hold
# Of a rental that is planned for longer, only these count: a slip in a year costs no table.
MAX_MONTHS = 120
DATES = ("planned_start", "planned_end")
NO_REVENUE = Decimal(0)
NOTHING_KNOWN = [0, 1, 0]  # of a line: product, quantity, price
DELIVERED, RETURNED, EXCHANGED = "delivered", "returned", "exchanged"
DAY = timedelta(days=1)
MOVEMENTS = {"EquipmentDelivered": DELIVERED, "EquipmentReturned": RETURNED}
CORRECTIONS = {"DeliveryCorrected": DELIVERED, "ReturnCorrected": RETURNED}


@dataclass(frozen=True, slots=True)
class Share:
    """What is known of a rental, as far as the utilisation of its products depends on it.

    It counts from its confirmation on, with the planned days; for each piece its delivery and its
    return put what came true in their place, and a cancellation takes all days away. What a payload
    says that cannot be a date, a quantity or an amount is passed over: events of a record type that
    is switched off are not checked by anybody.

    :ivar bool counted: whether its days count
    :ivar tuple lines: ``(line id, product id, quantity, price)``, 0 where it is not known
    :ivar tuple movements: ``(version, kind, day, ((line id, quantity), …))``; None for all lines.
        Of an exchange of what is out, the product before it stands in place of the quantity
    :ivar tuple invoiced: ``(first day of the month, Decimal)``, in order; less what was credited
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
                line_id, product = payload.get("line"), payload.get("product_id")
                after = self._planned({"lines": {line_id: {"product_id": product}}})
                return after._exchanged(event, line_id, self)
            case "RentalConfirmed":
                return replace(self, counted=True)
            case "RentalCancelled":
                return replace(self, counted=False)
            case "RentalExtended" | "RentalShortened":
                return replace(self, planned_end=_day(payload.get("planned_end")))
            case "RentalInvoiced":
                return self._with_invoice(event.business_date, payload.get("amount"), 1)
            case "InvoiceCorrected":
                return self._with_invoice(event.business_date, payload.get("amount"), -1)
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

    def _exchanged(self, event, line_id, before):
        """Return the share with an exchange, after which days are those of the new product."""
        for known, product, _quantity, _price in before.lines:
            if known == line_id and any(kind == DELIVERED for _v, kind, *_rest in self.movements):
                step = (event.version, EXCHANGED, event.business_date, ((line_id, product),))
                return replace(self, movements=(*self.movements, step))
        return self

    def _without(self, version, kind):
        """Return the share without one movement: the named one, or the last of its kind."""
        versions = [each[0] for each in self.movements if each[1] == kind]
        wrong = version if version in versions else max(versions, default=None)
        return replace(self, movements=tuple(each for each in self.movements if each[0] != wrong))

    def _with_invoice(self, day, amount, sign):
        if type(amount) not in (int, float):
            return self
        months = dict(self.invoiced)
        month = day.replace(day=1)
        months[month] = months.get(month, NO_REVENUE) + sign * Decimal(repr(amount))
        return replace(self, invoiced=tuple(sorted(months.items())))

    # ------------------------------------------------------------------

    def months(self):
        """Return ``{(product id, first of the month): (rentals begun, unit days, revenue)}``."""
        found = {}
        for month, amount in self.invoiced:
            for product, part in self._divided(amount).items():
                found[product, month] = (0, 0, part)
        begun = set()
        for product, _first, month, days in sorted(self._days()):
            known = found.get((product, month), (0, 0, NO_REVENUE))
            is_first = int(product not in begun)
            begun.add(product)
            found[product, month] = (known[0] + is_first, known[1] + days, known[2])
        return found

    def _days(self):
        """Yield ``(product, first day, first of a month, days in it)``, for all pieces together."""
        stretches = list(self._stretches()) if self.counted else []
        first = min((start for _product, start, _end, _pieces in stretches), default=date.min)
        for product, start, end, pieces in stretches:
            month = start.replace(day=1)
            while month <= end and _number(month) < _number(first) + MAX_MONTHS:
                last = month.replace(day=monthrange(month.year, month.month)[1])
                days = (min(end, last) - max(start, month)).days + 1
                yield product, start, month, days * pieces
                if last == date.max:
                    break
                month = last + DAY

    def _stretches(self):
        """Yield ``(product, first, last day, pieces)``: as planned, and as it was once it moved.

        While nobody knows when a piece comes back, it is out until the planned end, and on its
        first day at least. What did not go out is not to follow once all the rest is back.
        """
        lines = [line for line in self.lines if line[1]]
        walks = [self._walk(*line[:3]) for line in lines]
        over = any(step[1] == RETURNED for step in self.movements)
        over = over and not any(out for _done, out, _left in walks)
        gone = [step[2] for step in self.movements if step[1] == DELIVERED]
        planned = self.planned_start or min(gone, default=None)
        for (_id, product, *_rest), (done, out, left) in zip(lines, walks, strict=True):
            yield from done
            if planned and left and not over:
                out = [*out, (planned, left)]
            for start, pieces in out:
                yield product, start, max(start, self.planned_end or start), pieces

    def _walk(self, line_id, product, quantity):
        """Return what became of the pieces of a line: those that are back, out, and not out yet.

        :return: ``([(product, first, last day, pieces)], [(first day, pieces)], pieces)``
        """
        steps = [
            (kind, day, dict(moved).get(line_id) if moved is not None else quantity)
            for _version, kind, day, moved in self.movements
        ]
        products = [said for kind, _day, said in steps if kind == EXCHANGED and said is not None]
        products.append(product)
        done, out, left = [], [], quantity
        for kind, day, said in steps:
            if kind == EXCHANGED and said is not None:
                done += [
                    (products[0], start, day - DAY, pieces) for start, pieces in out if start < day
                ]
                out = [(max(start, day), pieces) for start, pieces in out]
                products.pop(0)
            elif kind == DELIVERED and said and left:
                pieces = min(said, left)
                left -= pieces
                out.append((day, pieces))
            elif kind == RETURNED:
                while said and out:
                    (start, pieces), *rest = out
                    back = min(said, pieces)
                    said -= back
                    done.append((products[0], start, max(start, day), back))
                    out = [(start, pieces - back), *rest] if back < pieces else rest
        return [stretch for stretch in done if stretch[0]], out, left

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


def _number(month):
    return month.year * 12 + month.month
