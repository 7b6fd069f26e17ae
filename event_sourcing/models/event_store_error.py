from odoo import api, fields, models

from ..attempts import retry_uuid
from ..error_place import find_place, fingerprint


class EventStoreError(models.Model):
    """What a technical fault is recognised by, and by what its next try will be known."""

    _inherit = "event.store"

    error_fingerprint = fields.Char(
        readonly=True,
        copy=False,
        help="Shared by all failures of one bug: same error, same handler, same line of code.",
    )
    retry_uuid = fields.Char(
        string="UUID of the Next Try",
        readonly=True,
        copy=False,
        help="UUID of the event that applies the failed event again, once there is one.",
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
    def _error_vals(self, error, model_name, event_uuid):
        """Return the columns and the payload keys that a technical fault adds.

        :param str model_name: the aggregate type whose handler failed
        :param str event_uuid: of the event that failed
        :return: ``(columns, payload)``, two dicts
        """
        place = find_place(error)
        handler = self._find_handler(model_name)
        handler = model_name if handler is None else handler._name
        columns = {
            "error_fingerprint": fingerprint(type(error).__name__, handler, place),
            "retry_uuid": retry_uuid(event_uuid),
        }
        payload = {
            "handler": handler,
            "code_place": self._storable(str(place)),
            "code_line": self._storable(place.line),
        }
        return columns, payload
