"""A database for each addon: it, what it depends on, what tests need, and nothing else."""

import ast
import threading

from .database import Database
from .layout import ADDONS, ROOT, installed_addons, test_addons


class AddonDatabases:
    """Databases that are copies of each other, with one addon more at a time.

    Each is made when it is first asked for, and never used: tests get copies.

    :param str prefix: of their names
    :param tuple arguments: of :class:`tools.database.Database`, after the name
    """

    def __init__(self, prefix, *arguments):
        self._prefix = prefix
        self._arguments = arguments
        self._made = {}
        self._lock = threading.Lock()  # a database is copied while nobody is connected

    def copy(self, addon, name):
        """Make a copy of an addon's database under a name, and return it.

        :param str addon: one of ours; None for all of them
        """
        with self._lock:
            self._of(addon).copy(name)
        return Database(name, *self._arguments)

    def drop(self):
        """Remove them all."""
        for database in self._made.values():
            database.drop(database.name)

    def _of(self, addon):
        """Return the database of an addon, made now if it is not there."""
        if addon not in self._made:
            database = Database(f"{self._prefix}_{addon or 'everything'}", *self._arguments)
            below = below_of(addon) if addon else "event_sourcing_all"
            if below:
                self._of(below).copy(database.name)
            self._made[addon] = database
            if not below:
                database.create([addon, *test_addons()])
            else:
                database.add([addon] if addon else installed_addons())
        return self._made[addon]


def below_of(addon):
    """Return the addon of ours that another one depends on and that needs most; None for none."""
    below = depends_on(addon)
    return max(below, key=lambda name: len(reach_of(name)), default=None)


def depends_on(addon):
    """Return the addons of ours that a manifest names."""
    text = (ROOT / addon / "__manifest__.py").read_text(encoding="utf-8")
    return [name for name in ast.literal_eval(text)["depends"] if name in ADDONS]


def reach_of(addon):
    """Return the addons of ours that are installed with one, itself, too."""
    return {addon}.union(*map(reach_of, depends_on(addon)))
