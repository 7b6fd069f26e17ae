"""Two processes that append to different aggregates, against one"""

import time
from functools import partial

from ..race import at_once
from ..results import Row, Target, rates

WAYS = {
    "batches of 1 000": {"aggregates": 1000, "batch": 1000},
    "one by one": {"aggregates": 30, "batch": 1},
}


def run(race):
    """Let one of two processes append, then both at once."""
    first, second = race.ours, race.start_ours(race.place.database)
    tags = iter(range(10**6))

    def appending(writers, **values):
        race.ours.ask("reset")
        began = time.perf_counter()
        asked = [(writer, "append", {"tag": f"W{next(tags)}", **values}) for writer in writers]
        done = at_once(asked)
        assert done["seconds"] <= time.perf_counter() - began
        return done

    rows = []
    for what, values in WAYS.items():
        found = race.alternate(
            # First alone: two who record for the first time ever, at once, would meet.
            one=partial(appending, [first], **values),
            two=partial(appending, [first, second], **values),
        )
        two, one = rates(found["two"]), rates(found["one"])
        rows.append(Row(what, two, "one process", one, Target("at least", 1.7)))
    race.dismiss(second)
    return rows
