"""What happens to the rentals of the demo data: plain values, counted from each rental's own days.

A story is told up to yesterday: what is long past has come to its end, what is recent is still
under way, and today is left to whoever opens the shop.
"""

from datetime import date, timedelta
from typing import NamedTuple

FOREVER = date.max


class Step(NamedTuple):
    """One event of a story.

    :ivar str since: from which day of the rental days are counted: ``planned``, ``start``, ``end``
    :ivar int days: so many days later
    :ivar str event_type: what happens then
    :ivar about: what the payload is to say, where there is a choice; see ``rental.demo``
    :ivar bool manager: whether it is not the clerk who does it
    """

    since: str
    days: int
    event_type: str
    about: object = None
    manager: bool = False


class Story(NamedTuple):
    """A kind of rental.

    :ivar int lead: days from the day on which it is planned to its start
    :ivar int length: days from its start to its end
    :ivar tuple steps: what happens
    """

    lead: int
    length: int
    steps: tuple


class Moment(NamedTuple):
    """A rental of which something is to happen these days; days are counted from today."""

    name: str
    planned: int
    start: int
    end: int
    steps: tuple
    like: str | None = None  # wants the units of that one, and has none of its own


def planned(days, event_type, about=None, manager=False):
    return Step("planned", days, event_type, about, manager)


def start(days, event_type, about=None, manager=False):
    return Step("start", days, event_type, about, manager)


def end(days, event_type, about=None, manager=False):
    return Step("end", days, event_type, about, manager)


