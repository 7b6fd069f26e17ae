from datetime import datetime

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.column_values import FreeKey
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.humanize import spaced, titled
from odoo.addons.event_sourcing_base.savepoint import is_broken

from ..event import EventData
from .event_store import FAILURE_TYPES, INVALID_OPERATION, SYSTEM_ERROR
from .snapshot_handler import UNKNOWN_EVENT


class SnapshotHandlerVocabulary(models.AbstractModel):
    """Words that follow from what a handler declares."""

    _inherit = "snapshot.handler"

    @api.model
    def _event_label(self, event_type):
        """Return what people call an event type: its label, or its name in words."""
        return self._event_labels().get(event_type) or spaced(event_type)

    @api.model
    def _records_label(self):
        """Return what people call several records; the business model's name by default."""
        return None

    @api.model
    def _value_text(self, key, value):
        """Return in words what a text in a payload or a state stands for; None if for itself.

        :param str key: of the payload or the state
        :param str value: such as ``week``, where that is a code
        """
        return None

    @api.model
    def _payload_label(self, key):
        """Return what people call a key of a payload: its label, its column's, or words."""
        label = self._payload_labels().get(key)
        snapshots = self.env.get(self._snapshot_model)
        if not label and snapshots is not None and key in snapshots._typed_columns():
            label = snapshots._fields[key]._description_string(self.env)
        return label or titled(key)

    @api.model
    def _place_labels(self, key, place):
        """Return what people call the steps that lead to a value of a payload.

        :param place: see ``PayloadField.inside``; ``*`` for any entry, as in the name of a rule
        """
        labels = [self._payload_label(key)]
        for step in place:
            if step == "*":
                labels.append(_("An entry"))
            elif isinstance(step, int):
                labels.append(_("No. %(number)s", number=step))
            else:
                free = isinstance(step, FreeKey)
                labels.append(str(step)[:80] if free else self._payload_label(step))
        # Any entry is worth a word only where it is what is wrong itself.
        *outer, last = zip(labels, (key, *place), strict=True)
        return [label for label, step in outer if step != "*"] + [last[0]]

    @api.model
    def _in_other_languages(self):
        """Return ``{language code: this handler}`` in the other installed languages.

        None where a handler's SQL has broken the transaction: nothing can be asked then.
        """
        if is_broken(self.env.cr):
            return {}
        installed = self.env["res.lang"].get_installed()
        return {
            lang: self.with_context(lang=lang) for lang, _name in installed if lang != self.env.lang
        }

    @api.model
    def _other_sentences(self, others, state, event, said, named=None, boundaries=None):
        """Return how the rule that refuses an event says so in the other languages.

        Only now can it be asked: later its rules may be others, or the state be gone.

        :param dict others: from :meth:`_in_other_languages`
        :param dict state: before the event
        :param EventData event: the event
        :param str said: what it said in the language of this environment
        :param dict named: as for ``_fold_new``
        :param BoundaryBatch boundaries: which are asked, too
        :return: ``{language code: sentence}``, without those that say the same
        """
        sentences = {}
        for lang, handler in others.items():
            try:
                handler._take_new(state, event, named, boundaries, note=False)
            except UserError as error:
                if str(error) != said:
                    sentences[lang] = self.env["event.store"]._error_text(error)
            except Exception as error:
                # What was refused stays refused, whatever a handler does in another language.
                if is_infrastructure_error(error):
                    raise
        return sentences


class RegistryVocabulary(models.AbstractModel):
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
    def _foldable(self):
        """Return the aggregate types whose handler folds in memory, sorted."""
        return sorted(filter(self._can_fold, self._handler_names()))

    @api.model
    def _can_fold(self, model_name):
        handler = self._known_handler(model_name)
        return handler is not None and self.env["event.store"]._folds_in_memory(handler)

    @api.model
    def _check_can_fold(self, model_name):
        """Refuse an aggregate type whose events no handler folds."""
        if not self._can_fold(model_name):
            raise UserError(
                _(
                    "The events of %(aggregate)s cannot be replayed: this database has no handler"
                    " for them. Install the addon that brings it.",
                    aggregate=str(model_name)[:80],
                )
            )

    @api.model
    def _event_label(self, model_name, event_type):
        """Return what people call an event type, in the language of the user."""
        engine = {
            INVALID_OPERATION: _("Rejected Attempt"),
            SYSTEM_ERROR: _("Failure"),
        }
        if event_type in engine:
            return engine[event_type]
        handler = self._known_handler(model_name)
        if handler is None:
            return spaced(event_type)
        today = handler._event_aliases.get(event_type, event_type)
        return handler._event_label(today)

    @api.model
    def _aggregate_label(self, model_name):
        """Return what people call an aggregate type: the name of its business model."""
        handler = self._known_handler(model_name)
        source = handler._source_model if handler is not None else None
        if not source or source not in self.env:
            return model_name or ""
        return self.env["ir.model"].sudo()._get(source).name

    @api.model
    def _reason(self, event):
        """Return why an event was refused, in the language of the user where that is known.

        :param event: an ``event.store`` record
        """
        kind, _colon, rest = (event.broken_rule or "").partition("/")[2].partition(":")
        # These sentences follow from the rule alone; others name dates, ids or lines.
        alone = "*" not in rest and not rest.endswith(":record")
        known = kind == "status" or (kind == "payload" and alone)
        label = known and self._rule_label(event.model_name, event.broken_rule)
        return label or self._kept_message(event) or event.error_message or ""

    @api.model
    def _kept_message(self, event):
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
            path, _colon, problem = rest.rpartition(":")
            declared = handler._payload_fields.get(event_type, {})
            key, *place = [path] if path in declared else path.split(".")
            field = key in declared and declared[key].at(place)
            return handler._payload_refusal(key, field, problem, place) if field else None
        if rule == UNKNOWN_EVENT:
            return _("This event is not known: %(type)s.", type=event_type)
        return handler._rule_labels().get(rule)
