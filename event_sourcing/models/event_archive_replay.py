from odoo import _, api, models, tools
from odoo.exceptions import UserError

from ..exceptions import EventsAway, HistoryAway
from .event_store_reader import Folded


class EventArchiveReplay(models.Model):
    """No replay takes a part of a history for the whole of it.

    Whatever folds events reads them here. Where it would need one that is in an archive it
    is refused, with a sentence that names the file; nobody gets a wrong state.
    """

    _inherit = "event.store"

    @api.model
    def _missing(self, model_name, after, until=None, last=None):
        """Return the archives that a reader would need, by aggregate.

        :param dict after: ``{aggregate_id: version to read on after}``
        :param datetime until: only what had happened by then is read, None for all
        :param int last: no versions after this one, None for all
        :return: ``{aggregate_id: event.archive}``
        """
        archives = self.env["event.archive"].sudo()
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        found = {}
        for aggregate_id, away in archives._streams_away(names, after).items():
            ids = [
                archive_id
                for archive_id, last_version, first_event_on in away
                if last_version > after[aggregate_id]
                and (until is None or first_event_on <= until)
                and (last is None or last > 0)
            ]
            if ids:
                found[aggregate_id] = archives.browse(ids)
        return found

    @api.model
    def _refuse_missing(self, model_name, after, until=None, last=None):
        for aggregate_id, archives in self._missing(model_name, after, until, last).items():
            raise archives._refusal_to_fold(f"{model_name}/{aggregate_id}")

    @api.model
    def _stream_in_order(self, model_name, aggregate_id, domain=(), last=0):
        limits = {tuple(term[:2]): term[2] for term in domain if len(term) == 3}
        self._refuse_missing(
            model_name,
            {aggregate_id: last},
            limits.get(("timestamp", "<=")),
            limits.get(("version", "<=")),
        )
        yield from super()._stream_in_order(model_name, aggregate_id, domain, last)

    @api.model
    def _read_streams(self, model_name, after, until=None, last=None):
        self._refuse_missing(model_name, after, until, last)
        yield from super()._read_streams(model_name, after, until, last)

    @api.model
    def _readable_page(self, model_name, aggregate_id, after_version, limit):
        """Refuse a page that lacks events; one without holes that is full lacks none."""
        page = super()._readable_page(model_name, aggregate_id, after_version, limit)
        full = len(page) == limit and page[-1].version == after_version + limit
        if not full and self.env["event.archive"]._is_used():
            away = self._missing(model_name, {aggregate_id: after_version})
            # Whoever may not read the stream is not told of it.
            if away and self._may_read_stream(model_name, aggregate_id):
                raise away[aggregate_id]._refusal_to_fold(f"{model_name}/{aggregate_id}")
        return page

    @api.model
    def _may_read_stream(self, model_name, aggregate_id):
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        domain = [("model_name", "in", names), ("aggregate_id", "=", aggregate_id)]
        return bool(self.env["event.stream"].search_count(domain, limit=1))

    @api.model
    def _fold_streams(self, model_name, aggregate_ids, moments=(None,), begun=None):
        """Fold what can be folded; the others get a problem that says why not."""
        after = {key: begun[key][0].version if begun else 0 for key in aggregate_ids}
        away = self._missing(model_name, after)
        whole = [key for key in aggregate_ids if key not in away]
        folded = super()._fold_streams(model_name, whole, moments, begun) if whole else {}
        for aggregate_id, archives in away.items():
            refusal = archives._refusal_to_fold(f"{model_name}/{aggregate_id}")
            folds = []
            for number, moment in enumerate(moments):
                key = {aggregate_id: after[aggregate_id]}
                if moment is None or self._missing(model_name, key, moment):
                    fold = begun[aggregate_id][number] if begun else Folded({})
                    fold.problem = fold.problem or refusal
                else:
                    ((fold,),) = (
                        super()._fold_streams(model_name, [aggregate_id], (moment,)).values()
                    )
                folds.append(fold)
            folded[aggregate_id] = folds
        return folded

    @api.model
    def _stored_by_uuid(self, uuids):
        """Look where each UUID is first, and then in those partitions alone.

        :raise UserError: for a UUID whose event is in an archive
        """
        if not self.env["event.partition"]._partitioned():
            return super()._stored_by_uuid(uuids)
        self.env.cr.execute(
            "SELECT event_id, event_uuid FROM event_store_uuid WHERE event_uuid = ANY(%s)",
            [list(uuids)],
        )
        known = dict(self.env.cr.fetchall())
        stored = self.sudo().search([("id", "in", list(known))]) if known else self.browse()
        for event_id in sorted(known.keys() - set(stored.ids)):
            archives = self.env["event.archive"].sudo()
            domain = [("from_id", "<=", event_id), ("to_id", ">=", event_id)]
            archive = archives.search(domain, limit=1)
            raise archive._refusal_to_repeat(known[event_id])
        return stored


