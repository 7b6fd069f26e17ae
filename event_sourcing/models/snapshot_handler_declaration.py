import logging
from datetime import datetime
from difflib import get_close_matches

from odoo import _, api, models, tools

from ..canonical_json import normalise
from ..declared import (
    LISTS,
    METHODS,
    OF_ONE_TYPE,
    SHAPES,
    is_name,
    misshapen,
    takes,
    unfit_minimum,
)
from ..event_data import EventData
from ..exceptions import HandlerOff
from ..no_cursor import DATA, statements_of, without_database
from .event_store import FAILURE_TYPES
from .handler_description import EXAMPLES

_logger = logging.getLogger(__name__)
# What the engine and the addons beside it declare; none of these is a domain.
ENGINE = "odoo.addons.event_sourcing"
# What the lint finds and no fold gets along with; the rest of it are hints.
FATAL = {"no_such_method", "alias_target", "alias_in_use", "aggregate_alias"}
# Where a handler decides on statuses by itself, the table does not say what is reached.
OWN_STATUSES = ("_next_status", "_checked_evolve", "_fold", "apply_event")


class SnapshotHandler(models.AbstractModel):
    """What is wrong with the declarations of one handler, in sentences."""

    _inherit = "snapshot.handler"

    @api.model
    def _declaration_problems(self):
        """Return what of the declarations cannot be worked with; see the registry's.

        :return: list of sentences, empty when all is well
        """
        found = list(self._wrong_shapes()) or [
            *self._wrong_models(),
            *self._wrong_event_types(),
            *self._wrong_statuses(),
            *self._wrong_payload_fields(),
            *(sentence for code, sentence in self._lint_versions() if code in FATAL),
            *self._wrong_upcasters(),
            *self._shared_aliases(),
            *(sentence for code, sentence in self._lint_aliases() if code in FATAL),
        ]
        return found or [*self._wrong_beginning(), *self._wrong_folds()]

    @api.model
    def _wrong_shapes(self):
        for name, (_check, example) in SHAPES.items():
            wrong = misshapen(name, getattr(self, name, None))
            if wrong:
                yield _(
                    "%(place)s is %(value)s; write it like %(attribute)s = %(example)s.",
                    place=wrong[0],
                    value=repr(wrong[1])[:80],
                    attribute=name,
                    example=example,
                )
        for name, count in METHODS.items():
            if not takes(getattr(self, name, None), count):
                yield _(
                    "%(name)s must be a method that takes %(count)s values beside self.",
                    name=name,
                    count=count,
                )

    # ------------------------------------------------------------------
    # Other models
    # ------------------------------------------------------------------

    @api.model
    def _wrong_models(self):
        registry = self.env.registry
        snapshots = registry.get(self._snapshot_model)
        if snapshots is None:
            yield _(
                "_snapshot_model names %(model)s, but there is no such model; name one that"
                " inherits snapshot.mixin.",
                model=self._snapshot_model,
            )
        elif not issubclass(snapshots, registry["snapshot.mixin"]):
            yield _(
                "_snapshot_model names %(model)s, which does not inherit snapshot.mixin; write"
                ' _inherit = "snapshot.mixin" there.',
                model=self._snapshot_model,
            )
        elif snapshots._abstract or snapshots._transient or not snapshots._auto:
            yield _(
                "_snapshot_model names %(model)s, which has no table of its own; make it a"
                " models.Model.",
                model=self._snapshot_model,
            )
        if self._source_model:
            yield from self._wrong_source(registry.get(self._source_model))

    @api.model
    def _wrong_source(self, source):
        """Yield what is wrong with the business model.

        :param source: its class in the registry, None for none
        """
        names = {"model": self._source_model}
        if source is None:
            yield _(
                "_source_model names %(model)s, but there is no such model; name the one whose"
                " records have the history, or leave it out.",
                **names,
            )
            return
        if not issubclass(source, self.env.registry["event.source.mixin"]):
            yield _(
                "_source_model names %(model)s, which does not inherit event.source.mixin; add"
                " it to its _inherit.",
                **names,
            )
            return
        if source._abstract or source._transient or not source._auto:
            yield _(
                "_source_model names %(model)s, which has no table of its own; make it a"
                " models.Model.",
                **names,
            )
            return
        registry = self.env["snapshot.handler.registry"]
        served = self._served_names()
        meant = source._aggregate_model
        quoted = [f'"{name}"' for name in served]
        if not is_name(meant) or registry._canonical_name(meant) not in served:
            yield _(
                "_source_model names %(model)s, whose _aggregate_model is %(meant)s; write"
                " _aggregate_model = %(served)s there.",
                meant=repr(meant)[:80],
                served=" / ".join(quoted) or '"…"',
                **names,
            )
        field = source._aggregate_field
        known = source._fields.get(field) if is_name(field) else None
        if known is None or not known.store or known.type not in ("char", "text"):
            yield _(
                "_source_model names %(model)s, whose _aggregate_field is %(field)s; name a"
                " stored text field there.",
                field=repr(field)[:80],
                **names,
            )
        followers = source._snapshot_fields
        listed = isinstance(followers, LISTS) and all(map(is_name, followers))
        unknown = [f for f in followers if f not in source._fields] if listed else [followers]
        if unknown:
            yield _(
                "_source_model names %(model)s, whose _snapshot_fields name %(fields)s; name"
                " fields of that model there.",
                fields=repr(unknown[0])[:80],
                **names,
            )

    # ------------------------------------------------------------------
    # The table, and what is said about its event types
    # ------------------------------------------------------------------

    @api.model
    def _wrong_event_types(self):
        for event_type in {*self._transitions, *self._event_aliases} & {*FAILURE_TYPES}:
            yield _(
                "%(type)s is written by the event store itself; give the event type another name.",
                type=event_type,
            )
        if not self._transitions:
            return
        for name in ("_payload_fields", "_schema_versions", "_upcasters"):
            for event_type in getattr(self, name):
                if event_type not in self._transitions:
                    yield _(
                        "%(attribute)s names the event type %(type)s, which _transitions does not"
                        " know%(guess)s; correct the one or add it to the other.",
                        attribute=name,
                        type=event_type,
                        guess=self._guess(event_type, self._transitions),
                    )

    @api.model
    def _guess(self, word, known):
        """Return what may have been meant, as the end of a clause, or nothing."""
        close = get_close_matches(word, list(known), n=1)
        return f" ({close[0]}?)" if close else ""

    @api.model
    def _wrong_statuses(self):
        base = self.env.registry["snapshot.handler"]
        own = any(getattr(type(self), n) is not getattr(base, n) for n in OWN_STATUSES)
        if own or not self._transitions:
            return
        rules = self._transitions
        reached = {self._initial_status}
        if type(self)._initial_state is not base._initial_state:
            reached |= set(self._other_beginning())
        while True:
            further = {
                rule.target
                for rule in rules.values()
                if rule.target and (not rule.sources or reached & {*rule.sources})
            }
            if further <= reached:
                break
            reached |= further
        for event_type, rule in rules.items():
            for status in rule.sources:
                if status not in reached:
                    yield _(
                        "_transitions lets %(type)s happen while the status is %(status)s%(guess)s,"
                        " to which no event leads; correct the status, or add the event that"
                        " leads to it.",
                        type=event_type,
                        status=status,
                        guess=self._guess(status, reached - {status}),
                    )
        for status in self._ended_statuses:
            if status not in reached:
                yield _(
                    "_ended_statuses names %(status)s%(guess)s, to which no event leads; correct"
                    " the status.",
                    status=status,
                    guess=self._guess(status, reached - {status}),
                )
        column = self.env.registry[self._snapshot_model]._fields.get("status")
        if column is None or column.type != "selection" or not isinstance(column.selection, list):
            return
        known = {value for value, _label in column.selection}
        for status in sorted(reached - known):
            yield _(
                "The status %(status)s%(guess)s is no choice of the field status of %(model)s; add"
                " it there, or correct it here.",
                status=status,
                guess=self._guess(status, known),
                model=self._snapshot_model,
            )

    @api.model
    def _other_beginning(self):
        """Return the status with which a handler begins by itself, as a list of one or none."""
        try:
            status = without_database(self)[0]._initial_state().get("status")
        except Exception:
            return []  # told apart
        return [status] if isinstance(status, str) else []

    @api.model
    def _wrong_payload_fields(self):
        for event_type, declared in self._payload_fields.items():
            for key, field in declared.items():
                place = f'_payload_fields["{event_type}"]["{key}"]'
                if unfit_minimum(field, EXAMPLES.get(field.kind)):
                    yield _(
                        "%(place)s has the minimum %(minimum)s, which does not go with the kind"
                        " %(kind)s; leave it out, or choose another kind.",
                        place=place,
                        minimum=repr(field.minimum)[:80],
                        kind=field.kind,
                    )
                if field.model is None:
                    continue
                model = self.env.registry.get(field.model) if is_name(field.model) else None
                if model is None or model._abstract:
                    yield _(
                        "%(place)s names the model %(model)s, but there is no such model with"
                        " records; correct its name.",
                        place=place,
                        model=repr(field.model)[:80],
                    )
                elif field.kind != "integer":
                    yield _(
                        "%(place)s names a model, but is of kind %(kind)s; the id of a record is"
                        ' an "integer".',
                        place=place,
                        kind=field.kind,
                    )

    @api.model
    def _wrong_upcasters(self):
        for event_type, steps in self._upcasters.items():
            for version, name in steps.items():
                method = getattr(self, name, None)
                if callable(method) and not takes(method, 2):
                    yield _(
                        "The upcaster of %(type)s from version %(version)s, %(method)s, must be a"
                        " method that takes a payload and an event.",
                        type=event_type,
                        version=version,
                        method=name,
                    )

    @api.model
    def _shared_aliases(self):
        registry = self.env["snapshot.handler.registry"]
        mine = self._served_names()
        for model_name, name in registry._serving().items():
            if model_name in mine:
                continue
            theirs = registry._former_names(name)
            for old in registry._former_names(self._name):
                if old in theirs:
                    yield _(
                        "_aggregate_aliases names %(old)s, and so does %(other)s; only one of"
                        " them can have been called that.",
                        old=old,
                        other=name,
                    )

    # ------------------------------------------------------------------
    # By trying
    # ------------------------------------------------------------------

    @api.model
    def _wrong_beginning(self):
        """Yield what is wrong with the state before the first event, and its columns."""
        handler, cursor = without_database(self)
        name = "_initial_state"
        try:
            state = handler._initial_state()
            if not isinstance(state, dict):
                raise TypeError(f"{type(state).__name__} is no dict")
            normalise(state)
            name = "_columns"
            columns = handler._columns(state)
            known = self.env.registry[self._snapshot_model]._fields
            unknown = [key for key in columns if key not in known or not known[key].store]
            if unknown:
                raise KeyError(unknown[0])
        except Exception as error:
            if name == "_columns" and cursor.statements:
                return  # the columns of a snapshot may well be looked up
            yield _(
                "%(method)s fails before the first event (%(error)s); it must return a dict, by"
                " itself and without the database.",
                method=name,
                error=_shown(error),
            )

    @api.model
    def _wrong_folds(self):
        for event_type, statement in self._statements_of_folds():
            if DATA.search(statement):
                yield self._fold_sentence(event_type, statement)

    @api.model
    def _fold_sentence(self, event_type, statement):
        return _(
            "The fold of %(type)s asks the database (%(statement)s), so that replay would give"
            " something else another day; put what it needs into the payload.",
            type=event_type,
            statement=statement[:80],
        )

    @api.model
    def _statements_of_folds(self):
        """Yield ``(event type, SQL)`` that folds of made-up events want to run."""
        if not self.env["event.store"]._folds_in_memory(self):
            return
        describe = self.env["snapshot.handler.registry"]
        names = [*self._transitions, *self._payload_fields, *self._schema_versions]
        for event_type in dict.fromkeys(names) or ("Example",):
            declared = self._payload_fields.get(event_type, {})
            payload = describe._example(self, event_type, declared)
            rule = self._transitions.get(event_type)
            event = EventData(
                model_name=next(iter(self._served_names()), self._name),
                aggregate_id="example",
                event_type=event_type,
                payload=normalise(payload),
                version=1,
                timestamp=datetime(2026, 1, 1, 9),
                schema_version=self._schema_versions.get(event_type, 1),
                company_id=1,
                user_id=1,
            )
            state = without_database(self)[0]._initial_state()
            for status in (*rule.sources,) if rule else ():
                state = {**state, "status": status}
                break
            for statement in statements_of(self, state, event)[:1]:
                yield event_type, statement


