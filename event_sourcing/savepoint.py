"""A savepoint that costs no round trips of its own."""

from contextlib import suppress

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

BEGIN = "SAVEPOINT event_sourcing_step"
END = "RELEASE SAVEPOINT event_sourcing_step"
TAKE_BACK = f"ROLLBACK TO SAVEPOINT event_sourcing_step; {END}"


class LazySavepoint:
    """All or nothing, as ``cr.savepoint()``: begun with its first statement, ended with its last.

    As there, what the ORM still has to write is written before, and forgotten by the ORM
    when the step is taken back.

    :param cr: an Odoo cursor
    """

    def __init__(self, cr):
        self._cr = cr
        self._open = False

    def __enter__(self):
        self._cr.flush()
        return self

    def begin(self):
        """Begin now, where other statements belong to the step before its first one."""
        self.execute("SELECT")

    def execute(self, statements, params=(), last=False):
        """Run statements in one go; the rows of the last one can be fetched, unless it ends here.

        :param str statements: one or more, with ``;`` between them
        :param bool last: whether nothing of the step comes after them
        """
        if not self._open:
            statements = f"{BEGIN}; {statements}"
            self._open = True  # what fails from here on, fails inside
        if last:
            statements = f"{statements}; {END}"
        self._cr.execute(statements, params)
        self._open = not last

    def roll_back(self):
        """Take all of it back, where an error does, or something else says so; it is over then."""
        self._cr.clear()
        # A lost connection has nothing to take back, and what lost it is what is told.
        with suppress(psycopg2.InterfaceError, psycopg2.OperationalError):
            self._cr.execute(TAKE_BACK)
        self._open = False

    def __exit__(self, kind, _error, _traceback):
        try:
            if kind is None and self._open:
                self._cr.flush()
                self._cr.execute(END)
                self._open = False
        finally:
            if self._open:
                self.roll_back()


def is_broken(cr):
    """Whether an error has broken the transaction, whoever caught it; asks no database."""
    return cr.connection.get_transaction_status() == TRANSACTION_STATUS_INERROR
