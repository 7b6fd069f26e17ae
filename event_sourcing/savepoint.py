"""A savepoint that costs no round trips of its own."""

from concurrent.futures import ThreadPoolExecutor
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
        self._thread = None
        self._behind = None

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
        self._wait()
        if not self._open:
            statements = f"{BEGIN}; {statements}"
            self._open = True  # what fails from here on, fails inside
        if last:
            statements = f"{statements}; {END}"
        self._cr.execute(statements, params)
        self._open = not last

    def execute_behind(self, statements, params):
        """Run statements while the caller goes on; whatever is executed next waits for them.

        The step must have begun. What goes wrong is raised by what waits. The statements have
        a cursor of their own on the same connection, which takes one at a time: a caller who
        reads something meanwhile finds their own rows.
        """
        self._wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        self._behind = self._thread.submit(_execute, self._cr.connection, statements, params)

    def _wait(self):
        if self._behind is not None:
            behind, self._behind = self._behind, None
            behind.result()

    def roll_back(self):
        """Take all of it back, where something else than an error says so; it is over then."""
        self._wait()
        self._take_back()

    def __exit__(self, kind, _error, _traceback):
        try:
            if kind is None:
                self._wait()
                if self._open:
                    self._cr.flush()
                    self._cr.execute(END)
                    self._open = False
        finally:
            with suppress(Exception):  # what it was about is on its way up already
                self._wait()
            if self._thread is not None:
                self._thread.shutdown()
            if self._open:
                self._take_back()

    def _take_back(self):
        self._cr.clear()
        # A lost connection has nothing to take back, and what lost it is what is told.
        with suppress(psycopg2.InterfaceError, psycopg2.OperationalError):
            self._cr.execute(TAKE_BACK)
        self._open = False


def _execute(connection, statements, params):
    with connection.cursor() as cursor:
        cursor.execute(statements, params)


def is_broken(cr):
    """Whether an error has broken the transaction, whoever caught it; asks no database."""
    return cr.connection.get_transaction_status() == TRANSACTION_STATUS_INERROR
