"""(d) message-db's ``write_message``, from the SQL that its package ships."""

import json
import sys
import uuid
from pathlib import Path

import psycopg2

from benchmarks.answering import answer, stopwatch
from benchmarks.workload import in_batches, rentals

# The order of its own install script, without the role, pgcrypto, views and privileges:
# write_message needs none of them.
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


if __name__ == "__main__":
    answer(install=install, reset=reset, append=append)
