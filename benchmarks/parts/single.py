"""Single append with its own commit, folded and projected"""

from ..race import ARTICLE, LIBRARY, MESSAGE_DB
from ..results import Row, Target, rates

AGGREGATES = 30  # ten events each
FLOOR = "(b) two round trips and a commit, with nothing to store but a number"


def run(race):
    """Measure 300 appends, a commit after each, against the baselines that commit as often."""

    def turn(contestant, do="append", **values):
        def task():
            asked = contestant()
            asked.ask("reset")
            return asked.ask(do, aggregates=AGGREGATES, **values)

        return task

    library = turn(lambda: race.library, "get_and_save")
    message_db = turn(lambda: race.message_db, batch=1)
    found = race.alternate(
        **{
            "ours": turn(lambda: race.ours, tag="S", batch=1),
            MESSAGE_DB: race.if_there(MESSAGE_DB, message_db),
            LIBRARY: race.if_there(LIBRARY, library),
            ARTICLE: turn(lambda: race.article, batch=1),
            FLOOR: lambda: race.postgresql.ask("floor", count=10 * AGGREGATES),
        }
    )
    compared = (
        (MESSAGE_DB, f"{MESSAGE_DB} (projects nothing)", Target("at least", 1)),
        (LIBRARY, f"{LIBRARY}, get and save (projects nothing)", Target("at least", 2)),
        (ARTICLE, ARTICLE, Target("at least", 2)),
        (FLOOR, FLOOR, None),
    )
    speed = rates(found["ours"])
    return [
        Row("one by one", speed, against, rates(found[label]), target)
        if label in found
        else Row("one by one", speed, against, None, target, race.missing[label])
        for label, against, target in compared
    ]
