import json
from datetime import datetime, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import (
    canonical,
    parse_json,
    parse_object,
    pretty,
)
from odoo.addons.event_sourcing_base.column_values import KINDS, MISSING, NESTED
from odoo.addons.event_sourcing_base.compat import may_read


class EventStoreRecordPayload(models.TransientModel):
    """The payload of the wizard: typed values for what the handler declares, or JSON."""

    _inherit = "event.store.record.wizard"

    entry = fields.Selection(
        [("fields", "Fields"), ("json", "JSON")], string="Payload As", default="fields"
    )
    payload_form = fields.Json(
        compute="_compute_payload_form",
        help="The values that the event takes: key, label, help, kind, required and model.",
    )
    payload_values = fields.Json(string="Values", help="What was typed, as text, by key.")
    payload_json = fields.Text(string="JSON")

    @api.depends("model_name", "event_type")
    @api.depends_context("lang")
    def _compute_payload_form(self):
        for wizard in self:
            help_texts = wizard._payload_help()
            wizard.payload_form = [
                {
                    "key": key,
                    "label": wizard._payload_label(key),
                    "help": help_texts.get(key, ""),
                    "kind": field.kind if field.kind in KINDS else "text",
                    "required": field.required,
                    "model": wizard._selectable_model(field),
                }
                for key, field in wizard._declared().items()
            ]

    @api.onchange("entry")
    def _onchange_entry(self):
        """Carry on in JSON with what was typed into the fields."""
        if self.entry == "json" and not self.payload_json:
            try:
                self.payload_json = pretty(self._payload_from_fields())
            except UserError:
                self.payload_json = "{}"

    def _declared(self):
        handler = self.env["snapshot.handler.registry"]._known_handler(self.model_name)
        return {} if handler is None else handler._payload_fields.get(self.event_type, {})

    def _payload_label(self, key):
        handler = self.env["snapshot.handler.registry"]._known_handler(self.model_name)
        return key if handler is None else handler._payload_label(key)

    def _payload_help(self):
        handler = self.env["snapshot.handler.registry"]._known_handler(self.model_name)
        return {} if handler is None else handler._payload_help()

    def _selectable_model(self, field):
        """Return the model to choose a record from, if the user may read it."""
        if field.kind != "integer" or not field.model or field.model not in self.env:
            return False
        allowed = may_read(self.env[field.model])
        return field.model if allowed else False

    def _payload(self):
        """Return the payload that was entered.

        :raise UserError: one sentence about the first thing that is wrong
        """
        return self._payload_from_json() if self.entry == "json" else self._payload_from_fields()

    def _payload_from_json(self):
        text = (self.payload_json or "").strip()
        if not text:
            return {}
        try:
            return parse_object(text)
        except json.JSONDecodeError as error:
            raise UserError(
                _(
                    "The JSON cannot be read at line %(line)s, character %(column)s; look for a"
                    " comma, quote or bracket that is missing or too many.",
                    line=error.lineno,
                    column=error.colno,
                )
            ) from error
        except ValueError:
            return text  # the store has a sentence for each kind of this

    def _payload_from_fields(self):
        values = self.payload_values or {}
        if not isinstance(values, dict):
            values = {}
        payload = {}
        for key, field in self._declared().items():
            value = values.get(key)
            if isinstance(value, str):
                value = value.strip()
            if value in MISSING or value is False:
                if field.required:
                    raise UserError(_("Enter a value for %(name)s.", name=self._payload_label(key)))
                continue
            payload[key] = self._typed(key, field, value)
        return payload

    def _typed(self, key, field, value):
        """Return what was typed as the kind of value that the handler declares."""
        if field.kind in NESTED:
            typed = self._from_json(key, field, value) if isinstance(value, str) else value
            wrong = field.wrong(typed)
        else:
            text = value if isinstance(value, str) else str(value)
            try:
                typed = getattr(self, f"_as_{field.kind}", str)(text)
                wrong = field.wrong(typed)
            except (ValueError, OverflowError):
                wrong = (), field, "type"
        if wrong:
            place, inner, problem = wrong
            handler = self.env["snapshot.handler.registry"]._known_handler(self.model_name)
            raise UserError(handler._payload_refusal(key, inner, problem, place))
        return typed

    def _from_json(self, key, field, text):
        try:
            return parse_json(text)
        except ValueError as error:
            raise UserError(
                _(
                    "%(name)s cannot be read as JSON; write it like %(example)s.",
                    name=self._payload_label(key),
                    example=canonical(field.example),
                )
            ) from error

    @api.model
    def _as_integer(self, text):
        return self.env["event.store"]._parse_number(text)

    @api.model
    def _as_number(self, text):
        return self.env["event.store"]._parse_number(text)

    @api.model
    def _as_boolean(self, text):
        return {"true": True, "false": False}.get(text.lower(), text)

    @api.model
    def _as_datetime(self, text):
        """Return UTC, which is also what the form sends for a time in the user's zone."""
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        return fields.Datetime.to_string(moment)
