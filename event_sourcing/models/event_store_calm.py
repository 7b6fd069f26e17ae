from psycopg2 import InterfaceError, InternalError, OperationalError, errors
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, TRANSACTION_STATUS_IDLE

from odoo import _, api, models
from odoo.exceptions import UserError

from ..exceptions import StoredMeanwhile
from ..fields import in_rpc
from ..retry import is_last_try, trouble
from .event_store import ATTEMPTED


class EventStoreCalm(models.Model):
    """Many writers at once wait for each other, and nobody sees a database error.

    Odoo's transactions see the database as it was when they began. Two of them that
    append to one aggregate end in a conflict, which Odoo retries after a pause. An
    append that is called over RPC does nothing else: it may see the database as it is,
    waits for the head of its stream, and goes on with what the writer before it left.
    """

    _inherit = "event.store"

    @api.model_create_multi
    def create(self, vals_list):
        self._wait_in_line()
        return super().create(vals_list)

    @api.model
    def append_batch(self, calls=None, policy=None):
        self._wait_in_line()
        return super().append_batch(calls, policy)

    @api.model
    def _append_all(self, vals_list, policies=None, keys=None):
        try:
            return super()._append_all(vals_list, policies, keys)
        except (errors.UniqueViolation, StoredMeanwhile):
            # While it waited, somebody stored an event of the same UUID: now it is known.
            if not self._in_line():
                raise
            return super()._append_all(vals_list, policies, keys)
        except (OperationalError, InternalError, InterfaceError) as error:
            refusal = self._in_words(error)
            if refusal is None:
                raise
            raise refusal from error

    @api.model
    def _begin(self, step, vals_list, folded):
        """Look again, now that nobody else writes to the streams, for what no index holds together.

        An attempt that was recorded apart is applied again by an event of another UUID. Where
        everybody sees the database as it was, the second of the two gets a conflict.
        """
        heads = super()._begin(step, vals_list, folded)
        if self._in_line():
            keys = [
                ("event_uuid", vals["company_id"], vals["event_uuid"])
                for vals in vals_list
                if ATTEMPTED in vals
            ]
            if keys and any(self._stored_by_key(keys).values()):
                raise StoredMeanwhile
        return heads

    @api.model
    def _wait_in_line(self):
        """Let this transaction see what others commit, where it begins with this call.

        The isolation level travels with the statement that begins a transaction, and is
        Odoo's own again with the next cursor.
        """
        connection = self.env.cr.connection
        if in_rpc() and connection.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)

    @api.model
    def _in_line(self):
        return self.env.cr.connection.isolation_level == ISOLATION_LEVEL_READ_COMMITTED

    @api.model
    def _in_words(self, error):
        """Return what to tell the user about a database error, None where Odoo tries again."""
        kind = trouble(error)
        if kind == "conflict" and is_last_try(self.env.cr):
            return UserError(
                _(
                    "Too many people changed the same record at the same moment. Nothing was"
                    " stored; please try again."
                )
            )
        if kind == "lost":
            return UserError(
                _(
                    "The connection to the database was lost. Nothing was stored; please try"
                    " again, with the same UUIDs where you gave some."
                )
            )
        if kind == "canceled":
            return UserError(
                _(
                    "The database stopped this because it took too long. Nothing was stored;"
                    " please try again later, or with fewer events at once."
                )
            )
        if kind == "resources":
            return UserError(
                _(
                    "The database cannot store anything at present (%(reason)s). Nothing was"
                    " stored; tell your administrator, then try again.",
                    reason=str(error).strip().splitlines()[0],
                )
            )
        return None
