from odoo import api, fields, models

from ..error_place import find_place, fingerprint


class EventStoreError(models.Model):
    """What a technical fault is recognised by, and by what its next try will be known."""

    _inherit = "event.store"

    error_fingerprint = fields.Char(
        readonly=True,
        copy=False,
        help="Shared by all failures of one bug: same error, same handler, same line of code.",
    )

    def init(self):
        # A group is read without the traceback of each failure, and the whole inbox
        # without the events that went well.
        super().init()
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS event_store_error_index
                ON event_store (error_fingerprint, company_id, id)
             WHERE event_type = 'SystemErrorOccurred'
            """
        )

    @api.model
    def _error_vals(self, error, model_name):
        """Return the columns and the payload keys that a technical fault adds.

        :param str model_name: the aggregate type whose handler failed
        :return: ``(columns, payload)``, two dicts
        """
        place = find_place(error)
        handler = self._find_handler(model_name)
        handler = model_name if handler is None else handler._name
        columns = {
            "error_fingerprint": fingerprint(type(error).__name__, handler, place),
        }
        payload = {
            "handler": handler,
            "code_place": self._storable(str(place)),
            "code_line": self._storable(place.line),
        }
        return columns, payload
