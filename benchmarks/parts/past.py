"""state_at in a stream of 10 000 events"""

from ..results import Row, Target, milliseconds

LONG, SHORT = 10_000, 300
VERSIONS = {
    "the last version": [LONG] * 3,
    "versions here and there": [1234, 5001, 7777, 9999],
}


def run(race):
    """Measure it against folding 300 events from the first one."""
    race.ours.ask("reset")
    race.ours.ask("long_stream", aggregate_id="long", count=LONG)
    race.ours.ask("long_stream", aggregate_id="short", count=SHORT)
    tasks = {
        what: lambda versions=versions: race.ours.ask(
            "state_at", aggregate_id="long", versions=versions
        )
        for what, versions in VERSIONS.items()
    }
    found = race.alternate(
        **tasks, fold=lambda: race.ours.ask("fold", aggregate_id="short", times=5)
    )
    folding = milliseconds(found["fold"])
    against = f"reading and folding {SHORT} events"
    return [
        Row(what, milliseconds(found[what]), against, folding, Target("under", 1))
        for what in VERSIONS
    ]
