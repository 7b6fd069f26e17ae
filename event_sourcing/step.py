"""A savepoint that costs no round trips of its own."""

from contextlib import suppress

import psycopg2

BEGIN = "SAVEPOINT event_sourcing_step"
END = "RELEASE SAVEPOINT event_sourcing_step"
TAKE_BACK = f"ROLLBACK TO SAVEPOINT event_sourcing_step; {END}"


class Step:
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

    def begin(self):
        """Begin now, where other statements belong to the step before its first one."""
        self.execute("SELECT")

    def __exit__(self, kind, _error, _traceback):
        if not self._open:
            return
        try:
            if kind is None:
                self._cr.flush()
                self._cr.execute(END)
                self._open = False
        finally:
            if self._open:
                self._take_back()

    def _take_back(self):
        self._cr.clear()
        # A lost connection has nothing to take back, and what lost it is what is told.
        with suppress(psycopg2.InterfaceError, psycopg2.OperationalError):
            self._cr.execute(TAKE_BACK)
        self._open = False
