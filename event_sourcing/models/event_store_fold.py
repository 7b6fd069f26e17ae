from contextlib import contextmanager
from itertools import compress

import psycopg2

from odoo import api, models

from ..canonical_json import normalise
from ..event_data import EventData
from ..exceptions import Trouble
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
        :param dict heads: ``{(model_name, aggregate_id): Head}``, which say what the fold
            begins with; where it is None, that is read
        :param dict folded: what was folded of the same batch before, and is from then on:
            ``{model_name: (handler, {aggregate_id: (state, last EventData)}, marks)}``,
            see ``snapshot.handler._fold_together``; events of other types are passed over
        :raise Trouble: with the streams in which something went wrong
        """
        by_model = {}
        for vals in vals_list:
            streams = by_model.setdefault(vals["model_name"], {})
            event = EventData.from_vals(vals, self.env.uid)
            streams.setdefault(event.aggregate_id, []).append(event)
        troubled = set()
        for model_name, streams in by_model.items():
            if model_name not in folded:
                continue
            handler, states, marks = folded[model_name]
            begin = {key: states[key][0] for key in streams if key in states}
            new = [key for key in streams if key not in states]
            try:
                if heads is None:
                    begin.update(handler._load_states(model_name, new))
                else:
                    stored = {key: heads[model_name, key].state for key in new}
                    begin.update(handler._begin_states(stored))
                found, wrong, due = handler._fold_together(streams, begin)
            except Exception as error:
                # Also what fails because a stream before it broke the transaction.
                if must_retry(error):
                    raise
                found, wrong, due = {}, streams, []
            states.update(found)
            marks.extend(due)
            troubled.update((model_name, aggregate_id) for aggregate_id in wrong)
        if troubled:
            raise Trouble(troubled)

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
        for handler, states, marks in folded.values():
            with self._troubles_of([states]):
                saving = [handler._save_code(states)]
            if marks:
                saving.append(self.env["event.checkpoint"]._save_code(handler, marks))
            for statement, values in saving:
                statements.append(statement)
                params += values
            followers += handler._followers(states, heads)
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

        :param list folded: dicts ``{aggregate_id: (state, last EventData)}``
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
            raise Trouble({(event.model_name, event.aggregate_id) for event in events}) from error

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

    def _fold_new(self, policies, troubled=()):
        """Fold events that were just inserted, and settle what became of them.

        All streams are folded in one savepoint. Where something goes wrong, only the
        streams concerned are folded again, event by event, each in a savepoint of
        its own: a bad event neither spoils its neighbours nor leaves half a write.

        :param list policies: for each event of self a policy, or None
        :param troubled: keys of streams of which that is known already
        """
        together, alone = {}, {}
        for event in self.sudo():
            handler = self._find_handler(event.model_name)
            if handler is None:
                continue
            key = event.model_name, event.aggregate_id
            careful = key in troubled or not self._folds_in_memory(handler)
            streams = alone if careful else together
            streams[key] = streams.get(key, event.browse()) + event
        while together:
            wrong = self._fold_stored(together)
            if not wrong:
                break
            alone.update((key, together.pop(key)) for key in wrong)
        problems = {}
        for events in alone.values():
            problems.update(events._fold_one_by_one())
        if problems:
            self._settle(problems, dict(zip(self.ids, policies, strict=True)))

    @api.model
    def _folds_in_memory(self, handler):
        """Whether the handler is the engine's own kind, without its own apply_event."""
        base = self.env.registry["snapshot.handler"]
        return isinstance(handler, base) and type(handler).apply_event is base.apply_event

    @api.model
    def _fold_stored(self, streams):
        """Fold whole streams in memory and write each snapshot once.

        :param dict streams: ``{(model_name, aggregate_id): events}``
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
