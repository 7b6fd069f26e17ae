"""Destinations: how fast they are sent to, and what events that wait cost an append"""

from typing import NamedTuple

from ..page import number
from ..receivers import free_port, http_receiver, nats_server, rabbitmq_server
from ..results import Row, Samples, Target, rates

AGGREGATES = 1000  # ten events each; ten times as many with BIG=yes
# Rentals of which the cost of an append is measured, ten events each.
WAYS = {"batches of 1 000": (300, 1000), "one by one": (30, 1)}


class Kind(NamedTuple):
    """A kind of destination.

    :ivar receiver: context manager that gives the address of a receiver
    :ivar int target: events/s
    """

    receiver: object
    target: int


KINDS = {
    "webhook": Kind(http_receiver, 500),
    "nats": Kind(nats_server, 5000),
    "rabbitmq": Kind(rabbitmq_server, 3000),
}


def run(race):
    """Send to each kind of receiver, and append beside one that is away."""
    race.end()  # a database is made of one that nobody is connected to
    database = race.place.make_delivery_database()
    sender = race.start("delivery", database, *race.place.odoo_options)
    sender.ask("prepare")
    rows = [_speed(race, sender, name, kind) for name, kind in KINDS.items()]
    rows += _cost(race, sender, database)
    race.dismiss(sender)
    return rows


def _speed(race, sender, name, kind):
    aggregates = 10 * AGGREGATES if race.big else AGGREGATES
    tags = iter(range(10**6))
    with kind.receiver() as address:
        sender.ask("reset")
        made = sender.ask("make", kind=name, address=address)["id"]

        def delivering():
            before = sender.ask("came", kind=name, address=address)
            sender.ask("append", tag=f"{name}{next(tags)}", aggregates=aggregates)
            result = sender.ask("deliver", destination=made, count=10 * aggregates)
            after = sender.ask("came", kind=name, address=address)
            if any(after[key] - before[key] != 10 * aggregates for key in after):
                raise ValueError(f"{name}: {before} became {after}")
            return result

        found = race.alternate(sent=delivering)["sent"]
    what = f"{name}, {number(10 * aggregates)} events"
    return Row(what, rates(found), target=Target("at least", kind.target))


def _cost(race, sender, database):
    aggregates = 10 * AGGREGATES if race.big else AGGREGATES
    sender.ask("reset")
    away = sender.ask("make", kind="webhook", address=f"http://127.0.0.1:{free_port()}/")["id"]
    sender.ask("append", tag="W", aggregates=aggregates)
    ours = race.start_ours(database)
    tags, lags, rows = iter(range(10**6)), [], []
    for what, (rentals, batch) in WAYS.items():

        def appending(waiting, rentals=rentals, batch=batch):
            lag = sender.ask("wait", destination=away, waiting=waiting)["lag"]
            if waiting:
                lags.append(lag)
            return ours.ask("append", tag=f"C{next(tags)}", aggregates=rentals, batch=batch)

        found = race.alternate(
            none=lambda appending=appending: appending(False),
            waiting=lambda appending=appending: appending(True),
        )
        mine, other = rates(found["waiting"]), rates(found["none"])
        rows.append(Row(f"append, {what}", mine, "none wait", other, Target("at least", 0.97)))
    race.dismiss(ours)
    note = "of a receiver that is away, at least"
    return [*rows, Row("events that waited", Samples((min(lags),), "events"), note=note)]
