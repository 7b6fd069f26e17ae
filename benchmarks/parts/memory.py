"""Memory above idle, each in a process of its own"""

from ..page import number
from ..results import Row, Samples, Target

EVENTS = 100_000
LIMIT = Target("under", 300)


def run(race):
    """Measure the highest resident memory; one run each, five with BIG=yes."""
    stored = race.stored
    runs = race.rounds if race.big else 1
    note = "" if race.big else "one run"
    appending = {"do": "memory_of_append", "events": EVENTS}
    in_one = {**appending, "batch": EVENTS}
    streamed = {**appending, "batch": 1000}
    return [
        Row(
            f"{number(EVENTS)} events in one call, their values included",
            _peaks(race, race.place.database, runs, **in_one),
            note=note,
        ),
        Row(
            f"{number(EVENTS)} events streamed in batches of 1 000",
            _peaks(race, race.place.database, runs, **streamed),
            target=LIMIT,
            note=note,
        ),
        Row(
            f"{number(EVENTS)} events imported from a file",
            _peaks(race, race.place.database, runs, do="memory_of_import", events=EVENTS),
            target=LIMIT,
            note=note,
        ),
        Row(
            f"rebuild of {number(stored)} events",
            _peaks(race, race.place.full_database, runs, do="memory_of_rebuild"),
            target=LIMIT,
            note=note,
        ),
    ]


def _peaks(race, database, runs, **asked):
    """Return the peaks of so many runs, each in a process that did nothing else."""
    peaks = []
    for _run in range(runs):
        if database == race.place.database:
            race.ours.ask("reset")
        contestant = race.start_ours(database)
        peaks.append(contestant.ask(**asked)["mebibytes"])
        race.dismiss(contestant)
    return Samples(tuple(peaks), "MiB")
