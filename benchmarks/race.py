"""One run: the contestants, who is there and who is not, and taking turns."""

from functools import cached_property

from tools.say import Progress, say

from .asking import Contestant

ARTICLE = "(a) the article's design"
EXECUTE_VALUES = "(b) execute_values"
COPY = "(b) COPY"
LIBRARY = "(c) eventsourcing"
MESSAGE_DB = "(d) message-db"
# The properties of a race that start somebody.
CONTESTANTS = (
    "ours",
    "article",
    "postgresql",
    "library",
    "message_db",
    "full",
    "full_postgresql",
)


def at_once(asked):
    """Ask several contestants at the same time.

    :param asked: ``(contestant, what to do, its values)`` of each
    :return: an answer for all together: what they counted is summed up
    """
    for contestant, do, values in asked:
        contestant.send(do, **values)
    answers = [contestant.receive() for contestant, _do, _values in asked]
    return {
        **{key: sum(answer[key] for answer in answers) for key in answers[0]},
        # All began together: the slowest one says how long it took.
        "seconds": max(answer["seconds"] for answer in answers),
    }


class Race:
    """What the parts are given.

    :ivar int rounds: how often everything is measured, in turn
    :ivar bool big: whether the large sizes were asked for
    :ivar dict missing: for a baseline that could not be had, why
    :param tools.bench.Place place: the databases, environments and logs
    """

    def __init__(self, place, rounds, big):
        self.place = place
        self.rounds = rounds
        self.big = big
        self.missing = dict(place.missing)
        self._started = []

    def start(self, module, *arguments, python=None):
        """Start a contestant; it ends with the race."""
        contestant = Contestant(
            python or self.place.python,
            module,
            arguments,
            self.place.environment,
            self.place.log / f"bench-{module}.log",
        )
        self._started.append(contestant)
        return contestant

    def start_ours(self, database):
        """Start an Odoo with the event store on one of the databases."""
        contestant = self.start("ours", database, *self.place.odoo_options)
        contestant.ask("prepare")
        return contestant

    def start_shop(self, products):
        """Start an Odoo with the rental app and so many products."""
        database = self.place.make_shop_database()
        contestant = self.start("shop", database, *self.place.odoo_options)
        contestant.ask("prepare", products=products)
        return contestant

    def dismiss(self, contestant):
        """End one contestant."""
        self._started.remove(contestant)
        contestant.close()

    def end(self):
        """End every contestant; who is asked again begins anew."""
        for name in CONTESTANTS:
            self.__dict__.pop(name, None)
        while self._started:
            self.dismiss(self._started[-1])

    @cached_property
    def ours(self):
        return self.start_ours(self.place.database)

    @cached_property
    def article(self):
        return self.start("article", self.place.database, *self.place.odoo_options)

    @cached_property
    def postgresql(self):
        return self.start("postgresql", self.place.database)

    @cached_property
    def library(self):
        python = self.place.library_python
        return self.start("eventsourcing_library", self.place.other_database, python=python)

    @cached_property
    def message_db(self):
        contestant = self.start("message_db", self.place.other_database)
        contestant.ask("install", folder=str(self.place.message_db_sql))
        return contestant

    @cached_property
    def stored(self):
        """How many events and rentals the full store has: filled where it is first used."""
        events = 1_000_000 if self.big else 100_000
        say(f"  storing {events:,} events first …")
        for first in range(0, events, 100_000):
            self.full.ask("append", tag=f"F{first}", aggregates=10_000, batch=1000)
            Progress.show(f"{first + 100_000:,} of {events:,}")
        Progress.end()
        self.full_postgresql.ask("vacuum")
        return events

    @cached_property
    def full(self):
        return self.start_ours(self.place.full_database)

    @cached_property
    def full_postgresql(self):
        return self.start("postgresql", self.place.full_database)

    def alternate(self, **tasks):
        """Do each task in turn, as often as there are rounds, after one turn that warms up.

        :param tasks: by label, functions that return an answer; None for one that is missing
        :return: ``{label: [answer]}``; for a missing one, None
        """
        tasks = {label: task for label, task in tasks.items() if task is not None}
        results = {label: [] for label in tasks}
        for number in range(self.rounds + 1):
            for label, task in tasks.items():
                Progress.show(f"{label}, {f'run {number}' if number else 'warming up'}")
                self.postgresql.ask("checkpoint")
                answer = task()
                if number:
                    results[label].append(answer)
        Progress.end()
        return results

    def if_there(self, baseline, task):
        """Return the task, or None where its baseline could not be had."""
        return None if baseline in self.missing else task
