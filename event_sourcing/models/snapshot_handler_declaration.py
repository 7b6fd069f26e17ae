from datetime import datetime
from difflib import get_close_matches
from itertools import chain

from odoo import _, api, models

from odoo.addons.event_sourcing_base.canonical_json import normalise
from odoo.addons.event_sourcing_base.column_values import EXAMPLES
from odoo.addons.event_sourcing_base.no_cursor import DATA, without_database

from ..declared import (
    METHODS,
    fields_in,
    how_to_nest,
    is_name,
    is_names,
    statements_of,
    takes,
    unfit_minimum,
)
from ..event import EventData
from .event_store import FAILURE_TYPES


class SnapshotHandlerDeclaration(models.AbstractModel):
    """What is wrong with the declarations of one handler, in sentences.

    Here is what would let history go wrong; an addon may look closer, see the registry's
    ``_further_problems``.
    """

    _inherit = "snapshot.handler"

    @api.model
    def _declaration_problems(self):
        """Return what of the declarations cannot be worked with; see the registry's.

        :return: list of sentences, empty when all is well
        """
        registry = self.env["snapshot.handler.registry"]
        found = list(self._wrong_shapes(registry)) or [
            *self._wrong_models(),
            *self._wrong_source(),
            *self._wrong_event_types(),
            *self._wrong_payload_fields(),
            *self._wrong_constraint_rules(),
            *(sentence for _code, sentence in self._wrong_versions()),
            *registry._further_problems(self),
        ]
        return found or [*self._wrong_beginning(), *self._wrong_folds()]

    @api.model
    def _wrong_shapes(self, registry):
        yield from registry._misshapen(self)
        yield from registry._wrong_methods(self, METHODS)

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

    @api.model
    def _wrong_source(self):
        """Yield what is wrong with the business model: its table and fields are in SQL."""
        if not self._source_model:
            return
        source = self.env.registry.get(self._source_model)
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
    def _wrong_payload_fields(self):
        for event_type, declared in self._payload_fields.items():
            named = (
                fields_in(f'_payload_fields["{event_type}"]["{key}"]', field)
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
    def _wrong_constraint_rules(self):
        labels = self._rule_labels() if self._constraint_rules else {}
        for rule in self._constraint_rules.values():
            if not labels.get(rule):
                yield _(
                    "_constraint_rules names the rule %(rule)s%(guess)s, for which _rule_labels has"
                    " no sentence; add one there.",
                    rule=rule,
                    guess=self._guess(rule, labels),
                )

    @api.model
    def _wrong_versions(self):
        """Yield ``(code, sentence)`` of former versions and names by which nothing is read."""
        for event_type, steps in self._upcasters.items():
            for version, name in steps.items():
                method = getattr(self, name, None)
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
        known = self._transitions
        for old, new in self._event_aliases.items():
            if (known and new not in known) or new in self._event_aliases:
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
        yield from self._wrong_former_names()

    @api.model
    def _wrong_former_names(self):
        """Yield ``(code, sentence)`` of former names that are another handler's, too."""
        registry = self.env["snapshot.handler.registry"]
        served = self._served_names()
        for old in registry._former_names(self._name):
            for model_name, name in registry._serving().items():
                if model_name not in served and old in registry._former_names(name):
                    yield (
                        "shared_alias",
                        _(
                            "_aggregate_aliases names %(old)s, and so does %(other)s; only one of"
                            " them can have been called that.",
                            old=old,
                            other=name,
                        ),
                    )
            if registry._canonical_name(old) not in served:
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
        for event_type, statements in self._statements_of_folds():
            if statements and DATA.search(statements[0]):
                yield _(
                    "The fold of %(type)s asks the database (%(statement)s), so that replay would"
                    " give something else another day; put what it needs into the payload.",
                    type=event_type,
                    statement=statements[0][:80],
                )

    @api.model
    def _statements_of_folds(self):
        """Yield ``(event type, [SQL])``: what folds of made-up events want to run."""
        if not self.env["event.store"]._folds_in_memory(self):
            return
        names = [*self._transitions, *self._payload_fields, *self._schema_versions]
        for event_type in dict.fromkeys(names) or ("Example",):
            rule = self._transitions.get(event_type)
            event = EventData(
                model_name=next(iter(self._served_names()), self._name),
                aggregate_id="example",
                event_type=event_type,
                payload=normalise(self._example(event_type)),
                version=1,
                timestamp=datetime(2026, 1, 1, 9),
                schema_version=self._schema_versions.get(event_type, 1),
                company_id=1,
                user_id=1,
            )
            state = without_database(self)[0]._initial_state()
            if rule and rule.sources:
                state = {**state, "status": next(iter(rule.sources))}
            yield event_type, statements_of(self, state, event)

    @api.model
    def _example(self, event_type):
        """Return a payload of an event type: the one that is declared, or one made up."""
        given = self._event_examples.get(event_type)
        if given is not None:
            return given
        declared = self._payload_fields.get(event_type, {})
        return {key: field.example for key, field in declared.items()}


def shown_error(error):
    return f"{type(error).__name__}: {error}"[:200]
