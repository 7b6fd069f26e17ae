from contextlib import contextmanager

import psycopg2

from odoo import api, models

from ..event_data import EventData
from ..exceptions import HistoryFoldError, Trouble
from ..retry import must_retry


class EventStoreFold(models.Model):
    """Folding new events into their snapshots, together where all goes well."""

    _inherit = "event.store"

    @api.model
    def _find_handler(self, model_name):
        """Return the handler of an aggregate type, with full rights, or None.

        Folding needs every event, whoever appends; the right to append was checked.
        """
        return self.env(su=True)["snapshot.handler.registry"]._find(model_name)

    @api.model
    def _find_handlers(self, vals_list):
        """Return ``{model_name: handler or None}`` of the aggregate types of a batch."""
        names = {vals["model_name"] for vals in vals_list}
        return {name: self._find_handler(name) for name in names}

    @api.model
    def _today_event_type(self, handler, event_type):
        """Return what an event type is called today."""
        return getattr(handler, "_event_aliases", {}).get(event_type, event_type)

    @api.model
    def _nothing_folded(self, handlers):
        """Return what :meth:`_fold_ahead` begins with: the types whose events it folds."""
        return {
            name: (handler, {}, [])
            for name, handler in handlers.items()
            if self._folds_in_memory(handler)
        }

    @api.model
    def _fold_ahead(self, vals_list, heads, folded, policies, apart=frozenset()):
        """Fold events that are not stored yet, in memory, and decide what becomes of them.

        :param list vals_list: complete dicts, in order; those that are refused or that failed
            get their outcome and its reason
        :param dict heads: ``{(company id, model_name, aggregate_id): Head}``, which say what
            the fold begins with
        :param dict folded: what was folded of the same batch before, and is from then on:
            ``{model_name: (handler, {key: (state, last applied EventData)}, marks)}``, see
            ``snapshot.handler._fold_together``; events of other types are passed over
        :param dict policies: ``{event id: policy or None}``
        :param set apart: keys of streams that are passed over, too
        :return: the failure events to store, complete dicts
        :raise UserError: for the first event whose policy is to raise
        :raise RefusedApart: for the first one whose attempt is to be recorded all the same
        :raise Trouble: with the streams in which the database refused something
        """
        by_model, by_version = {}, {}
        for vals in vals_list:
            if vals["model_name"] in folded and self._stream_key(vals) not in apart:
                event = EventData.from_vals(vals, self.env.uid)
                by_model.setdefault(vals["model_name"], {}).setdefault(event.key, []).append(event)
                by_version[self._stream_key(vals), vals["version"]] = vals
        problems = {}
        for model_name, streams in by_model.items():
            handler, states, marks = folded[model_name]
            named = {key: heads[key[0], model_name, key[1]] for key in streams}
            begin = {key: states[key][0] for key in streams if key in states}
            stored = {key: head.state for key, head in named.items() if key not in states}
            begin.update(handler._begin_states(stored))
            whole = {key: e for key, e in streams.items() if named[key].problem is None}
            try:
                found, wrong, due = handler._fold_together(whole, begin)
            except Trouble as trouble:
                if any(key[1] == model_name for key in apart):
                    # The second time: maybe in many, of which each would be found by one more try.
                    trouble.streams.update(key for key in heads if key[1] == model_name)
                raise
            states.update(found)
            marks.extend(due)
            for key, head in named.items():
                if head.problem is not None:
                    wrong += [(event, head.problem) for event in streams[key]]
            for event, error in wrong:
                problems[by_version[event.stream, event.version]["id"]] = error
        if not problems:
            return []
        return self._settle(vals_list, problems, policies)

    @api.model
    def _refold_stale(self, heads, folded):
        """Fold the streams anew whose stored state is missing, or of other events or rules.

        Their snapshots are written again, too: a cache is never trusted over the events.

        :param dict heads: ``{(company id, model_name, aggregate_id): Head}``; those concerned
            get the state that the events give, or a problem where they give none
        :param dict folded: as for :meth:`_fold_ahead`
        """
        stale = {}
        for (company_id, model_name, aggregate_id), head in heads.items():
            if head.stale and model_name in folded:
                stale.setdefault(model_name, []).append((company_id, aggregate_id))
        for model_name, keys in stale.items():
            handler = folded[model_name][0]
            for key, fold in self._fold_to_now(handler, model_name, keys).items():
                problem = fold.problem and self._history_problem(model_name, key, fold)
                problem = problem or handler._heal(model_name, key, fold)
                full = key[0], model_name, key[1]
                if problem:
                    heads[full] = heads[full]._replace(problem=problem)
                    continue
                applied = fold.last.version if fold.last else 0
                # A head that was told otherwise is told so after the append.
                state = fold.state if applied else None
                heads[full] = heads[full]._replace(state=state, healed=applied)

    @api.model
    def _history_problem(self, model_name, key, fold):
        """Return the technical fault that a stream cannot be folded anew."""
        return HistoryFoldError(
            f"The state of {model_name}/{key[1]} is not stored, and its events cannot be folded:"
            f" {self._problem_text(fold)}"
        )

    @api.model
    def _write_folded(self, step, vals_list, rest, folded, heads, apart, last):
        """Insert events and write each snapshot once, all in one go.

        :param Step step: ends here where nobody has anything left to do
        :param list rest: those of ``vals_list`` that are not inserted yet, and failure events
        :param dict folded: as :meth:`_fold_ahead` left it
        :param set apart: keys of streams whose events are applied afterwards, one by one
        :param bool last: whether the caller has nothing left to do in the step
        :return: as :meth:`_insert_with`
        :raise Trouble: with the streams whose snapshots cannot be written
        """
        statements, params, followers = [], [], []
        last_applied = {}
        for model_name, (handler, states, marks) in folded.items():
            if not states:
                continue  # all was refused
            with self._troubles_of({model_name: (handler, states, marks)}):
                saving = [handler._save_code(states)]
            if marks:
                saving.append(self.env["event.checkpoint"]._save_code(handler, marks))
            for statement, values in saving:
                statements.append(statement)
                params += values
            followers += handler._followers(model_name, states, heads)
        for key, head in heads.items():
            if key[1] in folded and key not in apart:
                _state, event = folded[key[1]][1].get((key[0], key[2]), (None, None))
                last_applied[key] = event.version if event else head.applied
        for statement, values in self.env["event.stream"]._applied_statement(heads, last_applied):
            statements.append(statement)
            params += values
        last = last and not followers
        with self._troubles_of(folded, but="event_store"):
            inserted = self._insert_with(step, vals_list, rest, statements, params, last)
        for handler, _states, _marks in folded.values():
            handler.env[handler._snapshot_model].invalidate_model(flush=False)
        for records in followers:
            records._follow_snapshots()
        return inserted

    @api.model
    @contextmanager
    def _troubles_of(self, folded, but=None):
        """Turn what the database refuses of snapshots into trouble with their streams.

        :param dict folded: ``{model_name: (handler, states, marks)}``, see :meth:`_fold_ahead`
        :param str but: only what the database refuses, unless it is about this table
        :raise Trouble: with the keys of the streams
        """
        try:
            yield
        except Exception as error:
            if must_retry(error):
                raise
            if but and not (isinstance(error, psycopg2.Error) and error.diag.table_name != but):
                raise
            streams = {
                (key[0], model_name, key[1])
                for model_name, (_handler, states, _marks) in folded.items()
                for key in states
            }
            raise Trouble(streams, folded) from error

    @api.model
    def _narrow(self, trouble):
        """Return the streams in which the trouble is, as far as can be told; else all of it."""
        found = set()
        for model_name, (handler, states, _marks) in trouble.folded.items():
            keys = list(states)
            unfit = handler._unfit([states[key] for key in keys])
            found.update((keys[index][0], model_name, keys[index][1]) for index in unfit)
        return found or trouble.streams

    # ------------------------------------------------------------------
    # One by one
    # ------------------------------------------------------------------

    def _apply_singly(self, policies, heads):
        """Apply stored events one by one, and settle what became of them.

        Each has a savepoint of its own: a bad event neither spoils its neighbours nor leaves
        half a write. For handlers that write their snapshots by themselves, and for streams
        of which the database refused something.

        :param dict policies: ``{event id: policy or None}``
        :param dict heads: ``{(company id, model_name, aggregate_id): Head}`` of the streams
        """
        problems, applied = {}, {}
        for event in self.sudo():
            key = event.company_id.id, event.model_name, event.aggregate_id
            handler = self._find_handler(event.model_name)
            applied.setdefault(key, heads[key].applied)
            error = heads[key].problem or event._apply_single(handler)
            if error is not None:
                problems[event.id] = error
            else:
                applied[key] = event.version
        if problems:
            self.sudo()._settle_stored(problems, policies)
        for statement in self.env["event.stream"]._applied_statement(heads, applied):
            self.env.cr.execute(*statement)

    def _apply_single(self, handler):
        """Apply one event in a savepoint; return the exception that stopped it, or None."""
        try:
            with self.env.cr.savepoint():
                handler.apply_event(self)
        except Exception as error:
            if must_retry(error):
                raise
            return error
        return None

    @api.model
    def _folds_in_memory(self, handler):
        """Whether the handler is the engine's own kind, without its own apply_event."""
        base = self.env.registry["snapshot.handler"]
        return isinstance(handler, base) and type(handler).apply_event is base.apply_event
