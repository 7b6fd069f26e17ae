"""(c) The library ``eventsourcing`` and its dynamic consistency boundaries on PostgreSQL.

Its recorder is called directly, which costs less than its layers above. A client keeps what it
knows of each seat and reads what is newer, as the library's ``advance`` does; then it appends
under the condition that nothing about the seat came meanwhile.
"""

import json
import os
import sys

import psycopg
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.application import DCBApplication
from eventsourcing.persistence import IntegrityError

from benchmarks.answering import answer
from benchmarks.seats import SLOW_DISK, Client, given_twice, places, taken_after

recorder = DCBApplication(
    {
        "PERSISTENCE_MODULE": "eventsourcing.dcb.postgres_tt",
        "POSTGRES_DBNAME": sys.argv[1],
        "POSTGRES_HOST": os.environ["PGHOST"],
        "POSTGRES_PORT": os.environ["PGPORT"],
        "POSTGRES_USER": os.environ["PGUSER"],
        "POSTGRES_PASSWORD": os.environ["PGPASSWORD"],
        "POSTGRES_POOL_SIZE": "1",
    }
).recorder
known = {}  # {seat: (position, who has it)}


def reset():
    """Empty the tables."""
    with psycopg.connect(dbname=sys.argv[1]) as connection:
        tables = f"{recorder.events_table_name}, {recorder.tags_table_name}"
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    return {}


def decide(event_type, booking, seat):
    """Read, decide, and append under a condition.

    :raise IntegrityError: when somebody else appended meanwhile
    """
    position, taken = known.get(seat, (None, []))
    query = DCBQuery(items=[DCBQueryItem(tags=[seat])])
    found = recorder.read(query, after=position)
    for stored in found:
        taken = taken_after(taken, stored.event.type, json.loads(stored.event.data)["booking"])
    known[seat] = found.head, taken
    if event_type == "Booked" and len(taken) >= places(seat):
        return False
    event = DCBEvent(event_type, json.dumps({"booking": booking}).encode(), [seat])
    position = recorder.append([event], DCBAppendCondition(query, found.head))
    known[seat] = position, taken_after(taken, event_type, booking)
    return True


def book(tag, seats, seconds, delay=0):
    """Book and release; see :class:`benchmarks.seats.Client`.

    :param int delay: microseconds that each commit takes more
    """
    known.clear()
    with recorder.datastore.cursor() as cursor:
        for statement in SLOW_DISK.format(delay).split(";"):
            cursor.execute(statement)
    return Client(decide, IntegrityError).book(tag, seats, seconds)


def race(tag, count, begin, pace):
    """Book seats that all others want at the same moment."""
    known.clear()
    return Client(decide, IntegrityError).race(tag, count, begin, pace)


def verify():
    """Fold all events that are stored; ids are drawn under the lock of the table."""
    events = [
        (each.event.type, json.loads(each.event.data)["booking"], each.event.tags[0])
        for each in recorder.read()
    ]
    return {"twice": given_twice(events), "events": len(events)}


if __name__ == "__main__":
    answer(reset=reset, book=book, race=race, verify=verify)
