from odoo import _, api, models


class SnapshotHandlerLint(models.AbstractModel):
    """What a handler declares, checked against itself."""

    _inherit = "snapshot.handler"

    @api.model
    def _lint(self):
        """Return what is wrong with the declarations of the handler.

        :return: list of ``(code, sentence)``, empty when all is well
        """
        return [
            *self._lint_versions(),
            *self._lint_aliases(),
            *self._lint_types(),
            *self._lint_statuses(),
            *self._lint_examples(),
        ]

    @api.model
    def _lint_versions(self):
        """Yield gaps in the chains of upcasters, and upcasters that lead nowhere."""
        base = self.env.registry["snapshot.handler"]
        own_way = type(self)._upcast is not base._upcast
        for event_type, today in self._schema_versions.items():
            steps = self._upcasters.get(event_type, {})
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
        for event_type, steps in self._upcasters.items():
            today = self._schema_versions.get(event_type, 1)
            for version, method in steps.items():
                if not callable(getattr(self, method, None)):
                    yield (
                        "no_such_method",
                        _(
                            "The upcaster of %(type)s from version %(version)s names a method that"
                            " does not exist: %(method)s.",
                            type=event_type,
                            version=version,
                            method=method,
                        ),
                    )
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
    def _lint_aliases(self):
        """Yield aliases that lead nowhere, or that hide what there is."""
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
        registry = self.env["snapshot.handler.registry"]
        served = self._served_names()
        for old in registry._former_names(self._name):
            if registry._canonical_name(old) not in served:
                yield (
                    "aggregate_alias",
                    _(
                        "%(old)s is said to be a former name of this aggregate type, but another"
                        " handler serves it.",
                        old=old,
                    ),
                )

    @api.model
    def _lint_types(self):
        """Yield declarations about event types that the table does not know."""
        if not self._transitions:
            return
        declared = (self._payload_fields, self._schema_versions, self._upcasters)
        shown = (self._event_labels(), self._event_help(), self._event_icons, self._event_examples)
        for event_type in dict.fromkeys(name for part in (*declared, *shown) for name in part):
            if event_type not in self._transitions:
                yield (
                    "unknown_type",
                    _(
                        "%(type)s is declared, but the transition table does not know it.",
                        type=event_type,
                    ),
                )

    @api.model
    def _lint_statuses(self):
        """Yield statuses that the snapshot's status field does not know, where it has a list."""
        known = self._status_labels()
        if not known or not self._transitions:
            return
        named = {self._initial_status, *self._ended_statuses}
        for transition in self._transitions.values():
            named.update((*transition.sources, transition.target or self._initial_status))
        for status in sorted(named - known.keys()):
            yield (
                "unknown_status",
                _("The status %(status)s is declared, but has no label.", status=status),
            )

    @api.model
    def _lint_examples(self):
        """Yield examples of payloads that the payload's own fields refuse."""
        for event_type, example in self._event_examples.items():
            for key, field in self._payload_fields.get(event_type, {}).items():
                if field.problem(example.get(key)):
                    yield (
                        "bad_example",
                        _(
                            "The example of %(type)s does not fit its own payload field %(key)s.",
                            type=event_type,
                            key=key,
                        ),
                    )

    @api.model
    def _lint_stored(self):
        """Return what is stored of this aggregate type and cannot be read, in one query.

        :return: list of ``(code, sentence)``
        """
        registry = self.env["snapshot.handler.registry"]
        names = [name for model in self._served_names() for name in registry._stream_names(model)]
        groups = (
            self.env["event.store"]
            .sudo()
            ._read_group(
                [("model_name", "in", names), ("outcome", "=", "applied")],
                ["event_type", "schema_version"],
                ["__count"],
            )
        )
        problems = []
        for event_type, version, count in groups:
            today = self._event_aliases.get(event_type, event_type)
            try:
                self._check_schema_version(today, version)
                known = not self._transitions or today in self._transitions
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