class SnapshotHandlerDeclarations(models.AbstractModel):
    """Which aggregate types are switched off, because what is declared for them is wrong.

    Their events are refused with the sentence that says what to write; their history can be
    read, and all other types work. What is found is kept until the registry is made anew.
    """

    _inherit = "snapshot.handler.registry"

    def _register_hook(self):
        super()._register_hook()
        if self._disarm():
            self.env.registry.clear_cache()
        self._log_problems()

    @api.model
    def _log_problems(self, names=None):
        """Write a line to the log for each declaration that is wrong.

        :param names: of handlers; all by default
        """
        spoken = self.with_context(lang="en_US")
        for name, sentences in spoken._problems().items():
            if names is None or name in names:
                for sentence in sentences:
                    _logger.error("%s: %s", name, sentence)
        for name, sentence in spoken._hints().items():
            if names is None or name in names:
                _logger.warning("%s: %s", name, sentence)

    @api.model
    def _switched_off(self, model_name):
        """Return why events of an aggregate type are refused, None where they are not."""
        name = self._off().get(self._canonical_name(model_name))
        if name is None:
            return None
        return _(
            "Events of %(aggregate)s cannot be recorded, because %(handler)s is declared wrongly:"
            " %(problem)s",
            aggregate=model_name,
            handler=name,
            problem=self._problems()[name][0],
        )

    @api.model
    def _check_not_off(self, model_name):
        """Raise HandlerOff where events of an aggregate type are refused."""
        sentence = self._switched_off(model_name)
        if sentence:
            raise HandlerOff(sentence)

    @api.model
    def _off(self):
        """Return ``{aggregate type: the model that is declared wrongly}``."""
        return self._found_off(self._registered_names())

    @api.model
    @tools.ormcache("registered")
    def _found_off(self, registered):
        problems = self._found_problems(registered, "en_US")
        serving = self._serving()
        off = {model: name for model, name in serving.items() if name in problems}
        for name in problems:
            for model_name in self._meant_types(name):
                if model_name not in serving and model_name not in self._discover():
                    off.setdefault(model_name, name)
        return off

    @api.model
    def _meant_types(self, name):
        """Return the aggregate types that a model is about which serves none."""
        armed = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in self._armed()}
        model = armed.get(name) or self.env.registry.get(name)
        meant = [getattr(model, "_aggregate_model", None)]
        if name not in armed:
            meant.append(self._named_aggregate(name))
        source = getattr(model, "_source_model", None)
        source = self.env.registry.get(source) if is_name(source) else None
        meant.append(getattr(source, "_aggregate_model", None))
        return [model_name for model_name in meant if is_name(model_name)]

    @api.model
    def _snapshots_of(self, model_name):
        """Return the model with the snapshots of an aggregate type, None where there is none.

        Also where the type is switched off: what is stored can still be read.
        """
        handler = self._claimed(model_name)
        name = getattr(handler, "_snapshot_model", None)
        model = self.env.registry.get(name) if is_name(name) else None
        if model is None or not issubclass(model, self.env.registry["snapshot.mixin"]):
            return None
        return None if model._abstract else self.env[name]

    @api.model
    def _problems(self):
        """Return ``{model: [sentence]}`` of what is declared wrongly, in the user's language."""
        return self._found_problems(self._registered_names(), self.env.lang)

    @api.model
    @tools.ormcache("registered", "lang")
    def _found_problems(self, registered, lang):
        self = self.with_context(lang=lang)
        found = dict(self._lost())
        for name in sorted({*self._serving().values()}):
            if name in self.env:
                found[name] = self._problems_of(name)
        for name, sentence in self._lonely_sources():
            found.setdefault(name, []).append(sentence)
        return {name: sentences for name, sentences in found.items() if sentences}

    @api.model
    def _problems_of(self, name):
        """Return what is declared wrongly in a handler that serves an aggregate type."""
        handler = self.env[name].sudo()
        try:
            if isinstance(handler, self.env.registry["snapshot.handler"]):
                return handler._declaration_problems()
            problems = []
            for attribute in ("_aggregate_model", "_invalid_policy", "_error_policy"):
                if misshapen(attribute, getattr(handler, attribute, None)):
                    sentence = _(
                        "%(place)s is %(value)s; write it like %(attribute)s = %(example)s.",
                        place=attribute,
                        value=repr(getattr(handler, attribute))[:80],
                        attribute=attribute,
                        example=SHAPES[attribute][1],
                    )
                    problems.append(sentence)
            return problems
        except Exception as error:
            _logger.warning("%s could not be checked.", name, exc_info=True)
            return [
                _(
                    "Its declarations cannot be read (%(error)s); compare them with"
                    " docs/handlers.md.",
                    error=_shown(error),
                )
            ]

    # ------------------------------------------------------------------
    # Handlers that serve nothing, and records that nothing serves
    # ------------------------------------------------------------------

    @api.model
    def _lost(self):
        """Yield ``(model, [sentence])`` of what was meant as a handler and is none."""
        base = self.env.registry["snapshot.handler"]
        for kind in self._armed():
            yield (
                f"{kind.__module__}.{kind.__qualname__}",
                [
                    _(
                        "The class has no _name, so that it would change all handlers; write"
                        ' _name = "loan.snapshot.handler", for example. Until then what it'
                        " declares is left out."
                    )
                ],
            )
        serving = {name for names in self._discover().values() for name in names}
        serving.update(self._registered().values())
        for name, model in sorted(self.env.registry.items()):
            if name in serving or name in ("snapshot.handler", self._name):
                continue
            inherits = issubclass(model, base)
            named = self._named_aggregate(name)
            if inherits and not model._abstract and callable(getattr(model, "apply_event", None)):
                yield name, [_("A handler has no table; make it a models.AbstractModel.")]
            elif (
                inherits and named is None and self._declares(model) and not model._inherit_children
            ):
                if self._declares(model, {"_register_hook"}):
                    continue  # it may register itself
                yield (
                    name,
                    [
                        _(
                            "Its name does not say which aggregate type it serves; call it"
                            ' <aggregate type>.snapshot.handler, or write _aggregate_model = "…".'
                        )
                    ],
                )
            elif not inherits and model._abstract and callable(getattr(model, "_evolve", None)):
                yield (
                    name,
                    [_('It does not inherit the engine; write _inherit = "snapshot.handler".')],
                )
            elif (
                not inherits
                and model._abstract
                and named is not None
                and (name.endswith(".snapshot.handler") or name.startswith("snapshot.handler."))
            ):
                yield (
                    name,
                    [
                        _(
                            'It is named like a handler, but is none; write _inherit = "snapshot'
                            '.handler", or give it a method apply_event.'
                        )
                    ],
                )

    @api.model
    def _declares(self, model, names=frozenset({"_evolve", *OF_ONE_TYPE})):
        """Whether a model says one of these by itself, not as the engine does for all."""
        of_all = own_classes(self.env.registry["snapshot.handler"])
        return any(names & vars(kind).keys() for kind in own_classes(model) if kind not in of_all)

    @api.model
    def _lonely_sources(self):
        """Yield ``(model, sentence)`` of business models whose aggregate type nothing serves."""
        mixin = self.env.registry["event.source.mixin"]
        known = {*self._serving(), *self._discover()}
        for name, model in sorted(self.env.registry.items()):
            if model._abstract or not issubclass(model, mixin):
                continue
            meant = model._aggregate_model
            if not is_name(meant):
                yield (
                    name,
                    _(
                        "_aggregate_model is %(value)s; write the aggregate type of its records,"
                        ' such as _aggregate_model = "loan".',
                        value=repr(meant)[:80],
                    ),
                )
            elif self._canonical_name(meant) not in known:
                yield (
                    name,
                    _(
                        "_aggregate_model is '%(meant)s'%(guess)s, which no handler serves; write"
                        " the aggregate type of its handler, or name the handler"
                        " %(meant)s.snapshot.handler.",
                        meant=meant,
                        guess=self.env["snapshot.handler"]._guess(meant, known),
                    ),
                )

    @api.model
    def _hints(self):
        """Return ``{model: sentence}`` of what is probably a slip, and does no harm by itself."""
        found = {}
        base = self.env.registry["snapshot.handler"]
        problems = self._problems()
        for name in sorted({*self._serving().values()}):
            model = self.env.registry.get(name)
            if model is None or not issubclass(model, base) or name in problems:
                continue
            for kind in own_classes(model):
                if kind.__module__.startswith(ENGINE):
                    continue
                for attribute, value in vars(kind).items():
                    close = get_close_matches(attribute, SHAPES, n=1, cutoff=0.9)
                    if close and attribute not in SHAPES and not callable(value):
                        found[name] = _(
                            "%(attribute)s means nothing to the engine; is %(known)s meant?",
                            attribute=attribute,
                            known=close[0],
                        )
        return found

    # ------------------------------------------------------------------
    # A class that would change all handlers
    # ------------------------------------------------------------------

    @api.model
    def _armed(self):
        """Return the classes that declare for all handlers what only one can mean."""
        return [
            kind
            for kind in own_classes(self.env.registry["snapshot.handler"])
            if not kind.__module__.startswith(ENGINE) and OF_ONE_TYPE & vars(kind).keys()
        ]

    @api.model
    def _disarm(self):
        """Let such a class have no effect on what the engine declares; return whether it had."""
        base = self.env.registry["snapshot.handler"]
        engine = [kind for kind in own_classes(base) if kind.__module__.startswith(ENGINE)]
        changed = False
        for kind in self._armed():
            for name in vars(kind):
                for own in engine:
                    value = vars(own).get(name, kind)
                    if value is kind or name.startswith("__"):
                        continue
                    if name in OF_ONE_TYPE or name in METHODS:
                        if vars(base).get(name, kind) is not value:
                            setattr(base, name, value)
                            changed = True
                        break
        return changed


def own_classes(model):
    """Return the classes of addons that make up a model, not those that Odoo makes of them.

    :param model: a class of the registry
    """
    return [
        kind
        for kind in model.__mro__
        if kind.__module__.startswith("odoo.addons.")
        and not kind.__module__.startswith("odoo.addons.base.")
        and vars(kind).get("pool") is None
    ]


def _shown(error):
    return f"{type(error).__name__}: {error}"[:200]
