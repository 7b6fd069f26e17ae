"""Refused events of a batch against applied ones: 20 000 about 2 000 aggregates, in one batch"""

from ..results import Row, Target, rates

AGGREGATES = 2000
EVENTS = 20_000


def run(race):
    """Measure both alike; a refused one is stored with its failure event."""

    def batch(outcome):
        race.ours.ask("reset")
        return race.ours.ask(
            "append_once", tag="R", aggregates=AGGREGATES, count=EVENTS, outcome=outcome
        )

    found = race.alternate(
        refused=lambda: batch("rejected"),
        applied=lambda: batch("applied"),
    )
    refused, applied = rates(found["refused"]), rates(found["applied"])
    return [Row("refused events", refused, "applied events", applied, Target("at least", 0.1))]
