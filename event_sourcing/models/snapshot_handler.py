from dataclasses import replace

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import normalise
from odoo.addons.event_sourcing_base.column_values import NESTED
from odoo.addons.event_sourcing_base.humanize import spaced

from ..exceptions import RuleViolation, SchemaError

UNKNOWN_EVENT = "unknown_event"


class SnapshotHandler(models.AbstractModel):
    """The rules of one aggregate type: folds its events into a state.

    Inherit it, name the snapshot model, list the transitions; override ``_evolve``
    for what a table cannot say. The handler's name, or ``_aggregate_model``, says
    which aggregate it serves (see ``snapshot.handler.registry``).

    Stored events stay as they were written, and are read as if they were written today. A
    handler says what has changed::

        _schema_versions = {"DamageReported": 2}
        _upcasters = {"DamageReported": {1: "_damage_reported_2"}}
        _event_aliases = {"DamageFound": "DamageReported"}

        def _damage_reported_2(self, payload, event):
            return {"description": payload["description"], "repair_cost": payload["cost"]}
    """

    _name = "snapshot.handler"
    _inherit = "rules.digest.mixin"
    _description = "Snapshot Handler"

    # Where the folded state is kept: a model with snapshot.mixin.
    _snapshot_model = "event.snapshot"
    # The business model whose records are the aggregates, if any.
    _source_model = None
    # The aggregate type, where the handler's name does not say it.
    _aggregate_model = None
    # What happens on a broken rule and on a technical fault: record, reject or
    # reject_and_record; None takes the choice made in Settings.
    _invalid_policy = None
    _error_policy = None
    # {event type: Transition}; the catalogue of what the handler knows. Empty: any
    # event type is taken and the state has no status of its own.
    _transitions = {}
    _initial_status = "draft"
    # Statuses in which an aggregate is over: a comparison says that it vanished.
    _ended_statuses = ()
    # {event type: {key: PayloadField}}
    _payload_fields = {}
    # {constraint or unique index of the snapshot's table: the rule that it keeps}
    _constraint_rules = {}
    # {event type: schema version that is written today}, 1 where not named.
    _schema_versions = {}
    # {event type: {former schema version: {key: PayloadField}}}: by these the cells of a CSV file
    # of that version are read, and its payload is shown.
    _former_payload_fields = {}
    # {event type: {schema version: name of the method that brings its payload one up}}
    _upcasters = {}
    # {former event type: what it is called today}
    _event_aliases = {}
    # {event type: Font Awesome 4 icon}, such as "fa-truck"; for the timeline.
    _event_icons = {}
    # {event type: payload}, for the documentation; made up from the fields where missing.
    _event_examples = {}
    # Keys of the state that follow from others; a timeline does not repeat them.
    _quiet_keys = ()
    # What the aggregate type was called before.
    _aggregate_aliases = ()

    # ------------------------------------------------------------------
    # For handlers to override
    # ------------------------------------------------------------------

    @api.model
    def _initial_state(self):
        """Return the state before the first event, a new dict each time."""
        return {"status": self._initial_status} if self._transitions else {}

    @api.model
    def _evolve(self, state, event):
        """Return the state after ``event``; the payload laid over it by default.

        Pure: no clock, no random, no database that changes. ``status`` is set by the
        transition table afterwards, whatever is returned here; of a transition with several
        targets, the one that is returned here.

        :param dict state: JSON object
        :param EventData event: of today's schema version
        :raise UserError: to refuse the event, with the reason in words
        """
        return {**state, **event.payload}

    @api.model
    def _refusal(self, event, status):
        """Return the sentence that refuses ``event`` in ``status``."""
        return _(
            "“%(event)s” is not possible while the status is “%(status)s”.",
            event=self._event_label(event.event_type),
            status=self._status_labels().get(status) or spaced(status),
        )

    @api.model
    def _event_labels(self):
        """Return ``{event type: label}`` in the language of the user."""
        return {}

    @api.model
    def _event_help(self):
        """Return ``{event type: what it means, a sentence}`` in the language of the user."""
        return {}

    @api.model
    def _payload_help(self):
        """Return ``{payload key: what to enter, a sentence}`` in the language of the user."""
        return {}

    @api.model
    def _rule_labels(self):
        """Return ``{rule: label}`` for the rules that ``RuleViolation`` names."""
        return {}

    @api.model
    def _status_labels(self):
        """Return ``{status: label}``; those of the snapshot's status field by default."""
        field = self.env[self._snapshot_model]._fields.get("status")
        if field is None or field.type != "selection":
            return {}
        return dict(field._description_selection(self.env))

    @api.model
    def _payload_labels(self):
        """Return ``{payload key: label}`` in the language of the user."""
        return {}

    @api.model
    def _columns(self, state):
        """Return the typed columns of the snapshot for ``state``, by field name.

        By default every stored field that is named like a key of the state.
        """
        return {name: state.get(name) for name in self.env[self._snapshot_model]._typed_columns()}

    @api.model
    def _check_new(self, event):
        """Refuse what may not begin today; for handlers to extend.

        Asked of new events alone, never in replay: other than ``_evolve`` it may read the
        database.

        :param EventData event: of today's schema version
        :raise UserError: to refuse the event, with the reason in words
        """

    @api.model
    def _check_new_state(self, event, state):
        """Refuse what may not come about today; for handlers to extend.

        As :meth:`_check_new`, where it takes the state to judge: a limit that may be another one
        tomorrow belongs here, and not into ``_evolve``, so that what was applied stays applied.

        :param EventData event: of today's schema version
        :param dict state: the state after the event; not to be changed
        :raise UserError: to refuse the event, with the reason in words
        """

    # ------------------------------------------------------------------
    # Folding
    # ------------------------------------------------------------------

    @api.model
    def _fold(self, state, event):
        """Return the state after one event, in normal form.

        :param dict state: JSON object in normal form; may be changed in place by a
            careless handler, so give one that nobody else needs
        :param EventData event: as stored
        :raise UserError: when the event breaks a rule
        """
        return normalise(self._checked_evolve(state, self._upcast(event)))

    @api.model
    def _checked_evolve(self, state, event):
        """Return what ``_evolve`` gives, between the table's and the payload's checks."""
        status = self._next_status(state, event)
        self._check_payload(event)
        evolved = self._evolve(state, event)
        if not isinstance(evolved, dict):
            raise TypeError(
                f"{self._name}._evolve returned {type(evolved).__name__} for"
                f" {event.event_type}, not a dict"
            )
        if isinstance(status, tuple):
            return self._with_chosen_status(evolved, event, status)
        return evolved if status is None else {**evolved, "status": status}

    @api.model
    def _with_chosen_status(self, evolved, event, targets):
        """Return a state whose status ``_evolve`` chose, of those that the table allows."""
        if evolved.get("status") not in targets:
            raise ValueError(
                f"{self._name}._evolve returned the status {evolved.get('status')!r} for"
                f" {event.event_type}; its transition leads to one of {targets}"
            )
        return evolved

    @api.model
    def _next_status(self, state, event):
        """Return the status that the transition table gives, or None without a table.

        Of a transition with several targets, all of them: the fold says which.
        """
        if not self._transitions:
            return None
        transition = self._transitions.get(event.event_type)
        if transition is None:
            message = _(
                "%(aggregate)s knows no event %(type)s; use one of: %(known)s.",
                aggregate=event.model_name,
                type=event.event_type,
                known=", ".join(self._transitions),
            )
            raise RuleViolation(message, UNKNOWN_EVENT)
        status = state.get("status", self._initial_status)
        if transition.sources and status not in transition.sources:
            raise RuleViolation(self._refusal(event, status), f"status:{status}")
        return transition.target or status

    @api.model
    def _check_payload(self, event):
        """Check the payload against the fields declared for its event type."""
        declared = self._payload_fields.get(event.event_type, {})
        for key, field in declared.items():
            wrong = field.wrong(event.payload.get(key))
            if wrong:
                place, inner, problem = wrong
                sentence = self._payload_refusal(key, inner, problem, place)
                raise RuleViolation(sentence, self._payload_rule(key, place, problem))

    @api.model
    def _payload_rule(self, key, place, problem):
        """Return the name of the rule; free keys and numbers are in none, or each had its own."""
        steps = [step if type(step) is str else "*" for step in place]
        return f"payload:{'.'.join([key, *steps])}:{problem}"

    @api.model
    def _payload_refusal(self, key, field, problem, place=()):
        """Return the sentence that refuses a payload value.

        :param PayloadField field: what was declared
        :param str problem: ``missing``, ``type`` or ``minimum``; ``id`` for what no record can
            have as its id, and ``record`` for one of another company
        :param place: where in the value, see ``PayloadField.inside``
        """
        *outer, name = self._place_labels(key, place)
        if problem == "missing":
            sentence = _("%(name)s is missing.", name=name)
        elif problem == "minimum" and field.kind in NESTED:
            sentence = _(
                "%(name)s must have %(minimum)s or more entries.", name=name, minimum=field.minimum
            )
        elif problem == "minimum":
            sentence = _("%(name)s must be at least %(minimum)s.", name=name, minimum=field.minimum)
        elif problem == "record":
            sentence = _("%(name)s cannot be used by the company of the event.", name=name)
        else:
            kind = self._kind_in_words("record" if problem == "id" else field.kind)
            sentence = _("%(name)s must be %(kind)s.", name=name, kind=kind)
        if not outer:
            return sentence
        return _("%(place)s: %(sentence)s", place=", ".join(outer), sentence=sentence)

    @api.model
    def _kind_in_words(self, kind):
        """Return what a kind of value is, in the language of the user."""
        kinds = {
            "text": _("a text"),
            "date": _("a date such as 2026-01-31"),
            "datetime": _("a date and time such as 2026-01-31 09:30:00"),
            "integer": _("a whole number"),
            "number": _("a number"),
            "boolean": _("true or false"),
            "list": _("a list"),
            "object": _("a set of named values"),
            "large": _("a whole number that is not larger than 2147483647"),
            "record": _("the id of a record, a whole number from 1 on"),
            "digits": _("a number of at most 15 digits"),
        }
        return kinds[kind]

    # ------------------------------------------------------------------
    # Former versions and names
    # ------------------------------------------------------------------

    @api.model
    def _upcast(self, event):
        """Return ``event`` under today's names and in today's schema version.

        :param EventData event: as stored
        :raise SchemaError: for a version that is newer than the handler, or that no
            chain of upcasters leads up from
        """
        event_type = self._event_aliases.get(event.event_type, event.event_type)
        today = self._schema_versions.get(event_type, 1)
        payload = event.payload
        if event.schema_version != today:
            payload = normalise(payload)
            for method in self._upcasters_from(event_type, event.schema_version):
                payload = normalise(getattr(self, method)(payload, event))
        elif event_type == event.event_type and event.model_name not in self._aggregate_aliases:
            return event
        return replace(
            event,
            model_name=self._today_model_name(event.model_name),
            event_type=event_type,
            payload=payload,
            schema_version=today,
        )

    @api.model
    def _today_model_name(self, model_name):
        """Return what the aggregate type of an event is called today; asked for each event."""
        if model_name not in self._aggregate_aliases:
            return model_name
        return self.env["snapshot.handler.registry"]._canonical_name(model_name)

    @api.model
    def _upcasters_from(self, event_type, version):
        """Return the names of the methods that lead from a version up to today's.

        :raise SchemaError: when there is no such way
        """
        today = self._schema_versions.get(event_type, 1)
        steps = self._upcasters.get(event_type, {})
        if version > today:
            raise SchemaError(
                _(
                    "%(type)s was written in schema version %(version)s, but this handler knows"
                    " only version %(known)s; update the addon that brings it.",
                    type=event_type,
                    version=version,
                    known=today,
                )
            )
        missing = [step for step in range(version, today) if step not in steps]
        if missing:
            raise SchemaError(
                _(
                    "%(type)s of schema version %(version)s cannot be read: the handler has no"
                    " upcaster from version %(missing)s.",
                    type=event_type,
                    version=version,
                    missing=missing[0],
                )
            )
        return [steps[step] for step in range(version, today)]

    @api.model
    def _check_schema_version(self, event_type, version):
        """Refuse a new event that could not be folded, before anything is stored.

        :raise UserError: when the handler cannot read that version
        """
        base = self.env.registry["snapshot.handler"]
        if type(self)._upcast is not base._upcast:
            return  # it has its own way
        try:
            self._upcasters_from(event_type, version)
        except SchemaError as error:
            raise UserError(str(error)) from None

    def init(self):
        super().init()
        if self._aggregate_aliases:
            # Once the tables of the addon are there, too.
            self.env.registry.post_init(self._rename_streams)

    @api.model
    def _rename_streams(self):
        """Let streams and snapshots go on under today's name; events stay as they are.

        :raise UserError: when an aggregate has a stream under both names
        """
        registry = self.env["snapshot.handler.registry"]
        for model_name in self._served_names():
            if registry._switched_off(model_name):
                continue  # once it is declared rightly
            self.env["event.stream"]._rename_heads(registry._stream_names(model_name))

    @api.model
    def _served_names(self):
        """Return the aggregate types that this handler serves under today's names."""
        registry = self.env["snapshot.handler.registry"]
        return [model for model, name in registry._serving().items() if name == self._name]
