"""(c) The library ``eventsourcing`` with its PostgreSQL module, as its manual shows it.

Where it is to do what ours does, a recorder of its own writes the state of each aggregate into
a table of JSON rows, in the transaction of the events.
"""

import os
import sys
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.types.json import Jsonb

from benchmarks.answering import answer, stopwatch
from benchmarks.rules import happen
from benchmarks.workload import in_batches, rentals

os.environ.update(
    PERSISTENCE_MODULE="eventsourcing.postgres",
    APPLICATION_RECORDER_TOPIC="__main__:Projecting",
    POSTGRES_DBNAME=sys.argv[1],
    POSTGRES_HOST=os.environ["PGHOST"],
    POSTGRES_PORT=os.environ["PGPORT"],
    POSTGRES_USER=os.environ["PGUSER"],
    POSTGRES_PASSWORD=os.environ["PGPASSWORD"],
)


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
        self.status = happen(self.status, event_type)
        self.plan.update(payload)


STATES = "rental_state"
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {STATES}"
    " (id uuid PRIMARY KEY, version int NOT NULL, status text, state jsonb NOT NULL)"
)
UPSERT = (
    f"INSERT INTO {STATES} VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO UPDATE"
    " SET version = excluded.version, status = excluded.status, state = excluded.state"
)


def row_of(rental):
    """Return what the table of states holds of a rental."""
    state = {"reference": rental.reference, "status": rental.status, **rental.plan}
    return rental.id, rental.version, rental.status, Jsonb(state)


class Projecting(PostgresApplicationRecorder):
    """Writes rows of states with the events: both are there, or neither."""

    def _insert_events(self, curs, stored_events, *, states=(), **kwargs):
        super()._insert_events(curs, stored_events, **kwargs)
        if states:
            curs.executemany(UPSERT, states)


class Rentals(Application[UUID]):
    """The library's own application, as it comes."""


application = Rentals()
table = application.recorder.events_table_name
kept = {"ids": [], "events": 0}


def reset():
    """Empty the tables."""
    with psycopg.connect(dbname=sys.argv[1]) as connection:
        connection.execute(CREATE)
        connection.execute(f"TRUNCATE {table}, {STATES} RESTART IDENTITY")
    return {}


def get_and_save(aggregates, batch=1, project=False):
    """Get the rentals of a batch, let it happen, save them; a commit after each batch.

    :param bool project: whether the states are written, too
    """
    ids = {}
    batches = in_batches(rentals("R", aggregates), batch)
    with stopwatch(10 * aggregates) as result:
        for part in batches:
            touched = {}
            for reference, event_type, payload in part:
                if reference not in ids:
                    touched[reference] = rental = Rental(reference, payload)
                    ids[reference] = rental.id
                    continue
                if reference not in touched:
                    touched[reference] = application.repository.get(ids[reference])
                touched[reference].happen(event_type, payload)
            saved = list(touched.values())
            application.save(*saved, **({"states": [*map(row_of, saved)]} if project else {}))
    if project:
        check_states(aggregates)
    return result


def check_states(aggregates):
    """Raise where the states are not those of rentals that are over."""
    with psycopg.connect(dbname=sys.argv[1]) as connection:
        found = connection.execute(
            f"SELECT count(*) FROM {STATES} WHERE status = 'closed' AND version = 10"
        ).fetchone()
    if found != (aggregates,):
        raise ValueError(f"{found} of {aggregates} states were written")


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


def rebuild():
    """Get every rental that was saved, and write its state; a commit after each thousand."""
    with psycopg.connect(dbname=sys.argv[1]) as connection:
        connection.execute(f"TRUNCATE {STATES}")
        connection.commit()
        with stopwatch(kept["events"]) as result:
            for part in in_batches(kept["ids"], 1000):
                states = [row_of(application.repository.get(each)) for each in part]
                connection.cursor().executemany(UPSERT, states)
                connection.commit()
    check_states(len(kept["ids"]))
    return result


if __name__ == "__main__":
    answer(reset=reset, get_and_save=get_and_save, save=save, replay=replay, rebuild=rebuild)
