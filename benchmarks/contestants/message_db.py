"""(d) message-db's ``write_message``, from the SQL that its package ships."""

import json
import sys
import uuid
from pathlib import Path

import psycopg2

from benchmarks.answering import answer, stopwatch
from benchmarks.rules import happen
from benchmarks.workload import in_batches, rentals

# The order of its own install script, without the role, pgcrypto, views and privileges:
# what is measured needs none of them.
FILES = (
    "schema/message-store",
    "tables/messages",
    "types/message",
    "functions/message-store-version",
    "functions/hash-64",
    "functions/acquire-lock",
    "functions/category",
    "functions/is-category",
    "functions/id",
    "functions/cardinal-id",
    "functions/stream-version",
    "functions/write-message",
    "functions/get-last-stream-message",
    "indexes/messages-id",
    "indexes/messages-stream",
    "indexes/messages-category",
)
connection = psycopg2.connect(
    dbname=sys.argv[1], options="-c search_path=message_store,public -c client_min_messages=warning"
)


def install(folder):
    """Run the SQL files of the package."""
    with connection, connection.cursor() as cursor:
        for name in FILES:
            cursor.execute(Path(folder, f"{name}.sql").read_text())
    return {}


def reset():
    """Empty the table."""
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE message_store.messages")
    return {}


def append(aggregates, batch):
    """Write each event by one call, with a commit after each batch."""
    calls = [
        (str(uuid.uuid4()), f"rental-{aggregate_id}", event_type, json.dumps(payload))
        for aggregate_id, event_type, payload in rentals("R", aggregates)
    ]
    with connection.cursor() as cursor, stopwatch(len(calls)) as result:
        for part in in_batches(calls, batch):
            for call in part:
                cursor.execute("SELECT write_message(%s, %s, %s, %s)", call)
            connection.commit()
    return result


def append_and_project(aggregates, batch):
    """Do what ours does with each event: read the state, ask the rules, write both.

    The state is the last message of a stream of snapshots; the event is written with the
    version that is expected, the state after it as the next snapshot.
    """
    events = rentals("R", aggregates)
    with connection.cursor() as cursor, stopwatch(len(events)) as result:
        for part in in_batches(events, batch):
            for aggregate_id, event_type, payload in part:
                _handle(cursor, aggregate_id, event_type, payload)
            connection.commit()
    return result


def _handle(cursor, aggregate_id, event_type, payload):
    cursor.execute(
        "SELECT data FROM get_last_stream_message(%s)", [f"rentalSnapshot-{aggregate_id}"]
    )
    row = cursor.fetchone()
    state, version = {"status": "draft"}, -1
    if row:
        kept = json.loads(row[0])
        state, version = kept["state"], kept["version"]
        state["status"] = happen(state["status"], event_type)
    state.update(payload)
    _write(cursor, f"rental-{aggregate_id}", event_type, payload, version)
    snapshot = {"version": version + 1, "state": state}
    _write(cursor, f"rentalSnapshot-{aggregate_id}", "Recorded", snapshot, version)


def _write(cursor, stream, message_type, data, expected):
    cursor.execute(
        "SELECT write_message(%s, %s, %s, %s, NULL, %s)",
        [str(uuid.uuid4()), stream, message_type, json.dumps(data), expected],
    )


if __name__ == "__main__":
    answer(install=install, reset=reset, append=append, append_and_project=append_and_project)
