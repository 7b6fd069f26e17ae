from odoo import api, models

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

from ..transfer_file import RowParseError

# What the screens, and so their exports, show in place of a stored field.
SHOWN = {
    "aggregate_label": "model_name",
    "event_label": "event_type",
    "payload_json": "payload",
    "reason": "error_message",
}


class EventImportLabels(models.AbstractModel):
    """What people call columns, aggregate types and events, taken for the technical names.

    A list that was exported from the backend says no other names. They count in each
    installed language and in English, and only where they mean one thing alone.
    """

    _inherit = "event.import.row"

    @api.model
    def _languages(self):
        installed = self.env["res.lang"].sudo().get_installed()
        return {"en_US", *(code for code, _name in installed)}

    @api.model
    def _known_columns(self):
        """Return ``{what a column may be called, in small letters: name of the field}``."""
        store = self.env["event.store"].sudo()
        stored = [
            name for name, field in store._fields.items() if field.store and field.column_type
        ]
        names = {**SHOWN, **{name: name for name in stored}}
        known = {"company": "company_id"}
        for lang in self._languages():
            labels = store.with_context(lang=lang).fields_get(list(names), ["string"])
            known.update({labels[name]["string"].casefold(): names[name] for name in labels})
        # Names of fields mean themselves, whatever a label says.
        return {**known, **names}

    @api.model
    def _resolve_labels(self, row, labels):
        """Put technical names where a row has the labels of its aggregate type and event.

        :param dict row: texts by field name; changed
        :param dict labels: what was found out before; filled
        :raise RowParseError: for a label that several have
        """
        registry = self.env["snapshot.handler.registry"]
        model_name = row.get("model_name")
        if model_name:
            if None not in labels:
                names = registry._handler_names()
                found = self._by_label(names, lambda own, name: own._aggregate_label(name))
                labels[None] = {*names, *registry._aliases()}, found
            model_name = row["model_name"] = self._match_label(model_name, *labels[None])
        if model_name and row.get("event_type"):
            if model_name not in labels:
                labels[model_name] = self._event_names(model_name)
            row["event_type"] = self._match_label(row["event_type"], *labels[model_name])

    @api.model
    def _event_names(self, model_name):
        """Return the event types of an aggregate type, and ``{label: set of them}``."""
        registry = self.env["snapshot.handler.registry"]
        handler = registry._known_handler(model_name)
        if handler is None:
            return set(), {}
        names = [*registry._event_types(handler), *FAILURE_TYPES]
        found = self._by_label(names, lambda own, name: own._event_label(model_name, name))
        return {*names, *handler._event_aliases}, found

    @api.model
    def _by_label(self, names, label):
        """Return ``{label in small letters: set of names}``."""
        found = {}
        for lang in self._languages():
            registry = self.env["snapshot.handler.registry"].with_context(lang=lang)
            for name in names:
                found.setdefault(label(registry, name).casefold(), set()).add(name)
        return found

    @api.model
    def _match_label(self, text, names, by_label):
        """Return the one name that a cell means; the text itself where it means none."""
        meant = by_label.get(text.casefold(), ())
        if text in names or not meant:
            return text
        if len(meant) > 1:
            raise RowParseError("label_of_many", label=text, names=", ".join(sorted(meant)))
        return next(iter(meant))
