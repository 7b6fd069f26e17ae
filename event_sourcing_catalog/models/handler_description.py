from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.arguments import shown, text
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_declaration.declared import example

DEFAULT_ICON = "fa-circle-o"
# What JSON Schema calls the kinds of payload fields.
SCHEMAS = {
    "text": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?$"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array"},
    "object": {"type": "object"},
}
LEAST = {"list": "minItems", "object": "minProperties"}


class HandlerDescription(models.AbstractModel):
    """What a handler declares, in one structure: for documentation and other systems."""

    _inherit = "snapshot.handler.registry"

    @api.model
    def _describe(self, model_name):
        """Return the events of an aggregate type, in the language of the user.

        :return: what ``event.store.describe`` documents
        :raise UserError: where no handler explains the aggregate type
        """
        handler = self._known_handler(model_name)
        if handler is None:
            raise UserError(
                _(
                    "No handler explains %(aggregate)s; see Event Sourcing, Handlers, for those"
                    " that do.",
                    aggregate=shown(model_name),
                )
            )
        statuses, label = handler._status_labels(), self._aggregate_label(model_name)
        return {
            "model_name": self._canonical_name(model_name),
            "label": label,
            "title": _("Events of %(aggregate)s", aggregate=label),
            "initial_status": handler._initial_status if handler._transitions else "",
            "initial_rule": self._initial_rule(handler),
            "statuses": [{"status": name, "label": label} for name, label in statuses.items()],
            "events": [self._describe_event(handler, name) for name in self._event_types(handler)],
        }

    @api.model
    def _initial_rule(self, handler):
        if not handler._transitions:
            return ""
        labels, name = handler._status_labels(), handler._initial_status
        return _("Before the first event the status is %(status)s.", status=labels.get(name, name))

    @api.model
    def _event_types(self, handler):
        """Return the event types that a handler declares, in its own order."""
        return list(dict.fromkeys([*handler._transitions, *handler._event_labels()]))

    @api.model
    def _rule_sentence(self, handler, event_type):
        """Return in words when an event is possible, and where it leads."""
        rule = handler._transitions.get(event_type)
        if rule is None:
            return _("Always possible.")
        labels = handler._status_labels()
        sources = ", ".join(labels.get(name, name) for name in rule.sources)
        target = ", ".join(labels.get(name, name) for name in rule.targets)
        if sources and target:
            return _(
                "Possible while the status is %(sources)s; leads to %(target)s.",
                sources=sources,
                target=target,
            )
        if sources:
            return _("Possible while the status is %(sources)s.", sources=sources)
        if target:
            return _("Always possible; leads to %(target)s.", target=target)
        return _("Always possible.")

    @api.model
    def _describe_event(self, handler, event_type):
        rule = handler._transitions.get(event_type)
        declared = handler._payload_fields.get(event_type, {})
        return {
            "event_type": event_type,
            "label": handler._event_label(event_type),
            "icon": handler._event_icons.get(event_type, DEFAULT_ICON),
            "help": handler._event_help().get(event_type, ""),
            "rule": self._rule_sentence(handler, event_type),
            "possible_while": list(rule.sources) if rule else [],
            "leads_to": ", ".join(rule.targets) if rule else "",
            "schema_version": handler._schema_versions.get(event_type, 1),
            "former_names": [
                old for old, new in handler._event_aliases.items() if new == event_type
            ],
            "boundaries": [
                {"boundary": name, "label": label}
                for model_name in handler._served_names()
                for name, label in self.env["event.boundary"]._deciders(model_name, event_type)
            ],
            "payload": [
                self._describe_field(handler, key, field) for key, field in declared.items()
            ],
            "json_schema": self._json_schema(handler, declared),
            "example": example(handler, event_type),
        }

    @api.model
    def _describe_field(self, handler, key, field):
        described = {
            "key": key,
            "label": handler._payload_label(key),
            "help": handler._payload_help().get(key, ""),
            "kind": field.kind,
            "kind_label": self._kind_label(handler, field),
            "required": field.required,
        }
        # XML-RPC knows no None: what does not apply is left out.
        if field.minimum is not None:
            described["minimum"] = field.minimum
        if field.model:
            described["model"] = field.model
        if field.items is not None:
            described["items"] = self._describe_field(handler, key, field.items)
        if field.fields is not None:
            described["fields"] = [
                self._describe_field(handler, name, inner) for name, inner in field.fields.items()
            ]
        return described

    @api.model
    def _kind_label(self, handler, field):
        """Return in words what a payload field takes."""
        words = {
            "text": _("text"),
            "date": _("date"),
            "datetime": _("date and time, UTC"),
            "integer": _("whole number"),
            "number": _("number"),
            "boolean": _("true or false"),
        }
        if field.model:
            return _("id of %(model)s", model=field.model)
        if field.kind == "list":
            kind = _("list, each entry: %(kind)s", kind=self._kind_label(handler, field.items))
        elif field.fields is not None:
            values = "; ".join(
                f"{handler._payload_label(key)}{'*' if inner.required else ''}"
                f" ({self._kind_label(handler, inner)})"
                for key, inner in field.fields.items()
            )
            kind = _("object with %(values)s", values=values)
        elif field.items is not None:
            kind = _(
                "object with free keys, each: %(kind)s", kind=self._kind_label(handler, field.items)
            )
        else:
            kind = words[field.kind]
        if field.minimum is not None:
            return _("%(kind)s, at least %(minimum)s", kind=kind, minimum=field.minimum)
        return kind

    @api.model
    def _json_schema(self, handler, declared):
        """Return a JSON Schema of a payload: what other systems check before they send."""
        properties = {}
        for key, field in declared.items():
            properties[key] = {
                **self._schema_of(handler, field),
                "title": handler._payload_label(key),
            }
        return {
            "type": "object",
            "properties": properties,
            "required": [key for key, field in declared.items() if field.required],
        }

    @api.model
    def _schema_of(self, handler, field):
        """Return the JSON Schema of one value, and of what it holds."""
        schema = dict(SCHEMAS[field.kind])
        if field.minimum is not None:
            schema[LEAST.get(field.kind, "minimum")] = field.minimum
        if field.items is not None:
            inner = "items" if field.kind == "list" else "additionalProperties"
            schema[inner] = self._schema_of(handler, field.items)
        if field.fields is not None:
            schema.update(self._json_schema(handler, field.fields))
        return schema


