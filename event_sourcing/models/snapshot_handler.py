from odoo import _, api, models, tools

from ..canonical_json import normalise
from ..column_values import NoValue
from ..exceptions import BrokenRule
from ..words import spaced

UNKNOWN_EVENT = "unknown_event"


class SnapshotHandler(models.AbstractModel):
    """The rules of one aggregate type: folds its events into a state.

    Inherit it, name the snapshot model, list the transitions; override ``_evolve``
    for what a table cannot say. The handler's name, or ``_aggregate_model``, says
    which aggregate it serves (see ``snapshot.handler.registry``).
    """

    _name = "snapshot.handler"
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
    # {event type: schema version that is written today}, 1 where not named.
    _schema_versions = {}
    # {event type: {former schema version: {key: PayloadField}}}: by these the cells of a CSV file
    # of that version are read.
    _former_payload_fields = {}
    # {event type: {schema version: name of the method that brings its payload one up}}
    _upcasters = {}
    # {former event type: what it is called today}
    _event_aliases = {}
    # {event type: Font Awesome 4 icon}, such as "fa-truck"; for the timeline.
    _event_icons = {}
    # {event type: payload}, for the documentation; made up from the fields where missing.
    _event_examples = {}
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
        transition table afterwards, whatever is returned here.

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
        """Return ``{rule: label}`` for the rules that ``BrokenRule`` names."""
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
    def _fold_new(self, state, event, named=None):
        """Return the state after an event that was not applied before; see :meth:`_fold`.

        Values that the columns of the snapshot cannot hold are refused here, and records of
        other companies. What was applied once is not asked again.

        :param dict named: what is known about records already, see ``_look_up_named``
        """
        keys = self._record_keys(event.event_type)
        before = {key: state.get(key) for key, _model in keys}
        after = self._fold(state, event)
        for name, parse in self._column_parsers():
            value = after.get(name)
            if value is not None and value != "":
                try:
                    parse(value)
                except NoValue as error:
                    sentence = self._column_refusal(name, error.kind)
                    raise BrokenRule(sentence, f"payload:{name}:type") from None
        today = self._upcast(event)
        if keys:
            self._check_named(keys, before, after, today, {} if named is None else named)
        self._check_new(today)
        return after

    @api.model
    @tools.ormcache()
    def _column_parsers(self):
        """Return ``(key of the state, parser)`` of what fills the snapshot's typed columns.

        Where a handler fills them in a way of its own, they are parsed when they are written.
        """
        own = type(self)._columns is not self.env.registry["snapshot.handler"]._columns
        return () if own else self.env[self._snapshot_model]._parsers()

    @api.model
    def _column_refusal(self, name, kind):
        """Return the sentence that refuses a value of a typed column.

        :param str kind: see ``column_values.NoValue``
        """
        field = self.env[self._snapshot_model]._fields[name]
        label = self._payload_label(name)
        if kind == "choice":
            known = ", ".join(field.get_values(self.env))
            return _("%(name)s must be one of: %(known)s.", name=label, known=known)
        return _("%(name)s must be %(kind)s.", name=label, kind=self._kind_in_words(kind))

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
        return evolved if status is None else {**evolved, "status": status}

    @api.model
    def _next_status(self, state, event):
        """Return the status that the transition table gives, or None without a table."""
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
            raise BrokenRule(message, UNKNOWN_EVENT)
        status = state.get("status", self._initial_status)
        if transition.sources and status not in transition.sources:
            raise BrokenRule(self._refusal(event, status), f"status:{status}")
        return transition.target or status

    @api.model
    def _check_payload(self, event):
        """Check the payload against the fields declared for its event type."""
        declared = self._payload_fields.get(event.event_type, {})
        for key, field in declared.items():
            problem = field.problem(event.payload.get(key))
            if problem:
                sentence = self._payload_refusal(key, field, problem)
                raise BrokenRule(sentence, f"payload:{key}:{problem}")

    @api.model
    def _payload_refusal(self, key, field, problem):
        """Return the sentence that refuses a payload value.

        :param PayloadField field: what was declared
        :param str problem: ``missing``, ``type`` or ``minimum``
        """
        name = self._payload_label(key)
        if problem == "missing":
            return _("%(name)s is missing.", name=name)
        if problem == "minimum":
            return _("%(name)s must be at least %(minimum)s.", name=name, minimum=field.minimum)
        return _("%(name)s must be %(kind)s.", name=name, kind=self._kind_in_words(field.kind))

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
            "large": _("a whole number that is not larger than 2147483647"),
            "record": _("the id of a record, a whole number from 1 on"),
            "digits": _("a number of at most 15 digits"),
        }
        return kinds[kind]
