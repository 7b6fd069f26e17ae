"""The feed, followed by a read model while eight processes append and somebody writes on"""

import statistics

from ..page import number
from ..results import Row, Samples, Target, rates

EVENTS = 100_000  # ten times as many with BIG=yes
WRITERS = 8
BATCH = 20
# Rentals of which the cost of an append is measured, ten events each.
WAYS = {"batches of 1 000": (1000, 1000), "one by one": (30, 1)}


def run(race):
    """Count what is lost, and measure lag, speed and what the feed costs an append."""
    race.end()  # a database is made of one that nobody is connected to
    database = race.place.make_feed_database()
    return [*_cost(race, database), *_follow(race, database)]


def _cost(race, database):
    with_feed = race.start_ours(database)
    rows = []
    for what, (aggregates, batch) in WAYS.items():
        tags = iter(range(10**6))

        def appending(contestant, aggregates=aggregates, batch=batch, tags=tags):
            contestant.ask("reset")
            return contestant.ask(
                "append", tag=f"C{next(tags)}", aggregates=aggregates, batch=batch
            )

        found = race.alternate(
            without=lambda appending=appending: appending(race.ours),
            feed=lambda appending=appending: appending(with_feed),
        )
        mine, other = rates(found["feed"]), rates(found["without"])
        rows.append(
            Row(f"append, {what}", mine, "without the feed", other, Target("at least", 0.97))
        )
    race.dismiss(with_feed)
    return rows


def _follow(race, database):
    events = 10 * EVENTS if race.big else EVENTS
    follower, *writers = (
        race.start("feed", database, *race.place.odoo_options) for _n in range(WRITERS + 1)
    )
    follower.ask("prepare")
    follower.ask("reset")
    follower.ask("begin", first=False)
    follower.send("follow", count=100)
    paced = writers[0].ask("write", tag="P", aggregates=10, batch=1, pause=0.05)
    alone = _lags([paced], follower.receive())
    follower.ask("begin", first=False)
    follower.send("follow", count=events)
    for n, writer in enumerate(writers):
        aggregates = events // 10 // WRITERS
        writer.send("write", tag=f"F{n}", aggregates=aggregates, batch=BATCH)
    written = [writer.receive() for writer in writers]
    followed = follower.receive()
    wrong = [("while they append", follower.ask("compare"))]
    for writer in writers:
        race.dismiss(writer)
    follower.ask("begin", first=True)
    backlog = follower.ask("follow", count=events + paced["count"])
    wrong.append(("from the first event on", follower.ask("compare")))
    race.dismiss(follower)
    what = f"{number(events)} events"
    none = Target("at most", 0)
    speed = Samples(
        (sum(a["count"] for a in written) / max(a["seconds"] for a in written),), "events/s"
    )
    note = f"appended at {number(round(speed.median))} events/s"
    lag = _lags(written, followed)
    return [
        *(
            Row(f"{what} {when}: {name}", Samples((found[key],), "events"), target=none)
            for when, found in wrong
            for key, name in (
                ("lost", "lost"),
                ("twice", "twice"),
                ("disorder", "out of stream order"),
            )
        ),
        Row(
            "lag of single appends beside an open transaction, median",
            Samples((alone[49],), "ms"),
            target=Target("under", 100),
        ),
        Row("lag, median", Samples((lag[49],), "ms"), target=Target("under", 100), note=note),
        Row("lag, 99 of 100 are below", Samples((lag[98],), "ms"), note=note),
        Row("working off a backlog", rates([backlog]), target=Target("at least", 10_000)),
    ]


def _lags(written, followed):
    """Return the percentiles of the milliseconds from a commit to that of its effect."""
    taken = dict(followed["taken"])
    lags = [
        1000 * max(0.0, taken[event_id] - moment)
        for answer in written
        for event_id, moment in answer["committed"]
        if event_id in taken
    ]
    return statistics.quantiles(lags, n=100)
