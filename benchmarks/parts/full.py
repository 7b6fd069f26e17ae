"""A full store against an empty one"""

from ..results import Row, Target, rates

AT_LEAST = Target("at least", 0.9)


def run(race):
    """Measure both on two databases that differ in what is stored."""
    events = race.stored
    tags = iter(range(10**6))

    def on(contestant, empty, **values):
        def task():
            if empty:
                contestant().ask("reset")
            return contestant().ask("append", tag=f"N{next(tags)}", **values)

        return task

    rows = []
    for what, values in (
        ("one by one", {"aggregates": 30, "batch": 1}),
        ("batches of 1 000", {"aggregates": 500, "batch": 1000}),
    ):
        found = race.alternate(
            full=on(lambda: race.full, False, **values),
            empty=on(lambda: race.ours, True, **values),
        )
        what = f"{what}, with {events:,} events of {events // 10:,} aggregates".replace(",", " ")
        note = "" if race.big else "a smaller store than the target's: BIG=yes stores 1 000 000"
        rows.append(
            Row(
                what.replace("  ", ", "),
                rates(found["full"]),
                "the same in an empty store",
                rates(found["empty"]),
                AT_LEAST,
                note,
            )
        )
    return rows
