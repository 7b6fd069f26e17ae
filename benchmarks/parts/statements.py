"""SQL statements of an append, in an empty store and in one that holds events"""

from ..results import Row, Samples, Target

SIZES = {
    "one append": (1, 1, Target("at most", 6)),
    "a batch of 1 000 over 500 aggregates": (1000, 500, Target("at most", 20)),
}


def run(race):
    """Count; nothing is timed and nothing is kept, so once is enough."""
    race.ours.ask("reset")
    empty = {what: _count(race, what) for what in SIZES}
    race.ours.ask("append", tag="S", aggregates=1000, batch=1000)
    filled = {what: _count(race, what) for what in SIZES}
    rows = []
    for what, (_events, _aggregates, target) in SIZES.items():
        counts = Samples((empty[what]["second"],), "statements")
        rows.append(Row(what, counts, target=target))
        same = Samples((filled[what]["second"],), "statements")
        against = "the same in an empty store"
        rows.append(
            Row(f"{what}, 10 000 events stored", same, against, counts, Target("at most", 1))
        )
        first = Samples((filled[what]["first"],), "statements")
        note = "reads the rights, the user and the company as well"
        rows.append(Row(f"{what}, as the first of its transaction", first, note=note))
    return rows


def _count(race, what):
    events, aggregates, _target = SIZES[what]
    return race.ours.ask("statements", batch=events, aggregates=aggregates)
