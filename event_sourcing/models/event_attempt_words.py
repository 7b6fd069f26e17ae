from datetime import datetime

from odoo import _, api, models

from ..event_data import EventData
from ..words import spaced
from .event_store import FAILURE_TYPES
from .snapshot_handler import UNKNOWN_EVENT


class EventAttemptWords(models.AbstractModel):
    """The words of the analysis: for aggregate types, events and rules, in one language."""

    _inherit = "snapshot.handler.registry"

    @api.model
    def _type_words(self):
        """Return a row for each event type that a handler knows, under each of its names.

        :return: list of dicts with ``model_name``, ``event_type``, ``label`` and
            ``aggregate``; each pair of the first two once
        """
        words = {}
        for model_name in self._handler_names():
            handler = self._known_handler(model_name)
            if handler is None:
                continue
            aggregate = self._aggregate_label(model_name)
            labels = handler._event_labels()
            today = {name: name for name in (*handler._transitions, *labels)}
            for event_type, name in {**today, **handler._event_aliases}.items():
                for stream_name in self._stream_names(model_name):
                    words[stream_name, event_type] = {
                        "label": labels.get(name) or spaced(name),
                        "aggregate": aggregate,
                    }
        return [
            {"model_name": model_name, "event_type": event_type, **word}
            for (model_name, event_type), word in words.items()
        ]

    @api.model
    def _rule_words(self, company_ids):
        """Return a row for each rule that was broken in these companies.

        :return: list of dicts with ``model_name``, ``broken_rule`` and ``reason``
        """
        rules = self.env["event.store"].sudo()._known_rules(company_ids)
        return [
            {
                "model_name": model_name,
                "broken_rule": rule,
                "reason": self._rule_label(model_name, rule) or newest or rule,
            }
            for model_name, rule, newest in rules
        ]

    @api.model
    def _reason(self, event):
        """Return why an event was refused, in the language of the user where that is known.

        :param event: an ``event.store`` record
        """
        kind = (event.broken_rule or "").partition("/")[2].partition(":")[0]
        # These sentences follow from the rule alone; others may name dates or numbers.
        known = kind in ("status", "payload")
        label = known and self._rule_label(event.model_name, event.broken_rule)
        return label or self._said(event) or event.error_message or ""

    @api.model
    def _said(self, event):
        """Return what the handler said in the language of the user, None where it is not kept."""
        if not event.broken_rule or not self.env.lang:
            return None
        failure = event if event.event_type in FAILURE_TYPES else event.sudo().failure_ids[:1]
        return failure.payload.get("error_messages", {}).get(self.env.lang) if failure else None

    @api.model
    def _rule_label(self, model_name, broken_rule):
        """Return a broken rule in the language of the user, None where no words are known.

        :param str broken_rule: as stored: event type, slash, rule
        """
        event_type, _slash, rule = broken_rule.partition("/")
        handler = self._known_handler(model_name)
        if handler is None:
            return None
        event_type = handler._event_aliases.get(event_type, event_type)
        kind, _colon, rest = rule.partition(":")
        if kind == "status":
            event = EventData(model_name, "", event_type, {}, 0, datetime.min)
            return handler._refusal(event, rest)
        if kind == "payload":
            key, _colon, problem = rest.rpartition(":")
            field = handler._payload_fields.get(event_type, {}).get(key)
            return field and handler._payload_refusal(key, field, problem)
        if rule == UNKNOWN_EVENT:
            return _("This event is not known: %(type)s.", type=event_type)
        return handler._rule_labels().get(rule)
