from datetime import datetime
from difflib import get_close_matches

from odoo import _, api, models

from ..canonical_json import normalise
from ..declared import (
    LISTS,
    METHODS,
    SHAPES,
    is_name,
    misshapen,
    takes,
    unfit_minimum,
)
from ..event import EventData
from ..no_cursor import DATA, statements_of, without_database
from .event_store import FAILURE_TYPES
from .handler_description import EXAMPLES

# What the lint finds and no fold gets along with; the rest of it are hints.
FATAL = {"no_such_method", "alias_target", "alias_in_use", "aggregate_alias"}
# Where a handler decides on statuses by itself, the table does not say what is reached.
OWN_STATUSES = ("_next_status", "_checked_evolve", "_fold", "apply_event")


class SnapshotHandlerDeclaration(models.AbstractModel):
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
                error=shown_error(error),
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


def shown_error(error):
    return f"{type(error).__name__}: {error}"[:200]
