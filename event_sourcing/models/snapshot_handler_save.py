import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.arguments import shown
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..event import EventData
from ..exceptions import RuleViolation


class SnapshotHandlerSave(models.AbstractModel):
    """Stored states beside an append: loaded, written by themselves, healed, explained."""

    _inherit = "snapshot.handler"

    def init(self):
        super().init()
        self._ensure_begin_function()

    def _register_hook(self):
        super()._register_hook()
        self._ensure_begin_function()

    @api.model
    def _ensure_begin_function(self):
        """Create the SQL function that begins an append to such aggregates."""
        registry = self.env["snapshot.handler.registry"]
        if self._name == "snapshot.handler" or registry._problems_of(self._name):
            return  # the registry says which
        snapshots = self.env[self._snapshot_model]
        sources = "NULL::int[]"
        if self._source_model:
            source = self.env[self._source_model]
            company = ""
            if source._has_company():
                company = "AND (source.company_id IS NULL OR source.company_id = head.company_id)"
            sources = f"""
                (SELECT array_agg(source.id) FROM "{source._table}" AS source
                  WHERE source."{source._aggregate_field}" = head.aggregate_id {company})"""
        table = f'"{snapshots._table}"'
        self.env["event.stream"]._ensure_begin(self._begin_name(), table, sources)

    @api.model
    def apply_event(self, event):
        """Fold one stored event into its snapshot and write it.

        :param event: an ``event.store`` record
        :raise UserError: when the event breaks a rule; nothing is written then
        """
        if getattr(event, "_name", None) != "event.store":
            raise UserError(
                _("%(event)s is no stored event; record it with append.", event=shown(event))
            )
        event.ensure_one()
        value = EventData.from_record(event)
        state = self._stored_states(event.model_name, [value.key])[value.key]
        boundaries = event._boundaries_of_stored(self, value, state)
        try:
            after = self._take_new(state, value, boundaries=boundaries)
        except UserError as error:
            others = self._in_other_languages()
            error.sentences = self._other_sentences(
                others, state, value, str(error), boundaries=boundaries
            )
            raise
        self._save_states({value.key: (after, value)})
        if boundaries:
            boundaries.save_single(event)
        return True

    @api.model
    def _load_states(self, model_name, keys):
        """Return ``{key: state}`` of streams, the initial state where nothing was applied yet.

        Stored states that are missing, or of other events or rules, are folded anew.

        :raise HistoryFoldError: where one cannot be folded
        """
        store = self.env["event.store"]
        model_name = self.env["snapshot.handler.registry"]._canonical_name(model_name)
        known, stale = self.env[self._snapshot_model]._load_trusted(
            model_name, keys, self._rules_digest()
        )
        states = self._begin_states({key: known.get(key) for key in keys})
        for key, fold in store._fold_to_now(self, model_name, stale).items():
            if fold.problem is not None:
                raise store._history_problem(model_name, key, fold)
            states[key] = fold.state
        return states

    @api.model
    def _stored_states(self, model_name, keys):
        """Return ``{key: state}`` as stored; for who has seen to it that it can be trusted."""
        model_name = self.env["snapshot.handler.registry"]._canonical_name(model_name)
        known = self.env[self._snapshot_model]._read_states(model_name, keys)
        return self._begin_states({key: known.get(key) for key in keys})

    @api.model
    def _save_states(self, folded):
        """Write snapshots and let the business records know.

        :param dict folded: ``{key: (state, last EventData)}``
        """
        if folded:
            self.env.cr.execute(*self._save_statement(folded))
            self.env[self._snapshot_model].invalidate_model(flush=False)
            self._notify_source(list(folded))

    @api.model
    def _save_applied(self, folded):
        """Write snapshots of what was applied once, maybe in another database.

        Columns stay empty whose records are not here; history keeps their ids.

        :param dict folded: as for :meth:`_save_states`
        """
        snapshots = self.env[self._snapshot_model]
        rows = self._snapshot_rows(folded.values())
        snapshots._upsert(snapshots._drop_dangling(rows))
        self._notify_source(list(folded))

    @api.model
    def _notify_source(self, keys):
        """Let the business records follow their snapshots."""
        if self._source_model and keys:
            self.env[self._source_model]._snapshots_changed(keys)

    @api.model
    def _without_source(self, keys):
        """Return those of some streams whose business record is lost and can be made again.

        None here: what makes a record beyond what the events say, only an addon knows.

        :param keys: of streams that have a snapshot, ``(company id, aggregate id)``
        """
        return []

    @api.model
    def _heal(self, model_name, key, fold):
        """Write the snapshot of a stream that was folded anew, or remove it where it has none.

        :param FoldResult fold: without a problem
        :return: None, or the exception that the database refuses it with
        """
        try:
            with self.env.cr.savepoint(flush=False):
                if fold.last:
                    self._save_applied({key: (fold.state, fold.last)})
                else:
                    self.env[self._snapshot_model]._forget(model_name, [key])
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            return error
        return None

    @api.model
    def _find_violations(self, folds, applied=False):
        """Return why snapshots could not be written, by index; none is.

        :param list folds: ``(state, last EventData)`` of each
        :param bool applied: see ``snapshot.mixin._find_violations``
        :return: ``{index: what that gives, or an exception}``
        """
        if not folds:
            return {}
        snapshots = self.env[self._snapshot_model]
        try:
            with self.env.cr.savepoint(flush=False):
                rows = self._snapshot_rows(folds)
                snapshots._row_texts(rows, strict=not applied)
                return snapshots._find_violations(rows, applied)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            if len(folds) == 1:
                return {0: error}
        # One value spoils the whole query: find out whose.
        half = len(folds) // 2
        found = self._find_violations(folds[:half], applied)
        later = self._find_violations(folds[half:], applied)
        return found | {half + index: reason for index, reason in later.items()}

    @api.model
    def _as_broken_rule(self, error):
        """Return the broken rule that a constraint of the snapshot's table keeps, else ``error``.

        :param error: what the database refused, in a savepoint that is rolled back
        """
        said = error.diag if isinstance(error, psycopg2.IntegrityError) else None
        if said is None or said.table_name != self.env[self._snapshot_model]._table:
            return error
        rule = self._constraint_rules.get(said.constraint_name)
        if not rule:
            return error
        sentence = self._rule_labels()[rule]
        broken = RuleViolation(sentence, rule)
        others = self._in_other_languages().items()
        spoken = {lang: handler._rule_labels().get(rule, sentence) for lang, handler in others}
        broken.sentences = {lang: other for lang, other in spoken.items() if other != sentence}
        return broken
