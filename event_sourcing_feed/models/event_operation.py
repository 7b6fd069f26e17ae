from contextlib import contextmanager
from functools import partial

from psycopg2 import errors

from odoo import api, models

from odoo.addons.event_sourcing.event import RetryStableUuids
from odoo.addons.event_sourcing.exceptions import StoredMeanwhile

from ..operation import Operation, current, operation

MAX_WORDS = 80


class EventOperation(models.Model):
    """Events of one business operation have one correlation, and those of a reaction a cause."""

    _inherit = "event.store"

    @property
    def operation(self):
        """``with store.operation("checkout") as correlation_id:``

        All events that are recorded on this cursor within it get one correlation id, whichever
        way they are recorded, unless their callers name another. Within another operation, or a
        reaction, that one's counts. No method, so that nobody can call it over RPC.
        """
        return partial(_begin, self)

    @api.model
    def _keys_of(self, proposed, derived):
        begun = current(self.env.cr)
        if begun is not None:
            secret = begun.origin and self._operation_secret()
            for vals, key in zip(proposed, derived, strict=True):
                if not key:  # what the store itself repeats keeps what it had
                    begun.name(vals, secret)
        return super()._keys_of(proposed, derived)

    @api.model
    def _operation_secret(self):
        """Return what makes UUIDs that follow from something unguessable for others."""
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    @api.model
    def _append_in_order(self, vals_list, policies, keys, origin):
        begun = current(self.env.cr)
        before = begun and begun.count
        try:
            return super()._append_in_order(vals_list, policies, keys, origin)
        except (errors.UniqueViolation, StoredMeanwhile):
            if begun:
                begun.count = before  # the same events come once more
            raise


@contextmanager
def _begin(store, name):
    name = store._clean_name("name", name)[:MAX_WORDS]
    number = RetryStableUuids(store.env.cr).next_uuid("operation", name)
    with operation(store.env.cr, Operation(f"{name}:{number}")) as begun:
        yield begun.correlation_id
