import re
from datetime import datetime

from odoo import _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from odoo.addons.event_sourcing_base.canonical_json import BEYOND_XML
from odoo.addons.event_sourcing_base.column_values import NESTED

MISSING = object()
MAX_MODEL_ID = 2**31 - 1
NOTHING = "—"
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?")


class EventDocument(models.AbstractModel):
    """The keys and values of a JSON document as people read them.

    The handler of the aggregate type lends its labels, its kinds of values and the
    columns of its snapshot model.
    """

    _name = "event.document"
    _description = "Readable JSON Document"

    @api.model
    def _in_order(self, document, words):
        """Return an object with the keys that have a meaning first; jsonb keeps no order."""
        if not isinstance(document, dict):
            return document
        known = {key: place for place, key in enumerate(words["order"])}
        keys = sorted(document, key=lambda key: (known.get(key, len(known)), key))
        return {key: document[key] for key in keys}

    @api.model
    def _leaves(self, value, path=()):
        """Yield ``(path, value)`` for what is no object or list, or an empty one."""
        if isinstance(value, dict) and value:
            for key, item in value.items():
                yield from self._leaves(item, (*path, key))
        elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
            for number, item in enumerate(value, 1):
                yield from self._leaves(item, (*path, str(number)))
        elif path:
            yield path, value

    @api.model
    def _changed(self, before, after):
        """Return what differs between two JSON objects.

        :return: list of ``(path, before, after)``; ``MISSING`` where one has no such value
        """
        old, new = dict(self._leaves(before)), dict(self._leaves(after))
        return [
            (path, old.get(path, MISSING), new.get(path, MISSING))
            for path in dict.fromkeys([*old, *new])
            # 1 and 1.0 and True are different values, though equal in Python.
            if repr(old.get(path, MISSING)) != repr(new.get(path, MISSING))
        ]

    @api.model
    def _labels(self, model_name, event_type=None, schema_version=None):
        """Return what is known about keys: labels, kinds and fields, by key.

        :param int schema_version: in which the payload is written; today's for None
        """
        words = {
            "model_name": model_name,
            "handler": None,
            "labels": self._engine_labels(),
            "order": list(self._engine_labels()),
            "declared": {},
            "nested": {},
            "fields": {},
        }
        handler = self.env["snapshot.handler.registry"]._known_handler(model_name)
        if handler is None:
            return words
        words["handler"] = handler
        snapshot = self.env.get(handler._snapshot_model)
        if snapshot is not None:
            words["fields"] = {name: snapshot._fields[name] for name in snapshot._typed_columns()}
            for name, field in words["fields"].items():
                words["labels"][name] = field._description_string(self.env)
        words["labels"].update(handler._payload_labels())
        # Of a key that several events declare, the first one counts, unless it is of the others.
        for declared in reversed(handler._payload_fields.values()):
            words["declared"].update(declared)
        today = handler._event_aliases.get(event_type, event_type)
        own = handler._payload_fields.get(today, {})
        if schema_version and schema_version != handler._schema_versions.get(today, 1):
            former = handler._former_payload_fields.get(today, {})
            own = {**own, **former.get(schema_version, {})}
        words["declared"].update(own)
        words["nested"] = {k: f for k, f in words["declared"].items() if f.kind in NESTED}
        order = [*own, *words["fields"], *handler._payload_labels(), *words["order"]]
        words["order"] = list(dict.fromkeys(order))
        return words

    @api.model
    def _engine_labels(self):
        """Labels of the keys that the engine itself writes into failure events."""
        return {
            "status": _("Status"),
            "failed_event": _("Event Attempted"),
            "error_message": _("Reason"),
            "error_messages": _("Reason in Other Languages"),
            "failed_payload": _("Payload of the Attempt"),
            "failed_event_uuid": _("UUID of the Attempt"),
            "error_class": _("Kind of Error"),
            "traceback": _("Technical Details"),
        }

    @api.model
    def _step_label(self, step, words):
        return words["labels"].get(step, step)

    @api.model
    def _readable(self, path, value, words):
        """Return one value as text, in the language and time zone of the user."""
        if value is None or value == "" or value == {} or value == []:
            return NOTHING
        if isinstance(value, list):
            return "\n".join(self._readable(path, item, words) for item in value)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        key = path[-1] if not path[-1].isdigit() or len(path) == 1 else path[-2]
        declared = self._declared_at(path, words) or words["declared"].get(key)
        if isinstance(value, int | float):
            return self._readable_number(key, value, declared, words)
        if key == "failed_event":
            return self.env["snapshot.handler.registry"]._event_label(words["model_name"], value)
        if key == "status" and words["handler"] is not None:
            return words["handler"]._status_labels().get(value, value)
        field = words["fields"].get(key)
        if field is not None and field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        said = words["handler"]._value_text(key, value) if words["handler"] is not None else None
        if said is not None:
            return said
        value = BEYOND_XML.sub("", value)
        return value if declared and declared.kind == "text" else self._readable_text(value)

    @api.model
    def _declared_at(self, path, words):
        """Return what is declared of a value in a list or an object, None where nothing is."""
        if path[0] == "failed_payload":
            path = path[1:]
        field = words["nested"].get(path[0]) if path else None
        found = field and field.at(path[1:])
        # The values of a list of plain values are shown in one place.
        return found.items if found and found.kind == "list" else found

    @api.model
    def _readable_number(self, key, value, declared, words):
        field = words["fields"].get(key)
        model = declared.model if declared else None
        if not model and field is not None and field.type == "many2one":
            model = field.comodel_name
        if model and model in self.env and isinstance(value, int) and 0 < value <= MAX_MODEL_ID:
            return self._record_name(model, value)
        whole = isinstance(value, int) or value.is_integer()
        if declared is None and field is None and isinstance(value, int):
            return str(value)  # it may be a year or a number plate
        digits = 0 if whole else min(len(repr(value).partition(".")[2]), 6)
        return formatLang(self.env, value, digits=digits)

    @api.model
    def _record_name(self, model, record_id):
        """Return the name of a record; its number where it is gone or not for this user."""
        records = self.env[model].with_context(active_test=False)
        try:
            return records.search([("id", "=", record_id)]).display_name or str(record_id)
        except AccessError:
            return str(record_id)

    @api.model
    def _readable_text(self, value):
        """Return a text; dates and moments as the user's language writes them."""
        if not DATE.fullmatch(value) and not MOMENT.fullmatch(value):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        if len(value) == len("2026-01-31"):
            return format_date(self.env, moment.date())
        moment = fields.Datetime.context_timestamp(self, moment)
        return f"{format_date(self.env, moment.date())} {moment:%H:%M:%S}"
