"""How much room an event takes, in the tables, their indexes and the log of PostgreSQL.

    python -m benchmarks.size                    a million events
    python -m benchmarks.size 50000 partitioned  fewer, and into a partitioned store

Prints the tables of docs/growth.md. Makes a PostgreSQL and a database of its own below
``.run``, as ``make bench`` does, fills it with rentals of ten events each by
``append_batch``, a thousand at a time, each committed, while autovacuum runs, and throws
all of it away. SERIES=19.0 takes another Odoo; BEFORE='ALTER TABLE …' is run first, to see
what a setting or an index more or less comes to.
"""

import os
import subprocess
import sys
import time

from benchmarks.asking import Contestant
from benchmarks.machine import machine
from tools import odoo
from tools.bench_place import Place
from tools.layout import LOG
from tools.programs import answer
from tools.say import Progress, say, step
from tools.sources import obtain
from tools.sql import query

EVENTS = 1_000_000
AT_ONCE = 100_000  # events that are made up at a time
BILLION = 10**9
PIECES = """
    WITH store AS (
        SELECT coalesce(leaf.oid, whole.oid) AS oid
          FROM pg_class AS whole
          LEFT JOIN pg_inherits ON inhparent = whole.oid
          LEFT JOIN pg_class AS leaf ON leaf.oid = inhrelid
         WHERE whole.oid = 'event_store'::regclass)
    SELECT 'event_store: rows', sum(pg_relation_size(oid)) FROM store
     UNION ALL
    SELECT 'event_store: TOAST and maps',
           sum(pg_table_size(oid) - pg_relation_size(oid)) FROM store
     UNION ALL
    (SELECT 'event_store: index ' || columns, sum(bytes)
       FROM store JOIN pg_index ON indrelid = oid, LATERAL (
            SELECT pg_relation_size(indexrelid), regexp_replace(regexp_replace(
                   pg_get_indexdef(indexrelid), '^.* USING btree ', ''),
                   ' WHERE .*', CASE WHEN pg_get_expr(indpred, indrelid) LIKE '%<> ALL%'
                                     THEN '' ELSE ', a part' END)) AS piece (bytes, columns)
      GROUP BY columns ORDER BY 2 DESC)
     UNION ALL
    SELECT relname || ': ' || part, bytes
      FROM pg_class, LATERAL (VALUES ('rows', pg_table_size(oid)),
                                     ('indexes', pg_indexes_size(oid))) AS piece (part, bytes)
     WHERE relname IN ('event_store_key', 'event_stream', 'rental_snapshot') AND relkind = 'r'
"""
UPDATES = """
    SELECT relname, n_tup_upd, round(100.0 * n_tup_hot_upd / nullif(n_tup_upd, 0), 1),
           n_dead_tup, autovacuum_count, pg_table_size(relid)
      FROM pg_stat_user_tables WHERE relname IN ('event_stream', 'rental_snapshot') ORDER BY 1
"""


class SizePlace(Place):
    """One database is enough, and nothing of others."""

    database = full_database = "size"

    def __init__(self, source):
        super().__init__(source)
        self.cluster.folder = self.cluster.folder.with_name("postgres-size")
        self.cluster.data = self.cluster.folder / "data"

    def _if_possible(self, name, _make):
        self.missing[name] = "not asked for"

    def _create(self, name, template):
        if template == "template0" and name == self.database:
            super()._create(name, template)


def main(arguments):
    count = int(next((word for word in arguments if word.isdigit()), EVENTS))
    with SizePlace(obtain(os.environ.get("SERIES") or None)) as place:
        if "partitioned" in arguments:
            _convert(place, max(count // 4, 1000))
        if os.environ.get("BEFORE"):
            _sql(place, os.environ["BEFORE"])
        seconds, log = _fill(place, count)
        _sql(place, "VACUUM (ANALYZE) event_store")
        updates = _sql(place, UPDATES)
        pieces = [(what, int(size)) for what, size in _sql(place, PIECES)]
        say(f"\n{count} events, {count / seconds:.0f} a second; commit {_commit()};")
        say(f"{place.versions()}; {machine()}.\n")
        _print(pieces, log, count)
        _print_updates(place, updates)


def _fill(place, count):
    """Append, and return ``(seconds, bytes of write-ahead log)``."""
    ours = Contestant(
        place.python,
        "ours",
        (place.database, *place.odoo_options),
        place.environment,
        LOG / "bench-size.log",
    )
    try:
        ours.ask("prepare")
        before = _lsn(place)
        seconds = 0
        with step(f"Appending {count} events"):
            for first in range(0, count, AT_ONCE):
                events = min(AT_ONCE, count - first)
                wanted = {"tag": f"size{first}", "aggregates": -(-events // 10), "events": events}
                seconds += ours.ask("append", batch=1000, **wanted)["seconds"]
                Progress.show(f"{first + events} of {count}")
        time.sleep(1)  # the counts of updates are reported late
        return seconds, _lsn(place) - before
    finally:
        ours.close()


def _convert(place, size):
    launcher = odoo.launcher(place.source, "bench")
    command = [
        *(place.python, launcher, "shell", "--no-http", "--log-level=warn"),
        *(f"--database={place.database}", *place.odoo_options),
    ]
    subprocess.run(
        [str(part) for part in command],
        input=f'env["event.partition"].convert({size})\n',
        env=place.cluster.environment,
        text=True,
        check=True,
    )


def _lsn(place):
    return int(_sql(place, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")[0][0])


def _commit():
    return answer(["git", "rev-parse", "--short", "HEAD"]) or "unknown"


def _sql(place, statement):
    return query(place.python, place.cluster.environment, place.database, statement)


def _print(pieces, log, count):
    say("| what | bytes per event | a billion events |")
    say("|---|---|---|")
    total = sum(size for _what, size in pieces)
    for what, size in [*pieces, ("**together**", total), ("write-ahead log", log)]:
        each = size / count
        say(f"| {what.replace('|', '')} | {each:.1f} | {each * BILLION / 2**30:.0f} GiB |")


def _print_updates(place, updates):
    say("\n| table | updates | HOT | dead rows | autovacuum runs | size | packed |")
    say("|---|---|---|---|---|---|---|")
    for table, count, hot, dead, runs, size in updates:
        _sql(place, f"VACUUM FULL {table}")
        ((packed,),) = _sql(place, f"SELECT pg_table_size('{table}')")
        sizes = f"{int(size) / 2**20:.1f} MiB | {int(packed) / 2**20:.1f} MiB"
        say(f"| {table} | {count} | {hot} % | {dead} | {runs} | {sizes} |")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
