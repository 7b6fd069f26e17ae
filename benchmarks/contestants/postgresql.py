"""(b) PostgreSQL itself: the same rows into the same table, and out of it again."""

import csv
import io
import json
import sys

import psycopg2
from psycopg2.extras import execute_values

from benchmarks.answering import answer, stopwatch
from benchmarks.contestants.emptying import empty_store
from benchmarks.workload import in_batches

# What the database decides itself.
DECIDED = ("id", "tx")
# What a fold needs of an event.
READ = (
    "SELECT id, model_name, aggregate_id, version, event_type, payload, timestamp, outcome,"
    " schema_version, company_id, event_uuid, correlation_id, causation_id FROM event_store"
    " WHERE outcome = 'applied' ORDER BY model_name, aggregate_id, version"
)
connection = psycopg2.connect(dbname=sys.argv[1])
kept = {"names": [], "rows": []}


def keep_rows():
    """Keep what the store holds at this moment, to be written again."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'event_store' AND column_name != ALL(%s)"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [list(DECIDED)],
        )
        columns = cursor.fetchall()
        # Documents as text: encoding them is not the database's work.
        chosen = [f'"{n}"::text' if kind == "jsonb" else f'"{n}"' for n, kind in columns]
        cursor.execute(f"SELECT {', '.join(chosen)} FROM event_store ORDER BY id")
        kept["names"] = ", ".join(f'"{name}"' for name, _kind in columns)
        kept["rows"] = cursor.fetchall()
    return {"count": len(kept["rows"])}


def reset():
    """Empty the store."""
    with connection, connection.cursor() as cursor:
        empty_store(cursor)
    return {}


def checkpoint():
    """Write out what earlier measurements left to be written."""
    _alone("CHECKPOINT")
    return {}


def vacuum():
    """Bring the statistics up to date, as autovacuum does in time."""
    _alone("VACUUM (ANALYZE)")
    return {}


def _alone(statement):
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.autocommit = False


def insert(batch):
    """Insert the kept rows by ``execute_values``, with a commit after each batch."""
    with connection.cursor() as cursor, stopwatch(len(kept["rows"])) as result:
        for rows in in_batches(kept["rows"], batch):
            statement = f"INSERT INTO event_store ({kept['names']}) VALUES %s"
            execute_values(cursor, statement, rows, page_size=1000)
            connection.commit()
    return result


def copy():
    """Insert the kept rows by COPY, in one transaction; writing them as text included."""
    with connection.cursor() as cursor, stopwatch(len(kept["rows"])) as result:
        text = io.StringIO()
        csv.writer(text).writerows(kept["rows"])
        text.seek(0)
        cursor.copy_expert(f"COPY event_store ({kept['names']}) FROM STDIN (FORMAT csv)", text)
        connection.commit()
    return result


def floor(count):
    """Do what two round trips and a commit take when they have next to nothing to do."""
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_floor (number int)")
        cursor.execute("TRUNCATE bench_floor")
    with connection.cursor() as cursor, stopwatch(count) as result:
        for number in range(count):
            cursor.execute("SELECT 1")
            cursor.execute("INSERT INTO bench_floor VALUES (%s)", [number])
            connection.commit()
    return result


def read():
    """Read all events in the order of their streams by a server-side cursor, decoded."""
    with connection, connection.cursor("events") as cursor:
        cursor.itersize = 2000
        with stopwatch(0) as result:
            cursor.execute(READ)
            for row in cursor:
                # psycopg2 decodes jsonb by itself, unless somebody told it not to.
                if isinstance(row[5], str):
                    json.loads(row[5])
                result["count"] += 1
    return result


def about():
    """Return what the page says about the server."""
    with connection, connection.cursor() as cursor:
        shown = {}
        for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers"):
            cursor.execute(f"SHOW {name}")
            (shown[name],) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM event_store")
        (shown["events"],) = cursor.fetchone()
    return shown


if __name__ == "__main__":
    answer(
        keep_rows=keep_rows,
        reset=reset,
        checkpoint=checkpoint,
        vacuum=vacuum,
        insert=insert,
        copy=copy,
        floor=floor,
        read=read,
        about=about,
    )
