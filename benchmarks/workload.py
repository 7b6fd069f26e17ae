"""What every contestant is given: rentals that live through ten events."""

from datetime import date, timedelta

TODAY = date.today()


def life(day):
    """Return the ten events of a rental that is planned on this day, as (type, payload).

    :param date day: a rental may not begin long before the day on which it is planned
    """
    until = [str(day + timedelta(days=days)) for days in (30, 60)]
    plan = {
        "partner_id": 1,
        "product_id": 1,
        "quantity": 2,
        "planned_start": str(day),
        "planned_end": until[0],
        "monthly_price": 48000,
    }
    damage = {"description": "Lens scratched", "repair_cost": 12000, "charged": True}
    return (
        ("RentalPlanned", plan),
        ("DemoStarted", {"demo_end": "2099-01-10"}),
        ("DemoExtended", {"demo_end": "2099-01-20"}),
        ("RentalConfirmed", {}),
        ("EquipmentDelivered", {}),
        ("RentalExtended", {"planned_end": until[1]}),
        ("DamageReported", damage),
        ("EquipmentReturned", {}),
        ("RentalInvoiced", {"amount": 96000}),
        ("RentalClosed", {}),
    )


LIFE = life(TODAY)
# Buttons of a rental's form that record without a dialog, and what its status is afterwards.
BUTTONS = (
    ("action_confirm", "confirmed"),
    ("action_deliver", "active"),
    ("action_return", "returned"),
)
# The aggregate types of the addon ``bench_rental``; the second one names records.
RENTAL, NAMING = "bench.rental", "bench.naming"
GROUP = 500  # rentals that live at the same time
AT_A_TIME = 2  # events of one rental before it is the next one's turn


def rentals(tag, aggregates, group=GROUP, at_a_time=AT_A_TIME):
    """Return the events of so many rentals, ten each, in the order in which they happen.

    Any thousand of them in a row are about 500 rentals: real histories are interleaved.

    :param str tag: what the ids begin with; another one for other rentals
    :return: list of ``(aggregate_id, event_type, payload)``
    """
    events = []
    for first in range(0, aggregates, group):
        ids = [f"{tag}-{n:06}" for n in range(first, min(first + group, aggregates))]
        for step in range(0, len(LIFE), at_a_time):
            for aggregate_id in ids:
                events += [(aggregate_id, *happened) for happened in LIFE[step : step + at_a_time]]
    return events


def price_changes(aggregate_id, count):
    """Return one long stream: a rental whose price changes again and again."""
    changes = [
        (aggregate_id, "PriceChanged", {"monthly_price": 1000 + n}) for n in range(count - 1)
    ]
    return [(aggregate_id, *LIFE[0]), *changes]


def new_prices(ids, count):
    """Return so many events about planned rentals, each of them allowed."""
    return [(ids[n % len(ids)], "PriceChanged", {"monthly_price": 1000 + n}) for n in range(count)]


def attempts(ids, count):
    """Return so many events about planned rentals, none of them allowed."""
    return [(ids[n % len(ids)], "EquipmentReturned", {}) for n in range(count)]


def in_batches(items, size):
    """Return the items in lists of ``size``; all in one where ``size`` is 0."""
    size = size or len(items) or 1
    return [items[first : first + size] for first in range(0, len(items), size)]
