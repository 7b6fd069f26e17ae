"""Two processes that append to different aggregates, against one"""

import time
from functools import partial

from ..results import Row, Target, rates

WAYS = {
    "batches of 1 000": {"aggregates": 1000, "batch": 1000},
    "one by one": {"aggregates": 30, "batch": 1},
}


def run(race):
    """Let one of two processes append, then both at once."""
    first, second = race.ours, race.start_ours(race.place.database)
    tags = iter(range(10**6))

    def at_once(writers, **values):
        race.ours.ask("reset")
        began = time.perf_counter()
        for writer in writers:
            writer.send("append", tag=f"W{next(tags)}", **values)
        answers = [writer.receive() for writer in writers]
        # Both began together: the slower one says how long it took.
        seconds = max(answer["seconds"] for answer in answers)
        assert seconds <= time.perf_counter() - began
        return {"count": sum(answer["count"] for answer in answers), "seconds": seconds}

    rows = []
    for what, values in WAYS.items():
        found = race.alternate(
            two=partial(at_once, [first, second], **values),
            one=partial(at_once, [first], **values),
        )
        two, one = rates(found["two"]), rates(found["one"])
        rows.append(Row(what, two, "one process", one, Target("at least", 1.7)))
    race.dismiss(second)
    return rows
