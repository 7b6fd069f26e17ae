from contextlib import contextmanager
from itertools import compress

import psycopg2

from odoo import api, models

from ..canonical_json import normalise
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
    def _fold_ahead(self, vals_list, heads, folded):
        """Fold events that are not stored yet, in memory.

        :param list vals_list: complete dicts, in order
        :param dict heads: ``{(company id, model_name, aggregate_id): Head}``, which say what
            the fold begins with; where it is None, that is read
        :param dict folded: what was folded of the same batch before, and is from then on:
            ``{model_name: (handler, {key: (state, last EventData)}, marks)}``, see
            ``snapshot.handler._fold_together``; events of other types are passed over
        :raise Trouble: with the streams in which something went wrong
        """
        by_model = {}
        for vals in vals_list:
            streams = by_model.setdefault(vals["model_name"], {})
            event = EventData.from_vals(vals, self.env.uid)
            streams.setdefault(event.key, []).append(event)
        troubled = set()
        for model_name, streams in by_model.items():
            if model_name not in folded:
                continue
            handler, states, marks = folded[model_name]
            begin = {key: states[key][0] for key in streams if key in states}
            new = [key for key in streams if key not in states]
            try:
                if heads is None:
                    begin.update(handler._stored_states(model_name, new))
                else:
                    stored = {key: self._head_state(heads, model_name, key) for key in new}
                    begin.update(handler._begin_states(stored))
                found, wrong, due = handler._fold_together(streams, begin)
            except Exception as error:
                # Also what fails because a stream before it broke the transaction.
                if must_retry(error):
                    raise
                found, wrong, due = {}, streams, []
            states.update(found)
            marks.extend(due)
            troubled.update((company_id, model_name, key) for company_id, key in wrong)
        if troubled:
            raise Trouble(troubled)

    @api.model
    def _head_state(self, heads, model_name, key):
        """Return the stored state that the head of a stream brought, None for none.

        :raise HistoryFoldError: where it was not to be trusted, and cannot be folded anew
        """
        head = heads[key[0], model_name, key[1]]
        if head.problem is not None:
            raise head.problem
        return head.state

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
                head = heads[full]
                applied = fold.last.version if fold.last else 0
                # Where the head was told otherwise, it is told so after the append.
                heads[full] = head._replace(
                    state=fold.state if applied else None, problem=problem, healed=applied
                )

    @api.model
    def _history_problem(self, model_name, key, fold):
        """Return the technical fault that a stream cannot be folded anew."""
        return HistoryFoldError(
            f"The state of {model_name}/{key[1]} is not stored, and its events cannot be folded:"
            f" {self._problem_text(fold)}"
        )

    @api.model
    def _write_folded(self, step, vals_list, rest, folded, heads, last):
        """Insert events and write each snapshot once, all in one go.

        :param Step step: ends here where nobody has anything left to do
        :param list rest: those of ``vals_list`` that are not inserted yet
        :param dict folded: as :meth:`_fold_ahead` left it
        :param bool last: whether the caller has nothing left to do in the step
        :return: the records in the order of ``vals_list``
        :raise Trouble: with the streams whose snapshots cannot be written
        """
        statements, params, followers = [], [], []
        last_applied = {}
        for model_name, (handler, states, marks) in folded.items():
            with self._troubles_of([states]):
                saving = [handler._save_code(states)]
            if marks:
                saving.append(self.env["event.checkpoint"]._save_code(handler, marks))
            for statement, values in saving:
                statements.append(statement)
                params += values
            followers += handler._followers(model_name, states, heads)
            last_applied.update(
                ((event.company_id, event.model_name, event.aggregate_id), event.version)
                for _state, event in states.values()
            )
        for statement, values in self.env["event.stream"]._applied_statement(heads, last_applied):
            statements.append(statement)
            params += values
        last = last and not followers
        with self._troubles_of([states for _h, states, _m in folded.values()], but="event_store"):
            events = self._insert_with(step, vals_list, rest, statements, params, last)
        for handler, _states, _marks in folded.values():
            handler.env[handler._snapshot_model].invalidate_model(flush=False)
        for records in followers:
            records._follow_snapshots()
        return events

    @api.model
    @contextmanager
    def _troubles_of(self, folded, but=None):
        """Turn what goes wrong with snapshots into trouble with their streams.

        :param list folded: dicts ``{key: (state, last EventData)}``
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
            events = [event for states in folded for _state, event in states.values()]
            streams = {(e.company_id, e.model_name, e.aggregate_id) for e in events}
            raise Trouble(streams) from error

    @api.model
    def _save_folded(self, folded):
        """Write each snapshot once.

        :param dict folded: as :meth:`_fold_ahead` left it
        :raise Trouble: with the streams of a handler whose snapshots cannot be written
        """
        for handler, states, _marks in folded.values():
            with self._troubles_of([states]):
                handler._save_states(states)

    def _fold_alone(self, model_names, policies):
        """Let handlers that write their snapshots themselves apply stored events."""
        chosen = [event.model_name in model_names for event in self]
        self.browse(compress(self.ids, chosen))._fold_new(list(compress(policies, chosen)))

    def _fold_new(self, policies, troubled=(), heads=None):
        """Fold events that were just inserted, and settle what became of them.

        All streams are folded in one savepoint. Where something goes wrong, only the
        streams concerned are folded again, event by event, each in a savepoint of
        its own: a bad event neither spoils its neighbours nor leaves half a write.

        :param list policies: for each event of self a policy, or None
        :param troubled: keys of streams of which that is known already
        :param dict heads: ``{(company id, model_name, aggregate_id): Head}`` of the streams
        """
        together, alone, problems = {}, {}, {}
        for event in self.sudo():
            handler = self._find_handler(event.model_name)
            if handler is None:
                continue
            key = event.company_id.id, event.model_name, event.aggregate_id
            if heads and heads[key].problem is not None:
                problems[event.id] = heads[key].problem
                continue
            careful = key in troubled or not self._folds_in_memory(handler)
            streams = alone if careful else together
            streams[key] = streams.get(key, event.browse()) + event
        while together:
            wrong = self._fold_stored(together)
            if not wrong:
                break
            alone.update((key, together.pop(key)) for key in wrong)
        for events in alone.values():
            problems.update(events._fold_one_by_one())
        if problems:
            self._settle(problems, dict(zip(self.ids, policies, strict=True)))
        if heads:
            self._note_applied(heads)

    def _note_applied(self, heads):
        """Note in the heads which of the streams' events was applied last, self the new ones."""
        applied = {
            key: head.applied
            for key, head in heads.items()
            if self._folds_in_memory(self._find_handler(key[1]))
        }
        for event in self.sudo():
            key = event.company_id.id, event.model_name, event.aggregate_id
            if key in applied and event.outcome == "applied":
                applied[key] = event.version
        for statement in self.env["event.stream"]._applied_statement(heads, applied):
            self.env.cr.execute(*statement)

    @api.model
    def _folds_in_memory(self, handler):
        """Whether the handler is the engine's own kind, without its own apply_event."""
        base = self.env.registry["snapshot.handler"]
        return isinstance(handler, base) and type(handler).apply_event is base.apply_event

    @api.model
    def _fold_stored(self, streams):
        """Fold whole streams in memory and write each snapshot once.

        :param dict streams: ``{(company id, model_name, aggregate_id): events}``
        :return: keys of the streams in which something went wrong; then nothing of
            this call was written
        """
        vals_list = [event._values_to_fold() for events in streams.values() for event in events]
        folded = self._nothing_folded(self._find_handlers(vals_list))
        try:
            with self.env.cr.savepoint():
                self._fold_ahead(vals_list, None, folded)
                self._save_folded(folded)
        except Trouble as trouble:
            return trouble.streams
        return set()

    def _values_to_fold(self):
        """Return one stored event as the values that it was stored from."""
        self.ensure_one()
        names = EventData.__dataclass_fields__.keys() - {"company_id", "user_id"}
        vals = {name: self[name] for name in names}
        return {**vals, "payload": normalise(vals["payload"]), "company_id": self.company_id.id}

    def _fold_one_by_one(self):
        """Apply the events of one stream, each in its own savepoint.

        :return: ``{event id: exception}`` of those that were refused or failed
        """
        problems = {}
        for event in self:
            handler = self._find_handler(event.model_name)
            try:
                with self.env.cr.savepoint():
                    handler.apply_event(event)
            except Exception as error:
                if must_retry(error):
                    raise
                problems[event.id] = error
        return problems
