"""A savepoint that costs no round trips of its own, and the isolation of a transaction."""

import threading
from contextlib import suppress
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    TRANSACTION_STATUS_IDLE,
    TRANSACTION_STATUS_INERROR,
)

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


def use_read_committed(cr):
    """Let this transaction see what others commit, where it begins with this call over RPC.

    Odoo's transactions see the database as it was when they began. Two of them that append to
    one aggregate end in a conflict, which Odoo retries after a pause. An append that is
    called over RPC does nothing else: it waits for the head of its stream, and goes on with what
    the writer before it left. The isolation level travels with the statement that begins a
    transaction, and is Odoo's own again with the next cursor.
    """
    path = urlsplit(getattr(threading.current_thread(), "url", "")).path
    if path.startswith("/xmlrpc/") or path == "/jsonrpc":
        connection = cr.connection
        if connection.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)


def is_read_committed(cr):
    """Whether a transaction sees what others commit meanwhile."""
    return cr.connection.isolation_level == ISOLATION_LEVEL_READ_COMMITTED
