import logging
from difflib import get_close_matches

from odoo import _, api, models

from odoo.addons.event_sourcing_base.column_values import NoValue
from odoo.addons.event_sourcing_declaration.declared import SHAPES
from odoo.addons.event_sourcing_declaration.models.snapshot_handler_problems import (
    ENGINE,
    own_classes,
)

_logger = logging.getLogger(__name__)


class SnapshotHandlerLint(models.AbstractModel):
    """What the author of a handler should hear: it does no harm by itself."""

    _inherit = "snapshot.handler.registry"

    @api.model
    def _lint(self, handler):
        return [
            *super()._lint(handler),
            *self._lint_versions(handler),
            *self._lint_types(handler),
            *self._lint_statuses(handler),
            *self._lint_examples(handler),
            *self._lint_columns(handler),
            *self._lint_constraints(handler),
        ]

    @api.model
    def _lint_versions(self, handler):
        """Yield gaps in the chains of upcasters, and upcasters that are never used."""
        base = self.env.registry["snapshot.handler"]
        own_way = type(handler)._upcast is not base._upcast
        for event_type, today in handler._schema_versions.items():
            steps = handler._upcasters.get(event_type, {})
            for version in range(1, today):
                if version not in steps and not own_way:
                    yield (
                        "missing_upcaster",
                        _(
                            "%(type)s is written in schema version %(today)s, but has no upcaster"
                            " from version %(version)s.",
                            type=event_type,
                            today=today,
                            version=version,
                        ),
                    )
        for event_type, steps in handler._upcasters.items():
            today = handler._schema_versions.get(event_type, 1)
            for version in steps:
                if not 1 <= version < today:
                    yield (
                        "useless_upcaster",
                        _(
                            "The upcaster of %(type)s from version %(version)s is never used:"
                            " the version written today is %(today)s.",
                            type=event_type,
                            version=version,
                            today=today,
                        ),
                    )

    @api.model
    def _lint_types(self, handler):
        """Yield declarations about event types that the table does not know."""
        if not handler._transitions:
            return
        declared = (handler._payload_fields, handler._schema_versions, handler._upcasters)
        shown = (
            handler._event_labels(),
            handler._event_help(),
            handler._event_icons,
            handler._event_examples,
        )
        for event_type in dict.fromkeys(name for part in (*declared, *shown) for name in part):
            if event_type not in handler._transitions:
                yield (
                    "unknown_type",
                    _(
                        "%(type)s is declared, but the transition table does not know it.",
                        type=event_type,
                    ),
                )

    @api.model
    def _lint_statuses(self, handler):
        """Yield statuses that the snapshot's status field does not know, where it has a list."""
        if not handler._transitions:
            if self._declares(type(handler), {"_initial_status", "_ended_statuses"}):
                yield (
                    "no_transitions",
                    _(
                        "It names statuses, but has no _transitions: any event type is taken, and"
                        " no status is kept."
                    ),
                )
            return
        known = handler._status_labels()
        if not known:
            return
        named = {handler._initial_status, *handler._ended_statuses}
        for transition in handler._transitions.values():
            named.update((*transition.sources, *transition.targets))
        for status in sorted(named - known.keys()):
            yield (
                "unknown_status",
                _("The status %(status)s is declared, but has no label.", status=status),
            )

    @api.model
    def _lint_examples(self, handler):
        """Yield examples of payloads that the payload's own fields refuse."""
        for event_type, example in handler._event_examples.items():
            for key, field in handler._payload_fields.get(event_type, {}).items():
                if field.wrong(example.get(key)):
                    yield (
                        "bad_example",
                        _(
                            "The example of %(type)s does not fit its own payload field %(key)s.",
                            type=event_type,
                            key=key,
                        ),
                    )

    @api.model
    def _lint_columns(self, handler):
        """Yield payload fields of a kind that the column of the same name never takes."""
        snapshots = self.env[handler._snapshot_model]
        if type(handler)._columns is not self.env.registry["snapshot.handler"]._columns:
            return
        parsers = dict(snapshots._parsers())
        for event_type, declared in handler._payload_fields.items():
            for key, field in declared.items():
                try:
                    parsers.get(key, bool)(field.example)
                except NoValue as error:
                    if error.kind == "choice":
                        continue  # which choices there are, the kind does not say
                    yield (
                        "other_kind",
                        _(
                            "%(key)s of %(type)s is declared as %(kind)s, which the column of"
                            " %(model)s does not take: it is of the type %(column)s.",
                            key=key,
                            type=event_type,
                            kind=field.kind,
                            model=handler._snapshot_model,
                            column=snapshots._fields[key].type,
                        ),
                    )

    @api.model
    def _lint_constraints(self, handler):
        """Yield constraints that the snapshot's table has not, or that are checked too late."""
        if not handler._constraint_rules:
            return
        table = self.env[handler._snapshot_model]._table
        self.env.cr.execute(
            """SELECT conname, condeferrable FROM pg_constraint WHERE conrelid = to_regclass(%s)
               UNION ALL
               SELECT relname, false FROM pg_class
                WHERE oid IN (SELECT indexrelid FROM pg_index
                               WHERE indrelid = to_regclass(%s) AND indisunique)
                  AND oid NOT IN (SELECT conindid FROM pg_constraint)""",
            [f'"{table}"'] * 2,
        )
        known = dict(self.env.cr.fetchall())
        for constraint in handler._constraint_rules:
            if constraint not in known:
                yield (
                    "unknown_constraint",
                    _(
                        "_constraint_rules names %(constraint)s, which the table %(table)s does not"
                        " have; what it is to refuse is not refused.",
                        constraint=constraint,
                        table=table,
                    ),
                )
            elif known[constraint]:
                yield (
                    "deferred_constraint",
                    _(
                        "_constraint_rules names %(constraint)s, which may be checked too late to"
                        " reject an event; make it NOT DEFERRABLE.",
                        constraint=constraint,
                    ),
                )

    @api.model
    def _lint_stored(self, handler):
        """Return what is stored of this aggregate type and cannot be read, in one query.

        Of events that the user may read: a figure of all would count those of other companies.

        :return: list of ``(code, sentence)``
        """
        served = handler._served_names()
        names = [name for model_name in served for name in self._stream_names(model_name)]
        groups = self.env["event.store"]._read_group(
            [("model_name", "in", names), ("outcome", "=", "applied")],
            ["event_type", "schema_version"],
            ["__count"],
        )
        problems = []
        for event_type, version, count in groups:
            today = handler._event_aliases.get(event_type, event_type)
            try:
                handler._check_schema_version(today, version)
                known = not handler._transitions or today in handler._transitions
                reason = "" if known else _("The transition table does not know it.")
            except Exception as error:
                reason = str(error)
            if reason:
                problems.append(
                    (
                        "stored",
                        _(
                            "Stored events of the type %(type)s that cannot be read: %(count)s."
                            " %(reason)s",
                            count=count,
                            type=event_type,
                            reason=reason,
                        ),
                    )
                )
        return problems

    @api.model
    def _log_problems(self, names=None):
        super()._log_problems(names)
        spoken = self.with_context(lang="en_US")
        found = {name: [sentence] for name, sentence in spoken._hints().items()}
        serving = {*self._serving().values()} - self._problems().keys()
        for name in sorted(serving if names is None else serving.intersection(names)):
            handler = spoken.env.get(name)
            if isinstance(handler, self.env.registry["snapshot.handler"]):
                sentences = [sentence for _code, sentence in spoken._lint(handler)]
                found.setdefault(name, []).extend(sentences)
        if names is None:
            found.update((name, [sentence]) for name, sentence in spoken._unused_snapshots())
        for name, sentences in found.items():
            for sentence in sentences if names is None or name in names else ():
                _logger.warning("%s: %s", name, sentence)

    @api.model
    def _unused_snapshots(self):
        """Yield ``(model, sentence)`` of tables for snapshots that no handler fills."""
        mixin = self.env.registry["snapshot.mixin"]
        tables = {
            name: model
            for name, model in sorted(self.env.registry.items())
            if issubclass(model, mixin) and not model._abstract and model._auto
        }
        filled = {getattr(model, "_snapshot_model", None) for model in self.env.registry.values()}
        for name, model in tables.items():
            # Lists of the past inherit the table whose columns they have.
            borrows = any(issubclass(model, other) for other in tables.values() if other != model)
            if name not in filled and not borrows:
                yield (
                    name,
                    _(
                        "No handler names it as its _snapshot_model, so nothing is kept in it;"
                        " write that into the handler, and import its file in models/__init__.py."
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
                    if attribute in SHAPES or callable(value) or attribute.startswith("__"):
                        continue
                    close = get_close_matches(attribute, SHAPES, n=1, cutoff=0.9)
                    if close:
                        found[name] = _(
                            "%(attribute)s means nothing to the engine; is %(known)s meant?",
                            attribute=attribute,
                            known=close[0],
                        )
        return found
