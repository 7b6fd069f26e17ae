import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError

from ..arguments import shown
from ..canonical_json import reordered
from ..event_data import EventData
from ..exceptions import Trouble
from ..retry import is_broken, must_retry
from .event_checkpoint import EVERY


class SnapshotHandlerFold(models.AbstractModel):
    """From stored events to stored snapshots: load, fold in memory, save."""

    _inherit = "snapshot.handler"

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
        try:
            folded = self._fold_new(reordered(state), value), value
        except UserError as error:
            others = self._in_other_languages()
            error.sentences = self._other_sentences(others, state, value, str(error))
            raise
        self._save_states({folded[1].key: folded})
        return True

    @api.model
    def _in_other_languages(self):
        """Return ``{language code: this handler}`` in the other installed languages.

        None where a handler's SQL has broken the transaction: nothing can be asked then.
        """
        if is_broken(self.env.cr):
            return {}
        installed = self.env["res.lang"].get_installed()
        return {
            lang: self.with_context(lang=lang) for lang, _name in installed if lang != self.env.lang
        }

    @api.model
    def _other_sentences(self, others, state, event, said, named=None):
        """Return how the rule that refuses an event says so in the other languages.

        Only now can it be asked: later its rules may be others, or the state be gone.

        :param dict others: from :meth:`_in_other_languages`
        :param dict state: before the event
        :param EventData event: the event
        :param str said: what it said in the language of this environment
        :param dict named: as for ``_fold_new``
        :return: ``{language code: sentence}``, without those that say the same
        """
        sentences = {}
        for lang, handler in others.items():
            try:
                handler._fold_new(reordered(state), event, named)
            except UserError as error:
                if str(error) != said:
                    sentences[lang] = self.env["event.store"]._error_text(error)
            except Exception as error:
                # What was refused stays refused, whatever a handler does in another language.
                if must_retry(error):
                    raise
        return sentences

    @api.model
    def _fold_together(self, aggregates, states):
        """Fold the new events of many aggregates; nothing is written.

        :param dict aggregates: ``{key: [EventData] in order}``, the keys as in ``EventData.key``
        :param dict states: ``{key: state}`` to begin with
        :return: ``({key: (state, last applied EventData)}, problems, marks)``: problems are
            ``(EventData, exception)`` of those that were refused or that failed, and left the
            state as it was; marks ``(state, EventData)`` of those events at which a checkpoint
            is due
        :raise Trouble: with the streams in which a handler's SQL broke the transaction
        """
        folded, problems, marks, named = {}, [], [], {}
        others = None
        self._look_up_named(
            ((e.company_id, e.event_type, e.payload) for some in aggregates.values() for e in some),
            named,
        )
        for key, events in aggregates.items():
            state = states[key]
            for event in events:
                try:
                    # A careless handler may change the state that it is given.
                    after = self._fold_new(reordered(state), event, named)
                except Exception as error:
                    if must_retry(error):
                        raise
                    if isinstance(error, UserError):
                        others = self._in_other_languages() if others is None else others
                        said = self._other_sentences(others, state, event, str(error), named)
                        error.sentences = said
                    # A handler may say something else about what its SQL broke.
                    if isinstance(error, psycopg2.Error) or is_broken(self.env.cr):
                        raise Trouble([event.stream]) from error
                    problems.append((event, error))
                    continue
                state = after
                folded[key] = state, event
                if event.version % EVERY == 0:
                    marks.append((state, event))
        if is_broken(self.env.cr):  # and nobody said so
            raise Trouble([events[0].stream for events in aggregates.values()])
        return folded, problems, marks

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
        known = self.env[self._snapshot_model]._load(model_name, keys)
        return self._begin_states({key: known.get(key) for key in keys})

    @api.model
    def _begin_states(self, stored):
        """Return what a fold begins with for ``{key: state as stored, or None}``."""
        return {
            key: self._initial_state() if state is None else reordered(state)
            for key, state in stored.items()
        }

    @api.model
    def _heal(self, model_name, key, fold):
        """Write the snapshot of a stream that was folded anew, or remove it where it has none.

        :param Folded fold: without a problem
        :return: None, or the exception that the database refuses it with
        """
        try:
            with self.env.cr.savepoint(flush=False):
                if fold.last:
                    self._save_applied({key: (fold.state, fold.last)})
                else:
                    self.env[self._snapshot_model]._forget(model_name, [key])
        except Exception as error:
            if must_retry(error):
                raise
            return error
        return None

    @api.model
    def _save_states(self, folded):
        """Write snapshots and let the business records know.

        :param dict folded: ``{key: (state, last EventData)}``
        """
        if folded:
            self.env.cr.execute(*self._save_code(folded))
            self.env[self._snapshot_model].invalidate_model(flush=False)
            self._tell_source(list(folded))

    @api.model
    def _save_applied(self, folded):
        """Write snapshots of what was applied once, maybe in another database.

        Columns stay empty whose records are not here; history keeps their ids.

        :param dict folded: as for :meth:`_save_states`
        """
        snapshots = self.env[self._snapshot_model]
        rows = self._snapshot_rows(folded.values())
        snapshots._upsert(snapshots._without_gone(rows))
        self._tell_source(list(folded))

    @api.model
    def _unfit(self, folds, applied=False):
        """Return why snapshots could not be written, as ``{index: sentence}``; none is.

        :param list folds: ``(state, last EventData)`` of each
        :param bool applied: see ``snapshot.mixin._unfit``
        """
        if not folds:
            return {}
        snapshots = self.env[self._snapshot_model]
        try:
            with self.env.cr.savepoint(flush=False):
                rows = self._snapshot_rows(folds)
                snapshots._row_texts(rows, strict=not applied)
                return snapshots._unfit(rows, applied)
        except Exception as error:
            if must_retry(error):
                raise
            if len(folds) == 1:
                return {0: self._explain_unfit(error)}
        # One value spoils the whole query: find out whose.
        half = len(folds) // 2
        found = self._unfit(folds[:half], applied)
        for index, reason in self._unfit(folds[half:], applied).items():
            found[half + index] = reason
        return found

    @api.model
    def _explain_unfit(self, error):
        if isinstance(error, UserError):
            return str(error)
        said = isinstance(error, psycopg2.Error) and error.diag.message_primary
        return _(
            "The columns of the snapshot cannot hold this (%(error)s); correct the value.",
            error=self.env["event.store"]._storable(str(said or error)),
        )

    @api.model
    def _save_code(self, folded):
        """Return the statement that writes snapshots, and its parameters.

        :param dict folded: ``{key: (state, last EventData)}``
        """
        snapshots = self.env[self._snapshot_model]
        rows = self._snapshot_rows(folded.values())
        return snapshots._upsert_code(rows, snapshots._row_texts(rows, strict=True))

    @api.model
    def _snapshot_rows(self, folds):
        """Return the complete rows of snapshots.

        :param folds: ``(state, last EventData)`` of each
        """
        rules = self._rules_digest()
        return [self._snapshot_vals(state, event, rules) for state, event in folds]

    @api.model
    def _snapshot_vals(self, state, event, rules=None):
        """Return the complete row of a snapshot.

        :param dict state: JSON object
        :param EventData event: the last one that was applied
        :param str rules: the digest of the handler's rules, where it is known
        """
        return {
            **self._columns(state),
            "model_name": self._today_model_name(event.model_name),
            "aggregate_id": event.aggregate_id,
            "version": event.version,
            "state": state,
            "rules": rules or self._rules_digest(),
            "last_event_type": event.event_type,
            "last_event_date": event.timestamp,
            "company_id": event.company_id,
        }

    @api.model
    def _tell_source(self, keys):
        """Let the business records follow their snapshots."""
        if self._source_model and keys:
            self.env[self._source_model]._snapshots_changed(keys)

    @api.model
    def _followers(self, model_name, keys, heads):
        """Return the business records of streams, as a list of one recordset or none.

        :param keys: of streams of this aggregate type
        :param dict heads: ``{(company id, model_name, aggregate_id): Head}``
        """
        wanted = set(keys)
        ids = [
            source
            for (company_id, name, aggregate_id), head in heads.items()
            if head.sources and name == model_name and (company_id, aggregate_id) in wanted
            for source in head.sources
        ]
        return [self.env[self._source_model].browse(ids)] if ids else []

    # ------------------------------------------------------------------
    # What the database does for an append
    # ------------------------------------------------------------------

    def init(self):
        super().init()
        self._ensure_begin_function()

    def _register_hook(self):
        super()._register_hook()
        self._ensure_begin_function()

    @api.model
    def _begin_call(self):
        """Return what ``event.stream._advance`` calls: a function, and the rules of today."""
        return self._begin_name(), self._rules_digest()

    @api.model
    def _begin_name(self):
        return f"{self._table}_begin"

    @api.model
    def _ensure_begin_function(self):
        """Let the database have the function that begins an append to such aggregates."""
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
