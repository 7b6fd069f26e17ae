"""Which database errors are nobody's fault: not the event's, and not its handler's."""

from contextlib import contextmanager
from weakref import WeakKeyDictionary

from psycopg2 import InterfaceError, InternalError, OperationalError

from odoo import exceptions
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE, PG_CONCURRENCY_ERRORS_TO_RETRY

# Odoo 19 has an error of its own for conflicts that it retries.
CONFLICTS = (getattr(exceptions, "ConcurrencyError", ()),)
# Classes of PostgreSQL's codes: insufficient resources, system error, internal error.
RESOURCES = ("53", "58", "XX")
INTERVENTION = "57P"
CANCELED = "57014"  # statement_timeout, or somebody's pg_cancel_backend

_conflicts = WeakKeyDictionary()


def is_infrastructure_error(error):
    """Whether ``error`` must reach the caller: a conflict that Odoo retries, or a lost database.

    Turned into a ``SystemErrorOccurred``, a serialization failure would become a
    recorded fault of an event that had none. A handler may have wrapped it.
    """
    return any(db_error_kinds(error))


def db_error_kinds(error):
    """Yield the kinds of an error and of those that led to it, see :func:`db_error_kind`."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if kind := db_error_kind(error):
            yield kind
        error = error.__cause__ or error.__context__


@contextmanager
def apart(cr, logger, message, *values):
    """Do something in a savepoint; what goes wrong in it is logged, and keeps nothing else.

    :param str message: for the logger, with its values
    """
    try:
        with cr.savepoint():
            yield
    except Exception as error:
        if is_infrastructure_error(error):
            raise
        logger.exception(message, *values)


def db_error_kind(error):
    """Return ``conflict``, ``lost``, ``canceled``, ``resources`` or None for a database error.

    A conflict is what Odoo retries; lost is the connection; canceled is a statement that
    took too long for the database's settings; resources are a full disk and its like.
    """
    if isinstance(error, CONFLICTS):
        return "conflict"
    if isinstance(error, InterfaceError):
        return "lost"
    if not isinstance(error, OperationalError | InternalError):
        return None
    if error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY:
        return "conflict"
    if error.pgcode is None or error.pgcode.startswith(INTERVENTION):
        return "lost"
    if error.pgcode == CANCELED:
        return "canceled"
    return "resources" if error.pgcode.startswith(RESOURCES) else None


def is_last_try(cr):
    """Count a conflict on a cursor; return whether Odoo would not try again after it."""

    def forget_on_commit():
        # After the rollback of this try, which forgets what was to come after a commit.
        cr.postcommit.add(lambda: _conflicts.pop(cr, None))

    cr.postrollback.add(forget_on_commit)
    _conflicts[cr] = _conflicts.get(cr, 0) + 1
    return _conflicts[cr] >= MAX_TRIES_ON_CONCURRENCY_FAILURE
