"""A database for each addon: it, what it depends on, what tests need, and nothing else."""

import ast
import threading
from collections import defaultdict

from .database import Database, code_hash
from .layout import ADDONS, ROOT, TEST_ADDONS, installed_addons, test_addons

PREFIX = "es_made_"
# The addon with the whole engine and nothing that only uses it: everything is made on it.
ENGINE = "event_sourcing_all"


class AddonDatabases:
    """Databases that are copies of each other, with one addon more at a time.

    Each is made when it is first asked for and kept for later runs, under a name that says of
    which code it is; tests get copies.

    :param tuple arguments: of :class:`tools.database.Database`, after the name
    """

    def __init__(self, *arguments):
        self._arguments = arguments
        self.server, _python, source, *_rest = arguments
        self._series = source.series[:2]
        # A database is made once; one that is made is copied only, and nobody is connected.
        self._locks = defaultdict(threading.Lock)

    def copy(self, addon, name):
        """Make a copy of an addon's database under a name, and return it.

        :param str addon: one of ours; None for all of them
        """
        self.made(addon).copy(name)
        return Database(name, *self._arguments)

    def drop(self, of_today=False):
        """Remove those of code that is no longer there.

        :param bool of_today: and all others
        """
        kept = set() if of_today else {self._name(addon) for addon in (*ADDONS, None)}
        any_one = Database("postgres", *self._arguments)
        for name in set(any_one.names(f"{PREFIX}{self._series}")) - kept:
            any_one.drop(name)

    def made(self, addon):
        """Return the database of an addon, made now if it is not there; it is only to be copied.

        :param str addon: as for :meth:`copy`
        """
        database = Database(self._name(addon), *self._arguments)
        with self._locks[database.name]:
            if not database.is_complete():
                below = below_of(addon) if addon else ENGINE
                if below:
                    self.made(below).copy(database.name)
                    addons = [addon] if addon else installed_addons()
                    database.add([*addons, *tests_of(self._addons(addon))])
                else:
                    database.create([addon, *tests_of([addon])])
                database.note_complete()
        return database

    def _addons(self, addon):
        return sorted(reach_of(addon) if addon else installed_addons())

    def _name(self, addon):
        addons = self._addons(addon)
        folders = [ROOT / name for name in addons]
        folders += [TEST_ADDONS / name for name in tests_of(addons)]
        return f"{PREFIX}{self._series}{code_hash(folders)[:6]}_{addon or 'everything'}"


def below_of(addon):
    """Return the addon of ours that another one depends on and that needs most; None for none."""
    below = depends_on(addon)
    return max(below, key=lambda name: len(reach_of(name)), default=None)


def depends_on(addon, root=ROOT):
    """Return the addons of ours that a manifest names."""
    text = (root / addon / "__manifest__.py").read_text(encoding="utf-8")
    return [name for name in ast.literal_eval(text)["depends"] if name in ADDONS]


def tests_of(addons):
    """Return the addons with what tests need that go with these, and need no other of ours."""
    return [n for n in test_addons() if set(depends_on(n, TEST_ADDONS)) <= set(addons)]


def reach_of(addon):
    """Return the addons of ours that are installed with one, itself, too."""
    return {addon}.union(*map(reach_of, depends_on(addon)))