class EventTimelineArchived(models.AbstractModel):
    _inherit = "event.timeline"

    @api.model
    def _changes(self, events):
        """Tell no changes of events whose state before is not known here."""
        try:
            return super()._changes(events)
        except EventsAway:
            return {}


class SnapshotHandlerArchived(models.AbstractModel):
    """An append never begins anew where a snapshot is lost and its events are away."""

    _inherit = "snapshot.handler"

    @api.model
    def _fold_together(self, aggregates, states):
        lost = self._lost(
            {
                aggregate_id: events[0].model_name
                for aggregate_id, events in aggregates.items()
                if events[0].version > 1
            },
            states,
        )
        whole = {key: events for key, events in aggregates.items() if key not in lost}
        folded, troubled, marks = super()._fold_together(whole, states)
        return folded, troubled | lost, marks

    @api.model
    def _load_states(self, model_name, aggregate_ids):
        """Return the states to begin with.

        :raise HistoryAway: a technical fault: the event is kept, and can be applied
            again once the archive is back
        """
        states = super()._load_states(model_name, aggregate_ids)
        for aggregate_id in self._lost(dict.fromkeys(states, model_name), states):
            raise HistoryAway(f"{model_name}/{aggregate_id}")
        return states

    @api.model
    def _lost(self, names, states):
        """Return the aggregates whose state is neither stored nor can be folded.

        :param dict names: ``{aggregate_id: model_name}``
        :param dict states: ``{aggregate_id: state}`` to begin with
        """
        if not self.env["event.archive"]._is_used():
            return set()
        begun, anew = self._initial_state(), {}
        for aggregate_id, model_name in names.items():
            if states[aggregate_id] == begun:
                anew.setdefault(model_name, {})[aggregate_id] = 0
        snapshots = self.env[self._snapshot_model]
        return {
            aggregate_id
            for model_name, after in anew.items()
            for aggregate_id in self.env["event.store"]._missing(model_name, after)
            if aggregate_id not in snapshots._load(model_name, [aggregate_id])
        }


class EventCheckpointArchived(models.Model):
    _inherit = "event.checkpoint"

    @api.model
    def _save_code(self, handler, marks):
        """Take none of a stream with events in an archive: when they happened is not known here."""
        if self.env["event.archive"]._is_used():
            away = {
                (model_name, aggregate_id)
                for model_name in {event.model_name for _state, event in marks}
                for aggregate_id in self.env["event.store"]._missing(
                    model_name, {event.aggregate_id: 0 for _state, event in marks}
                )
            }
            marks = [
                (state, event)
                for state, event in marks
                if (event.model_name, event.aggregate_id) not in away
            ]
        return super()._save_code(handler, marks)


class EventArchiveUsed(models.Model):
    _inherit = "event.archive"

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Whether anything was ever archived; asked with each append, so it is remembered."""
        return bool(self.sudo().search_count([], limit=1))

    def _refusal_to_repeat(self, uuid):
        return UserError(
            _(
                "The event with the UUID %(uuid)s was recorded before and is in an archive"
                " (%(file)s); it was not recorded again.",
                uuid=uuid,
                file=self.file_name or "",
            )
        )
