"""What one rental adds to the utilisation of its product: plain values, without a database."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

MAX_INTEGER = 2**31 - 1  # what a column can hold
# Of a rental that is planned for longer, only these count: a slip in a year costs no table.
MAX_MONTHS = 120
DATES = ("planned_start", "planned_end")
NO_REVENUE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """What is known of a rental, as far as its utilisation depends on it.

    It counts from its confirmation on, with the planned days; the delivery and the return put
    what came true in their place, and a cancellation takes all days away. What a payload says
    that cannot be a date, a quantity or an amount is passed over: events of a record type that
    is switched off are not checked by anybody.

    :ivar bool counted: whether its days count
    :ivar tuple invoiced: ``(first day of the month, Decimal)``, in order
    """

    counted: bool = False
    product_id: int = 0
    quantity: int = 1
    planned_start: date | None = None
    planned_end: date | None = None
    delivered_on: date | None = None
    returned_on: date | None = None
    invoiced: tuple = ()

    def after(self, event):
        """Return the share after an event of the rental.

        :param EventData event: in today's names and schema version
        """
        payload = event.payload
        match event.event_type:
            case "RentalPlanned" | "PlanChanged":
                return self._planned(payload)
            case "RentalConfirmed":
                return replace(self, counted=True)
            case "RentalCancelled":
                return replace(self, counted=False)
            case "EquipmentDelivered":
                day = _day(payload.get("delivered_on")) or event.business_date
                return replace(self, counted=True, delivered_on=day)
            case "EquipmentReturned":
                day = _day(payload.get("returned_on")) or event.business_date
                return replace(self, returned_on=day)
            case "RentalExtended":
                return replace(self, planned_end=_day(payload.get("planned_end")))
            case "RentalInvoiced":
                return self._with_invoice(event.business_date, payload.get("amount"))
        return self

    def _planned(self, payload):
        # As the rules have it: an emptied date is a change, and nothing else can be emptied.
        changes = {name: _day(payload[name]) for name in DATES if name in payload}
        for name in ("product_id", "quantity"):
            value = payload.get(name)
            if type(value) is int and 1 <= value <= MAX_INTEGER:
                changes[name] = value
        return replace(self, **changes)

    def _with_invoice(self, day, amount):
        if type(amount) not in (int, float):
            return self
        months = dict(self.invoiced)
        month = day.replace(day=1)
        months[month] = months.get(month, NO_REVENUE) + Decimal(repr(amount))
        return replace(self, invoiced=tuple(sorted(months.items())))

    def months(self):
        """Return ``{first day of the month: (rentals begun, unit days, revenue)}``."""
        if not self.product_id:
            return {}
        found = {month: (0, 0, amount) for month, amount in self.invoiced}
        for number, (month, days) in enumerate(self._days()):
            revenue = found.get(month, (0, 0, NO_REVENUE))[2]
            found[month] = (int(not number), days * self.quantity, revenue)
        return found

    def _days(self):
        """Yield ``(first day of the month, days in it)``; first and last day count both."""
        start = self.delivered_on or self.planned_start
        if not self.counted or not start:
            return
        # While nobody knows when it ends, it is out on its first day.
        end = max(start, self.returned_on or self.planned_end or start)
        year, month = start.year, start.month
        for _number in range(MAX_MONTHS):
            first = date(year, month, 1)
            last = first.replace(day=monthrange(year, month)[1])
            yield first, (min(end, last) - max(start, first)).days + 1
            if end <= last:
                return
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _day(value):
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
