"""Rebuild of all snapshots, which were lost before"""

from ..page import number
from ..race import LIBRARY
from ..results import Row, Target, rates

REPLAYED = 2000  # aggregates of the library


def run(race):
    """Measure the job against reading the same rows, and against the library's replay."""
    what = f"{number(race.stored)} events"
    if LIBRARY not in race.missing:
        race.library.ask("reset")
        race.library.ask("save", aggregates=REPLAYED, batch=1000)
    found = race.alternate(
        **{
            "ours": lambda: race.full.ask("rebuild"),
            "read": lambda: race.full_postgresql.ask("read"),
            LIBRARY: race.if_there(LIBRARY, lambda: race.library.ask("replay")),
        }
    )
    speed = rates(found["ours"])
    reading = "reading the same rows with a server-side cursor, decoded"
    replay = f"{LIBRARY}, replay of {number(10 * REPLAYED)} events (writes nothing)"
    three = Target("at least", 3)
    return [
        Row(what, speed, reading, rates(found["read"]), Target("at least", 0.5)),
        Row(what, speed, replay, rates(found[LIBRARY]), three)
        if LIBRARY in found
        else Row(what, speed, replay, None, three, race.missing[LIBRARY]),
    ]
