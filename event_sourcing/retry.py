"""Which errors belong to Odoo's own retry, and to nobody else."""

from psycopg2 import InterfaceError, OperationalError

from odoo import exceptions
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

# Odoo 19 has an error of its own for conflicts that it retries.
FINAL = (InterfaceError, getattr(exceptions, "ConcurrencyError", InterfaceError))


def must_retry(error):
    """Whether ``error`` must reach Odoo: a conflict that it retries, or a lost connection.

    Turned into a ``SystemErrorOccurred``, a serialization failure would become a
    recorded fault of an event that had none. A handler may have wrapped it.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, FINAL):
            return True
        if isinstance(error, OperationalError) and (
            error.pgcode is None or error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY
        ):
            return True
        error = error.__cause__ or error.__context__
    return False
