"""Rebuild of all snapshots, which were lost before"""

from ..page import number
from ..race import LIBRARY, at_once
from ..results import Row, Target, rates

REPLAY = f"{LIBRARY}, replay alone (writes nothing)"
REPLAYED = 2000  # aggregates of the library


def run(race):
    """Measure the job against reading the same rows, and against the library's replay.

    By one process, and by two, as the scheduler of an Odoo with workers has them.
    """
    events = f"{number(race.stored)} events"
    second = race.start_ours(race.place.full_database)
    if LIBRARY not in race.missing:
        race.library.ask("reset")
        race.library.ask("save", aggregates=REPLAYED, batch=1000)
    found = race.alternate(
        two=lambda: _by_two(race.full, second),
        one=lambda: race.full.ask("rebuild"),
        read=lambda: race.full_postgresql.ask("read"),
        **{
            LIBRARY: race.if_there(LIBRARY, lambda: race.library.ask("rebuild")),
            REPLAY: race.if_there(LIBRARY, lambda: race.library.ask("replay")),
        },
    )
    race.dismiss(second)
    reading = "reading the same rows with a server-side cursor, decoded"
    alike = f"{LIBRARY}, replay of {number(10 * REPLAYED)} events and upsert of every state"
    half, three = Target("at least", 0.5), Target("at least", 3)
    rows = []
    for who in ("two", "one"):
        what = f"{events}, by {who} process{'es' if who == 'two' else ''}"
        speed = rates(found[who])
        rows.append(Row(what, speed, reading, rates(found["read"]), half))
        for label, against, target in ((LIBRARY, alike, three), (REPLAY, REPLAY, None)):
            rows.append(
                Row(what, speed, against, rates(found[label]), target)
                if label in found
                else Row(what, speed, against, None, target, race.missing[LIBRARY])
            )
    return rows


def _by_two(first, second):
    """Let two processes work on one rebuild."""
    begun = first.ask("begin_rebuild")
    done = at_once([(worker, "work", {"job": begun["job"]}) for worker in (first, second)])
    first.ask("end_rebuild", job=begun["job"])
    return {**done, "count": begun["count"]}
