"""Single append with its own commit, folded and projected"""

from ..race import ARTICLE, LIBRARY, MESSAGE_DB
from ..results import Row, Target, rates
from ..workload import NAMING

AGGREGATES = 30  # ten events each
NO_STATE_MESSAGE_DB = f"{MESSAGE_DB}, write_message alone (reads, checks and projects nothing)"
NO_STATE_LIBRARY = f"{LIBRARY}, get and save (projects nothing)"
RECORDS = "the same about rentals whose customer and product are records"
FLOOR = "(b) two round trips and a commit, with nothing to store but a number"


def run(race):
    """Measure 300 appends, a commit after each, against the baselines that commit as often."""

    def turn(contestant, do="append", **values):
        def task():
            asked = contestant()
            asked.ask("reset")
            return asked.ask(do, aggregates=AGGREGATES, **values)

        return task

    library, message_db = lambda: race.library, lambda: race.message_db
    found = race.alternate(
        **{
            "ours": turn(lambda: race.ours, tag="S", batch=1),
            RECORDS: turn(lambda: race.ours, tag="N", batch=1, model_name=NAMING),
            MESSAGE_DB: race.if_there(MESSAGE_DB, turn(message_db, "append_and_project", batch=1)),
            LIBRARY: race.if_there(LIBRARY, turn(library, "get_and_save", project=True)),
            ARTICLE: turn(lambda: race.article, batch=1),
            FLOOR: lambda: race.postgresql.ask("floor", count=10 * AGGREGATES),
            NO_STATE_MESSAGE_DB: race.if_there(MESSAGE_DB, turn(message_db, batch=1)),
            NO_STATE_LIBRARY: race.if_there(LIBRARY, turn(library, "get_and_save")),
        }
    )
    compared = (
        (MESSAGE_DB, f"{MESSAGE_DB}, doing the same", Target("at least", 1), MESSAGE_DB),
        (LIBRARY, f"{LIBRARY}, doing the same", Target("at least", 1), LIBRARY),
        (ARTICLE, ARTICLE, Target("at least", 2), ARTICLE),
        (FLOOR, FLOOR, None, FLOOR),
        (RECORDS, RECORDS, None, RECORDS),
        (NO_STATE_MESSAGE_DB, NO_STATE_MESSAGE_DB, None, MESSAGE_DB),
        (NO_STATE_LIBRARY, NO_STATE_LIBRARY, None, LIBRARY),
    )
    speed = rates(found["ours"])
    return [
        Row("one by one", speed, against, rates(found[label]), target)
        if label in found
        else Row("one by one", speed, against, None, target, race.missing[baseline])
        for label, against, target, baseline in compared
    ]
