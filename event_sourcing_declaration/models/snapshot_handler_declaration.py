from datetime import datetime
from itertools import chain

from odoo import _, api, models

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, normalise
from odoo.addons.event_sourcing_base.column_values import EXAMPLES
from odoo.addons.event_sourcing_base.names import is_name, is_names
from odoo.addons.event_sourcing_base.no_cursor import DATA, without_database

from ..declared import (
    METHODS,
    example,
    guess,
    how_to_nest,
    takes,
    try_fold,
    unfit_minimum,
)


class SnapshotHandlerDeclaration(models.AbstractModel):
    """What is wrong with the declarations of one handler, in sentences.

    Here is what would let history go wrong; an addon may look closer, see
    ``_further_problems``. On the registry and not on handlers, whose classes are part of the
    rules by which they fold.
    """

    _inherit = "snapshot.handler.registry"

    @api.model
    def _declaration_problems(self, handler):
        """Return what of the declarations cannot be worked with; see the registry's.

        :return: list of sentences, empty when all is well
        """
        found = list(self._wrong_shapes(handler)) or [
            *self._wrong_models(handler),
            *self._wrong_source(handler),
            *self._wrong_event_types(handler),
            *self._wrong_payload_fields(handler),
            *self._wrong_constraint_rules(handler),
            *(sentence for _code, sentence in self._wrong_versions(handler)),
            *self._further_problems(handler),
        ]
        return found or [*self._wrong_beginning(handler), *self._wrong_folds(handler)]

    @api.model
    def _wrong_shapes(self, handler):
        yield from self._misshapen(handler)
        yield from self._wrong_methods(handler, METHODS)

    @api.model
    def _wrong_models(self, handler):
        registry = self.env.registry
        snapshots = registry.get(handler._snapshot_model)
        if snapshots is None:
            yield _(
                "_snapshot_model names %(model)s, but there is no such model; name one that"
                " inherits snapshot.mixin.",
                model=handler._snapshot_model,
            )
        elif not issubclass(snapshots, registry["snapshot.mixin"]):
            yield _(
                "_snapshot_model names %(model)s, which does not inherit snapshot.mixin; write"
                ' _inherit = "snapshot.mixin" there.',
                model=handler._snapshot_model,
            )
        elif snapshots._abstract or snapshots._transient or not snapshots._auto:
            yield _(
                "_snapshot_model names %(model)s, which has no table of its own; make it a"
                " models.Model.",
                model=handler._snapshot_model,
            )

    @api.model
    def _wrong_source(self, handler):
        """Yield what is wrong with the business model: its table and fields are in SQL."""
        if not handler._source_model:
            return
        source = self.env.registry.get(handler._source_model)
        names = {"model": handler._source_model}
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
        served = handler._served_names()
        meant = source._aggregate_model
        quoted = [f'"{name}"' for name in served]
        if not is_name(meant) or self._canonical_name(meant) not in served:
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
        listed = is_names(followers)
        unknown = [f for f in followers if f not in source._fields] if listed else [followers]
        if unknown:
            yield _(
                "_source_model names %(model)s, whose _snapshot_fields name %(fields)s; name"
                " fields of that model there.",
                fields=repr(unknown[0])[:80],
                **names,
            )

    @api.model
    def _wrong_event_types(self, handler):
        for event_type in {*handler._transitions, *handler._event_aliases} & {*FAILURE_TYPES}:
            yield _(
                "%(type)s is written by the event store itself; give the event type another name.",
                type=event_type,
            )
        if not handler._transitions:
            return
        for name in ("_payload_fields", "_schema_versions", "_upcasters"):
            for event_type in getattr(handler, name):
                if event_type not in handler._transitions:
                    yield _(
                        "%(attribute)s names the event type %(type)s, which _transitions does not"
                        " know%(guess)s; correct the one or add it to the other.",
                        attribute=name,
                        type=event_type,
                        guess=guess(event_type, handler._transitions),
                    )

    @api.model
    def _wrong_payload_fields(self, handler):
        for event_type, declared in handler._payload_fields.items():
            named = (
                field.within(f'_payload_fields["{event_type}"]["{key}"]')
                for key, field in declared.items()
            )
            for place, field in chain.from_iterable(named):
                if example := how_to_nest(field):
                    yield _(
                        "%(place)s does not say rightly what it holds; write it like %(example)s.",
                        place=place,
                        example=example,
                    )
                if unfit_minimum(field, EXAMPLES[field.kind]):
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
    def _wrong_constraint_rules(self, handler):
        labels = handler._rule_labels() if handler._constraint_rules else {}
        for rule in handler._constraint_rules.values():
            if not labels.get(rule):
                yield _(
                    "_constraint_rules names the rule %(rule)s%(guess)s, for which _rule_labels has"
                    " no sentence; add one there.",
                    rule=rule,
                    guess=guess(rule, labels),
                )

    @api.model
    def _wrong_versions(self, handler):
        """Yield ``(code, sentence)`` of former versions and names by which nothing is read."""
        for event_type, steps in handler._upcasters.items():
            for version, name in steps.items():
                method = getattr(handler, name, None)
                if not callable(method):
                    yield (
                        "no_such_method",
                        _(
                            "The upcaster of %(type)s from version %(version)s names a method that"
                            " does not exist: %(method)s.",
                            type=event_type,
                            version=version,
                            method=name,
                        ),
                    )
                elif not takes(method, 2):
                    yield (
                        "wrong_method",
                        _(
                            "The upcaster of %(type)s from version %(version)s, %(method)s, must be"
                            " a method that takes a payload and an event.",
                            type=event_type,
                            version=version,
                            method=name,
                        ),
                    )
        known = handler._transitions
        for old, new in handler._event_aliases.items():
            if (known and new not in known) or new in handler._event_aliases:
                yield (
                    "alias_target",
                    _(
                        "%(old)s is said to be called %(new)s today, which is no event type of"
                        " the handler.",
                        old=old,
                        new=new,
                    ),
                )
            if old in known:
                yield (
                    "alias_in_use",
                    _(
                        "%(old)s is said to be a former name, but is still an event type of the"
                        " handler.",
                        old=old,
                    ),
                )
        yield from self._wrong_former_names(handler)

    @api.model
    def _wrong_former_names(self, handler):
        """Yield ``(code, sentence)`` of former names that are another handler's, too."""
        served = handler._served_names()
        for old in self._former_names(handler._name):
            for model_name, name in self._serving().items():
                if model_name not in served and old in self._former_names(name):
                    yield (
                        "shared_alias",
                        _(
                            "_aggregate_aliases names %(old)s, and so does %(other)s; only one of"
                            " them can have been called that.",
                            old=old,
                            other=name,
                        ),
                    )
            if self._canonical_name(old) not in served:
                yield (
                    "aggregate_alias",
                    _(
                        "%(old)s is said to be a former name of this aggregate type, but another"
                        " handler serves it.",
                        old=old,
                    ),
                )

    # ------------------------------------------------------------------
    # By trying
    # ------------------------------------------------------------------

    @api.model
    def _wrong_beginning(self, handler):
        """Yield what is wrong with the state before the first event, and its columns."""
        handler, cursor = without_database(handler)
        name = "_initial_state"
        try:
            state = handler._initial_state()
            if not isinstance(state, dict):
                raise TypeError(f"{type(state).__name__} is no dict")
            normalise(state)
            name = "_columns"
            columns = handler._columns(state)
            known = self.env.registry[handler._snapshot_model]._fields
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
    def _wrong_folds(self, handler):
        for event_type, trial in self._tried_folds(handler):
            statements = trial.statements
            if statements and DATA.search(statements[0]):
                yield _(
                    "The fold of %(type)s asks the database (%(statement)s), so that replay would"
                    " give something else another day; put what it needs into the payload.",
                    type=event_type,
                    statement=statements[0][:80],
                )

    @api.model
    def _lint_states(self, handler):
        """Yield ``(code, sentence)`` of folds of which nothing can be kept: their events fail."""
        for event_type, trial in self._tried_folds(handler):
            if trial.returned and not isinstance(trial.evolved, dict):
                yield (
                    "no_state",
                    _(
                        "_evolve returns %(value)s for %(type)s; it must return the state after"
                        " the event, a dict.",
                        value=repr(trial.evolved)[:80],
                        type=event_type,
                    ),
                )
            elif trial.returned:
                try:
                    normalise(trial.evolved)
                except InvalidJson as error:
                    yield (
                        "no_json",
                        _(
                            "_evolve returns what is no JSON for %(type)s: %(problem)s",
                            type=event_type,
                            problem=self.env["event.store"]._explain_not_json(error),
                        ),
                    )

    @api.model
    def _tried_folds(self, handler):
        """Yield ``(event type, Trial)``: what folds of made-up events do."""
        if not self.env["event.store"]._folds_in_memory(handler):
            return
        names = [*handler._transitions, *handler._payload_fields, *handler._schema_versions]
        for event_type in dict.fromkeys(names) or ("Example",):
            rule = handler._transitions.get(event_type)
            event = EventData(
                model_name=next(iter(handler._served_names()), handler._name),
                aggregate_id="example",
                event_type=event_type,
                payload=normalise(example(handler, event_type)),
                version=1,
                timestamp=datetime(2026, 1, 1, 9),
                schema_version=handler._schema_versions.get(event_type, 1),
                company_id=1,
                user_id=1,
            )
            state = without_database(handler)[0]._initial_state()
            if rule and rule.sources:
                state = {**state, "status": next(iter(rule.sources))}
            yield event_type, try_fold(handler, state, event)


def shown_error(error):
    return f"{type(error).__name__}: {error}"[:200]
