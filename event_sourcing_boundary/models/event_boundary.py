import logging

from odoo import _, api, models, tools

from odoo.addons.event_sourcing_base.names import is_name, is_names

_logger = logging.getLogger(__name__)
SUFFIX = ".boundary"
MAX_KEY = 256
# Methods that a boundary overrides, and how many values each is given.
METHODS = {
    "_keys": 2,
    "_initial_state": 0,
    "_check_new": 3,
    "_evolve": 3,
    "_rule_labels": 0,
    "_state_labels": 0,
    "_key_label": 1,
}


class EventBoundary(models.AbstractModel):
    """A rule that spans streams: what events of many aggregates say together about a key.

    The field calls it a dynamic consistency boundary. Each key has one state, folded from the
    events that are about it, whosever they are; an append asks it before it stores anything, under
    a lock on that key alone::

        class SeatBoundary(models.AbstractModel):
            _name = "seat.boundary"
            _inherit = "event.boundary"
            _description = "One visitor per seat"
            _subscribes = {"booking": ("Booked", "Cancelled")}
            _key_fields = {"Booked": "seat", "Cancelled": "seat"}

            def _check_new(self, state, event, key):
                if event.event_type == "Booked" and state.get("by"):
                    raise RuleViolation(_("%s is taken.", key), "seat_taken")

            def _evolve(self, state, event, key):
                return {"by": event.aggregate_id if event.event_type == "Booked" else None}

    It is known by its model's name without ``.boundary``. Keys are of one company, as streams
    are: the same key in two companies is two.
    """

    _name = "event.boundary"
    _inherit = "rules.digest.mixin"
    _description = "Boundary"

    # {aggregate type: event types} that its rule is about, under today's names.
    _subscribes = {}
    # {event type: payload key} with the key, or a list of keys. What is named here is locked
    # together with the streams; of other types ``_keys`` is asked, once they are folded.
    _key_fields = {}

    # ------------------------------------------------------------------
    # For boundaries to override
    # ------------------------------------------------------------------

    @api.model
    def _keys(self, event, state):
        """Return the keys that an event is about, as a list of texts or ids.

        Asked twice: with the aggregate's state before the event and with the one after it. The
        event is about the keys of both answers, so that one who moves away from a key is seen
        there, too. Pure.

        Instead of a list it may be ``{key: details}``, where details are a JSON object about the
        aggregate and that key, or None. They are kept with the event, and ``_check_new`` and
        ``_evolve`` find those of the state after it in ``event.details``; a key that only the
        state before names has none.

        :param EventData event: of today's schema version
        :param dict state: of the aggregate, a JSON object
        """
        return []

    @api.model
    def _initial_state(self):
        """Return the state of a key before its first event, a new dict each time."""
        return {}

    @api.model
    def _check_new(self, state, event, key):
        """Refuse a new event; never asked in replay: what was applied once stays applied. Pure.

        :param dict state: of the key, before the event
        :param KeyedEvent event: of today's schema version
        :raise UserError: to refuse it, with the reason in words; ``RuleViolation`` names the rule
        """

    @api.model
    def _evolve(self, state, event, key):
        """Return the state of a key after an event. Pure.

        It may refuse as well; an event that was applied before it did is left out of the state
        when that is folded anew.

        :param dict state: of the key, a JSON object
        :param KeyedEvent event: of today's schema version
        """
        raise NotImplementedError

    @api.model
    def _rule_labels(self):
        """Return ``{rule: label}`` for the rules that ``RuleViolation`` names."""
        return {}

    @api.model
    def _state_labels(self):
        """Return ``{key of the state: label}``; others have the words of the handlers."""
        return {}

    @api.model
    def _key_label(self, key):
        """Return what people call a key; asked for sentences alone, so it may read records."""
        return key

    # ------------------------------------------------------------------
    # Which there are
    # ------------------------------------------------------------------

    @api.model
    def _boundary_name(self):
        return self._name.removesuffix(SUFFIX)

    @api.model
    @tools.ormcache()
    def _names(self):
        """Return ``{boundary: model}`` of all that are there, also if declared wrongly."""
        base = self.env.registry["event.boundary"]
        return {
            name.removesuffix(SUFFIX): name
            for name, model in sorted(self.env.registry.items())
            if issubclass(model, base)
            and model is not base
            and (model._subscribes or not model._inherit_children)
        }

    @api.model
    @tools.ormcache()
    def _guarded(self):
        """Return ``{aggregate type: {event type: [models of its boundaries]}}``, today's names."""
        found = {}
        for name in self._names().values():
            for model_name, types in self.env[name]._event_types().items():
                for event_type in types:
                    found.setdefault(model_name, {}).setdefault(event_type, []).append(name)
        return found

    @api.model
    def _rule_label(self, model_name, event_type, rule):
        """Return a rule of a boundary over an event type in words, None where none knows it."""
        names = self._guarded().get(model_name, {}).get(event_type, ())
        return next(filter(None, (self.env[n]._rule_labels().get(rule) for n in names)), None)

    @api.model
    def _event_types(self):
        """Return ``{aggregate type: event types}``; of one declared wrongly what can be read."""
        if not isinstance(self._subscribes, dict):
            return {}
        canonical = self.env["snapshot.handler.registry"]._canonical_name
        found = {}
        for model_name, types in self._subscribes.items():
            if is_name(model_name) and is_names(types):
                known = found.setdefault(canonical(model_name), [])
                known += [event_type for event_type in types if event_type not in known]
        return found

    @api.model
    def _further_rules(self):
        """Return what brings events to today's schema version: a boundary sees them so."""
        handlers = {name: self._handler_of(name) for name in self._event_types()}
        for model_name, handler in handlers.items():
            for name in ("_schema_versions", "_upcasters", "_event_aliases"):
                yield f"{model_name} {name}", getattr(handler, name, None)
            for event_type, steps in getattr(handler, "_upcasters", {}).items():
                for version, method in steps.items():
                    upcaster = getattr(type(handler), method, None)
                    yield f"{model_name} {event_type} {version}", upcaster

    @api.model
    def _handler_of(self, model_name):
        """Return the handler of an aggregate type, None where none folds it in memory."""
        registry = self.env["snapshot.handler.registry"]
        if model_name not in registry._handler_names():
            return None
        handler = registry._claimed(model_name)
        return handler if self.env["event.store"]._folds_in_memory(handler) else None

    # ------------------------------------------------------------------
    # What is declared wrongly
    # ------------------------------------------------------------------

    def _register_hook(self):
        super()._register_hook()
        if self._name == "event.boundary":
            for name in self._names().values():
                for sentence in self.env[name].with_context(lang="en_US")._problems():
                    _logger.error("%s: %s", name, sentence)
            # Later hooks may still register handlers.
            self.env.cr.postcommit.add(self._log_hints)

    @api.model
    def _log_hints(self):
        """Write a line to the log for what is probably a slip, or was meant as a boundary."""
        for name in self._names().values():
            for sentence in self.env[name].with_context(lang="en_US")._hints():
                _logger.warning("%s: %s", name, sentence)
        for name, model in sorted(self.env.registry.items()):
            meant = name.endswith(SUFFIX) and hasattr(model, "_subscribes")
            if meant and not issubclass(model, self.env.registry["event.boundary"]):
                _logger.error(
                    '%s: It does not inherit the engine; write _inherit = "event.boundary".', name
                )

    @api.model
    @tools.ormcache()
    def _is_off(self):
        return bool(self._problems())

    @api.model
    def _problems(self):
        """Return why this boundary cannot work, as sentences; its events are refused then."""
        return list(self._wrong_shapes()) or list(self._wrong_types())

    @api.model
    def _hints(self):
        """Return what its author should hear: it does no harm by itself.

        :return: list of sentences
        """
        found = []
        for model_name, types in self._event_types().items():
            handler = self._handler_of(model_name)
            if handler is None and self._is_refused(model_name):
                found.append(
                    _(
                        "No event of %(aggregate)s can be recorded until its handler is put right;"
                        " see Handlers.",
                        aggregate=model_name,
                    )
                )
                continue
            if handler is None:
                found.append(
                    _(
                        "No handler reads events of %(aggregate)s: they are stored, and the"
                        " boundary takes no notice of them.",
                        aggregate=model_name,
                    )
                )
                continue
            for event_type in types:
                if handler._transitions and event_type not in handler._transitions:
                    found.append(
                        _(
                            "_subscribes names %(type)s, which the handler of %(aggregate)s does"
                            " not know.",
                            type=event_type,
                            aggregate=model_name,
                        )
                    )
        return found

    @api.model
    def _is_refused(self, model_name):
        """Whether a handler of an aggregate type is declared wrongly, or two claim it."""
        registry = self.env["snapshot.handler.registry"]
        claims = registry._discover().get(model_name, ())
        return model_name in registry._off() or (
            len(claims) > 1 and model_name not in registry._serving()
        )

    @api.model
    def _wrong_shapes(self):
        if not self._abstract:
            yield _("A boundary has no table; make it a models.AbstractModel.")
        if not self._name.endswith(SUFFIX):
            yield _("Call it <what it is about>%(suffix)s.", suffix=SUFFIX)
        subscribes = self._subscribes
        if not isinstance(subscribes, dict) or not all(
            is_name(name) and is_names(types) for name, types in subscribes.items()
        ):
            yield _(
                "_subscribes is %(value)s; write it like %(example)s.",
                value=repr(subscribes)[:80],
                example='{"rental": ("RentalConfirmed", "RentalCancelled")}',
            )
        elif not any(subscribes.values()):
            yield _("_subscribes names no event type; without one it guards nothing.")
        fields = self._key_fields
        if not isinstance(fields, dict) or not all(map(is_name, [*fields, *fields.values()])):
            yield _(
                "_key_fields is %(value)s; write it like %(example)s.",
                value=repr(fields)[:80],
                example='{"UnitsAssigned": "unit_ids"}',
            )
        yield from self.env["snapshot.handler.registry"]._wrong_methods(self, METHODS)

    @api.model
    def _wrong_types(self):
        base = self.env.registry["event.boundary"]
        if type(self)._evolve is base._evolve:
            yield _("It has no _evolve, which says what an event changes for a key.")
        named = {event_type for types in self._event_types().values() for event_type in types}
        unnamed = sorted(named - self._key_fields.keys())
        if unnamed and type(self)._keys is base._keys:
            yield _(
                "Nothing says which keys %(types)s are about: name them in _key_fields, or write"
                " _keys.",
                types=", ".join(unnamed),
            )
        if stray := sorted(self._key_fields.keys() - named):
            yield _(
                "_key_fields names %(types)s, to which it does not subscribe.",
                types=", ".join(stray),
            )
        serving = self.env["snapshot.handler.registry"]._serving()
        for model_name in self._event_types():
            # None where two claim it.
            handler = self.env.get(serving.get(model_name))
            if handler is not None and not self.env["event.store"]._folds_in_memory(handler):
                yield _(
                    "The handler of %(aggregate)s has an apply_event of its own; a boundary needs"
                    " one that leaves folding to the engine.",
                    aggregate=model_name,
                )