class EventStoreDescription(models.Model):
    _inherit = "event.store"

    @api.model
    def describe(self, model_name=None):
        """Return the events of an aggregate type: rules, payloads and examples.

        :param str model_name: aggregate type, such as ``rental``
        :return: dict with ``model_name``, ``label``, ``title``, ``initial_status``,
            ``initial_rule`` (a sentence), ``statuses`` (dicts with ``status`` and
            ``label``) and ``events``: dicts with ``event_type``, ``label``, ``icon``,
            ``help``, ``rule`` (a sentence),
            ``possible_while`` (statuses, empty for any), ``leads_to`` (a status, several
            with commas between, or empty), ``schema_version``, ``former_names``,
            ``boundaries`` that decide about it (dicts with ``boundary`` and ``label``),
            ``payload`` (dicts with ``key``, ``label``, ``help``, ``kind``, ``kind_label``,
            ``required`` and, where they apply, ``minimum``, ``model``, ``items`` (what each entry
            is, such a dict) and ``fields`` (what an object holds, such dicts)), ``json_schema``
            and ``example``; labels and sentences
            are in the language of the user
        :raise UserError: where no handler explains the aggregate type
        :raise AccessError: without the right to read events
        """
        check_access(self.browse(), "read")
        self = self._with_user_lang()
        name = text(self.env, "model_name", model_name)
        return self.env["snapshot.handler.registry"]._describe(name)
