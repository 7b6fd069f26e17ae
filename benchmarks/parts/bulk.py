"""Bulk append: 20 000 events over 2 000 aggregates, folded and projected into snapshots"""

from ..race import ARTICLE, COPY, EXECUTE_VALUES, LIBRARY, MESSAGE_DB
from ..results import Row, Target, rates

AGGREGATES = 2000
NO_STATE = f"{LIBRARY}, bulk save of new rentals (reads and projects nothing)"
FOR_ARTICLE = 2000  # events: twenty thousand would take minutes


def run(race):
    """Measure batches of 1 000 and one of 20 000 against all baselines."""
    return [row for batch in (1000, 0) for row in _batches(race, batch)]


def _batches(race, batch):
    def ours():
        race.ours.ask("reset")
        return race.ours.ask("append", tag="B", aggregates=AGGREGATES, batch=batch)

    def postgresql(do, **values):
        if not race.postgresql.ask("keep_rows")["count"]:
            raise ValueError("there are no rows of ours to insert again")
        race.postgresql.ask("reset")
        return race.postgresql.ask(do, **values)

    def library():
        race.library.ask("reset")
        return race.library.ask("save", aggregates=AGGREGATES, batch=batch)

    def library_alike():
        race.library.ask("reset")
        return race.library.ask("get_and_save", aggregates=AGGREGATES, batch=batch, project=True)

    def message_db():
        race.message_db.ask("reset")
        return race.message_db.ask("append", aggregates=AGGREGATES // 10, batch=100)

    def article():
        race.article.ask("reset")
        events = None if race.big else FOR_ARTICLE
        return race.article.ask("append", aggregates=AGGREGATES, batch=batch, events=events)

    found = race.alternate(
        **{
            "ours": ours,  # leaves the rows that PostgreSQL inserts next
            EXECUTE_VALUES: lambda: postgresql("insert", batch=batch),
            COPY: lambda: postgresql("copy"),
            LIBRARY: race.if_there(LIBRARY, library_alike),
            NO_STATE: race.if_there(LIBRARY, library),
            MESSAGE_DB: race.if_there(MESSAGE_DB, message_db),
            ARTICLE: article,
        }
    )
    size = "batches of 1 000" if batch else "one batch of 20 000"
    some = "" if race.big else f", its first {FOR_ARTICLE} events"
    compared = (
        (EXECUTE_VALUES, EXECUTE_VALUES, Target("at least", 0.5)),
        (COPY, f"{COPY}, one transaction", None),
        (LIBRARY, f"{LIBRARY}, doing the same", Target("at least", 3)),
        (NO_STATE, NO_STATE, None),
        (MESSAGE_DB, f"{MESSAGE_DB}, a commit per 100 (projects nothing)", None),
        (ARTICLE, f"{ARTICLE}{some}", Target("at least", 20)),
    )
    speed = rates(found["ours"])
    return [
        Row(size, speed, against, rates(found[label]), target)
        if label in found
        else Row(size, speed, against, None, target, race.missing.get(label, ""))
        for label, against, target in compared
    ]