CONFIRMED = planned(1, "RentalConfirmed")
OUT = start(0, "EquipmentDelivered")
BACK = end(0, "EquipmentReturned")
INVOICED = end(1, "RentalInvoiced")
CLOSED = end(8, "RentalClosed")
STORIES = (
    # A weekend.
    Story(6, 1, (CONFIRMED, OUT, BACK, INVOICED, CLOSED)),
    # With a contract and a deposit.
    Story(
        *(8, 6),
        (
            *(CONFIRMED, planned(2, "ContractAgreed"), planned(2, "DepositTaken"), OUT, BACK),
            *(INVOICED, end(2, "DepositReturned"), CLOSED),
        ),
    ),
    # It goes out in two parts, and comes back in two.
    Story(
        *(9, 20),
        (
            *(CONFIRMED, start(0, "EquipmentDelivered", "half"), start(3, "EquipmentDelivered")),
            *(end(-4, "EquipmentReturned", "half"), BACK, INVOICED, CLOSED),
        ),
    ),
    # Damaged, and charged for it.
    Story(
        *(7, 9),
        (
            *(CONFIRMED, OUT, BACK, end(1, "DamageReported"), INVOICED),
            *(end(3, "DamageCharged"), CLOSED),
        ),
    ),
    # Late; somebody wants to close it meanwhile.
    Story(
        *(7, 4),
        (
            *(CONFIRMED, OUT, end(2, "RentalClosed", manager=True), end(4, "EquipmentReturned")),
            *(end(5, "LateFeeCharged"), end(5, "RentalInvoiced"), end(12, "RentalClosed")),
        ),
    ),
    # Tried first.
    Story(
        *(16, 29),
        (
            *(planned(2, "DemoStarted", 12), planned(9, "RentalConfirmed"), OUT, BACK),
            *(INVOICED, CLOSED),
        ),
    ),
    # Tried, and cancelled twice.
    Story(
        *(20, 13),
        (
            *(planned(1, "DemoStarted", 10), planned(8, "DemoCancelled")),
            planned(9, "DemoCancelled", manager=True),
        ),
    ),
    # Called off, and about to be loaded all the same.
    Story(
        *(14, 2),
        (CONFIRMED, planned(6, "RentalCancelled"), planned(7, "EquipmentDelivered", manager=True)),
    ),
    # Three months, invoiced twice, and credited in part.
    Story(
        *(12, 89),
        (
            *(CONFIRMED, planned(3, "DepositTaken"), OUT, start(31, "RentalInvoiced", "month")),
            *(start(40, "InvoiceCorrected"), BACK, end(1, "RentalInvoiced", "rest")),
            *(end(3, "DepositReturned"), CLOSED),
        ),
    ),
    # Invoiced, and almost a second time.
    Story(
        *(5, 7),
        (CONFIRMED, OUT, BACK, INVOICED, end(3, "RentalInvoiced", manager=True), CLOSED),
    ),
    # Recorded too early, both ways.
    Story(
        *(8, 5),
        (
            *(CONFIRMED, OUT, start(1, "DeliveryCorrected"), start(1, "EquipmentDelivered"), BACK),
            *(end(1, "ReturnCorrected"), end(2, "EquipmentReturned"), end(2, "RentalInvoiced")),
            CLOSED,
        ),
    ),
    # Kept longer.
    Story(
        *(6, 11),
        (
            *(CONFIRMED, OUT, end(-2, "RentalExtended", 7), end(7, "EquipmentReturned")),
            *(end(8, "RentalInvoiced", "extended"), end(14, "RentalClosed")),
        ),
    ),
    # More is scanned at the return than went out.
    Story(
        *(7, 8),
        (
            *(CONFIRMED, OUT, end(-3, "EquipmentReturned", "half")),
            *(end(0, "EquipmentReturned", "too many"), BACK, INVOICED, CLOSED),
        ),
    ),
    # Back early.
    Story(
        *(10, 19),
        (
            *(CONFIRMED, OUT, start(5, "RentalShortened", -6), end(-6, "EquipmentReturned")),
            *(end(-5, "RentalInvoiced", "shortened"), end(3, "RentalClosed")),
        ),
    ),
    # More than the shop owns is wanted.
    Story(
        *(12, 3),
        (
            *(CONFIRMED, planned(2, "PlanChanged"), planned(2, "RentalConfirmed"), OUT, BACK),
            *(INVOICED, CLOSED),
        ),
    ),
)
DEPOSIT = planned(2, "DepositTaken")
THESE_DAYS = (
    Moment("goes out", -11, 0, 4, (CONFIRMED, DEPOSIT)),
    Moment("goes out too", -9, 0, 13, (CONFIRMED,)),
    Moment("comes back", -12, -5, 0, (CONFIRMED, OUT)),
    Moment("comes back too", -38, -30, 0, (CONFIRMED, DEPOSIT, OUT)),
    Moment("overdue", -22, -14, -3, (CONFIRMED, OUT)),
    Moment("overdue too", -40, -30, -6, (CONFIRMED, OUT, start(20, "ReturnReminded"))),
    Moment("demo ends", -9, 10, 24, (planned(1, "DemoStarted", 9),)),
    Moment("demo", -3, 20, 40, (planned(1, "DemoStarted", 8),)),
    Moment("draft", -1, 9, 12, ()),
    Moment("draft too", -2, 30, 60, ()),
    Moment("draft for later", -5, 14, 20, ()),
    Moment("confirmed", -8, 3, 9, (CONFIRMED, planned(2, "ContractAgreed"), DEPOSIT)),
    Moment("part of it out", -10, -2, 12, (CONFIRMED, start(0, "EquipmentDelivered", "half"))),
    Moment(
        *("part of it back", -25, -16, 5),
        (CONFIRMED, OUT, start(12, "EquipmentReturned", "half")),
    ),
    Moment("returned", -15, -8, -1, (CONFIRMED, OUT, BACK)),
    Moment("damaged", -16, -9, -2, (CONFIRMED, OUT, BACK, end(1, "DamageReported"))),
    Moment(
        *("called off", -12, 5, 8),
        (
            *(CONFIRMED, planned(10, "RentalCancelled")),
            planned(11, "EquipmentDelivered", manager=True),
        ),
    ),
    Moment("price agreed", -7, 6, 36, (CONFIRMED, planned(3, "PriceChanged"))),
    Moment("wants what is out", -4, 1, 6, (CONFIRMED,), like="overdue"),
    Moment(
        *("long", -75, -65, 25),
        (CONFIRMED, OUT, start(31, "RentalInvoiced", "month"), start(40, "InvoiceCorrected")),
    ),
)
# What is told of is never less than two pieces, so that half of them can go out.
LEAST = 2


def told(steps, days, today):
    """Yield ``(day, step)`` of what happened before today, in order.

    :param dict days: ``{"planned": day, "start": day, "end": day}`` of the rental
    """
    last = days["planned"]
    for step in steps:
        last = max(last, days[step.since] + timedelta(days=step.days))
        if last >= today:
            return
        yield last, step


def away_until(steps, days, today):
    """Return the day until which nobody else can have it; the last of all for what is overdue."""
    returns = [
        step for step in steps if step.event_type == "EquipmentReturned" and step.about is None
    ]
    happened = [step for _day, step in told(steps, days, today)]
    out = any(step.event_type == "EquipmentDelivered" for step in happened)
    if out and days["end"] < today and not (returns and returns[-1] in happened):
        return FOREVER
    later = [step.days for step in returns if step.since == "end"]
    return days["end"] + timedelta(days=max([0, *later]))


class Calendar:
    """What of the shop is taken when, so that nothing of the demo is out twice."""

    def __init__(self):
        self.taken = {}

    def count(self, key, first, last):
        """Return how many pieces are taken on some of the days, at most."""
        return sum(
            quantity
            for start, end, quantity in self.taken.get(key, ())
            if start <= last and first <= end
        )

    def take(self, key, first, last, quantity=1):
        self.taken.setdefault(key, []).append((first, last, quantity))
