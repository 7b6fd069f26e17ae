from odoo import _, api, models

from ..words import spaced
from .event_store import INVALID_OPERATION, SYSTEM_ERROR

DEFAULT_ICON = "fa-circle-o"


class HandlerKnowledge(models.AbstractModel):
    """What screens may say about an aggregate type: its handler's words, if it has any."""

    _inherit = "snapshot.handler.registry"

    @api.model
    def _known_handler(self, model_name):
        """Return the handler that can explain ``model_name``, in this environment.

        None where there is no handler, where two claim the aggregate, or where the
        handler is a plain model with ``apply_event`` that declares nothing: a screen
        must open in each of these cases.
        """
        name = self._handler_names().get(self._canonical_name(model_name or ""))
        if not name or name not in self.env:
            return None
        handler = self.env[name]
        return handler if isinstance(handler, self.env.registry["snapshot.handler"]) else None

    @api.model
    def _event_label(self, model_name, event_type):
        """Return what people call an event type, in the language of the user."""
        engine = {
            INVALID_OPERATION: _("Refused Attempt"),
            SYSTEM_ERROR: _("Technical Fault"),
        }
        if event_type in engine:
            return engine[event_type]
        handler = self._known_handler(model_name)
        if handler is None:
            return spaced(event_type)
        today = handler._event_aliases.get(event_type, event_type)
        return handler._event_label(today)

    @api.model
    def _event_icon(self, model_name, event_type):
        """Return the Font Awesome icon of an event type, such as ``fa-truck``."""
        handler = self._known_handler(model_name)
        if handler is None:
            return DEFAULT_ICON
        today = handler._event_aliases.get(event_type, event_type)
        return handler._event_icons.get(today, DEFAULT_ICON)

    @api.model
    def _aggregate_label(self, model_name):
        """Return what people call an aggregate type: the name of its business model."""
        handler = self._known_handler(model_name)
        source = handler._source_model if handler is not None else None
        if not source or source not in self.env:
            return model_name or ""
        return self.env["ir.model"].sudo()._get(source).name

    @api.model
    def _source_records(self, model_name, keys):
        """Return ``{key: business record}`` that the user may read.

        :param keys: of streams, ``(company id, aggregate id)``
        :return: recordset of the handler's source model per key; empty where there is
            none, or none that is open to the user
        """
        handler = self._known_handler(model_name)
        name = handler._source_model if handler is not None else None
        if not name or name not in self.env:
            return {}
        source = self.env[name]
        if not self._may_read(source):
            return {}
        field = getattr(source, "_aggregate_field", "name")
        names = list({aggregate_id for _company_id, aggregate_id in keys})
        found = {}
        for record in source.with_context(active_test=False).search([(field, "in", names)]):
            company = "company_id" in record._fields and record.company_id.id
            found.setdefault((company or None, record[field]), record)
        # A record without a company stands for the streams of any.
        records = {key: found.get(key) or found.get((None, key[1])) for key in keys}
        return {key: record for key, record in records.items() if record}

    @api.model
    def _may_read(self, model):
        if hasattr(model, "has_access"):
            return model.has_access("read")
        return model.check_access_rights("read", raise_exception=False)
