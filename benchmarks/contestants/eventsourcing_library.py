"""(c) The library ``eventsourcing`` with its PostgreSQL module, as its manual shows it."""

import os
import sys
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.answering import answer, stopwatch
from benchmarks.workload import in_batches, rentals

os.environ.update(
    PERSISTENCE_MODULE="eventsourcing.postgres",
    POSTGRES_DBNAME=sys.argv[1],
    POSTGRES_HOST=os.environ["PGHOST"],
    POSTGRES_PORT=os.environ["PGPORT"],
    POSTGRES_USER=os.environ["PGUSER"],
    POSTGRES_PASSWORD=os.environ["PGPASSWORD"],
)
STEPS = {
    "DemoStarted": ("draft", "demo"),
    "DemoExtended": ("demo", "demo"),
    "RentalConfirmed": ("demo", "confirmed"),
    "EquipmentDelivered": ("confirmed", "active"),
    "RentalExtended": ("active", "active"),
    "DamageReported": ("active", "active"),
    "EquipmentReturned": ("active", "returned"),
    "RentalInvoiced": ("returned", "returned"),
    "RentalClosed": ("returned", "closed"),
}


class Rental(Aggregate):
    """A rental with the statuses of ours."""

    @event("RentalPlanned")
    def __init__(self, reference, payload):
        self.reference = reference
        self.status = "draft"
        self.plan = dict(payload)

    @event("Happened")
    def happen(self, event_type, payload):
        """Let something happen; refused where the status does not allow it."""
        before, after = STEPS[event_type]
        if self.status != before:
            raise ValueError(f"{event_type} is not possible now")
        self.plan.update(payload)
        self.status = after


class Rentals(Application[UUID]):
    """The library's own application, as it comes."""


application = Rentals()
table = application.recorder.events_table_name
kept = {"ids": [], "events": 0}


def reset():
    """Empty the table."""
    with psycopg.connect(dbname=sys.argv[1]) as connection:
        connection.execute(f"TRUNCATE {table} RESTART IDENTITY")
    return {}


def get_and_save(aggregates):
    """One command at a time: get the rental, let it happen, save; each commits."""
    events = rentals("R", aggregates)
    ids = {}
    with stopwatch(len(events)) as result:
        for reference, event_type, payload in events:
            if reference not in ids:
                rental = Rental(reference, payload)
                ids[reference] = rental.id
            else:
                rental = application.repository.get(ids[reference])
                rental.happen(event_type, payload)
            application.save(rental)
    return result


def save(aggregates, batch):
    """Save many new rentals at once, about ``batch`` events in a transaction."""
    lives = {}
    for reference, event_type, payload in rentals("R", aggregates):
        lives.setdefault(reference, []).append((event_type, payload))
    kept["ids"], kept["events"] = [], 10 * aggregates
    with stopwatch(10 * aggregates) as result:
        for part in in_batches(list(lives.items()), batch // 10):
            saved = []
            for reference, happened in part:
                rental = Rental(reference, happened[0][1])
                for event_type, payload in happened[1:]:
                    rental.happen(event_type, payload)
                saved.append(rental)
            application.save(*saved)
            kept["ids"] += [rental.id for rental in saved]
    return result


def replay():
    """Get every rental that was saved, which folds its events; nothing is written."""
    with stopwatch(kept["events"]) as result:
        for aggregate_id in kept["ids"]:
            application.repository.get(aggregate_id)
    return result


if __name__ == "__main__":
    answer(reset=reset, get_and_save=get_and_save, save=save, replay=replay)
