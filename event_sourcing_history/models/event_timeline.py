import copy
import time

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_time

from odoo.addons.event_sourcing.exceptions import EventsArchived
from odoo.addons.event_sourcing.models.event_store import (
    FAILURE_TYPES,
    INVALID_OPERATION,
    SYSTEM_ERROR,
)
from odoo.addons.event_sourcing.models.event_store_reader import FoldResult
from odoo.addons.event_sourcing_base.arguments import listed, model_of, whole
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_catalog.models.handler_description import DEFAULT_ICON

PAGE = 30
MAX_PAGE = 200
MAX_VALUES = 12
MAX_TEXT = 300
# Seconds of folding for a page; a long history of a state that grows could take minutes.
PATIENCE = 3
OUTCOMES = ("applied", "rejected", "failed", "logged")
# What an attempt is that was recorded without being stored (policy reject_and_record).
APART = {"rejected": INVALID_OPERATION, "failed": SYSTEM_ERROR}


class EventTimeline(models.AbstractModel):
    """The history of one record as people read it: what, who, when, and what it changed."""

    _name = "event.timeline"
    _description = "Timeline"

    @api.model
    def page(self, res_model, res_id, kinds=False, before=False, limit=PAGE):
        """Return a page of the history of one record, newest first.

        :param str res_model: a model with ``event.source.mixin`` or ``snapshot.mixin``,
            or ``event.stream``
        :param int res_id: its record
        :param list kinds: outcomes to show, such as ``["rejected"]``; all if left out
        :param list before: where the page before ended, its ``more``
        :param int limit: entries, 200 at most
        :return: dict with ``entries`` (see :meth:`_entry`), ``more`` (what to ask on
            with, or False at the end) and, on the first page, ``counts`` by outcome
        :raise AccessError: without the right to read the record and its events
        :raise UserError: for a record that has no history, or is gone
        """
        check_access(self.env["event.store"], "read")
        stream = self._resolve(
            model_of(self.env, "res_model", res_model), whole(self.env, "res_id", res_id, least=1)
        )
        kinds = listed(self.env, "kinds", kinds)
        kinds = [kind for kind in OUTCOMES if not kinds or kind in kinds]
        limit = min(whole(self.env, "limit", limit or PAGE, least=1), MAX_PAGE)
        before = [whole(self.env, "before", n) for n in listed(self.env, "before", before, 2)]
        if len(before) == 1:
            raise UserError(_("before must be what the page before gave as more."))
        events = self._events(stream, kinds, before, limit + 1)
        shown = events[:limit]
        answer = {
            "entries": self._entries(shown),
            "more": [shown[-1].version, shown[-1].id] if len(events) > limit else False,
        }
        if not before:
            answer["counts"] = self._counts(stream)
        return answer

    @api.model
    def _resolve(self, model, res_id):
        """Return the domain of the events of a record's stream."""
        registry = self.env.registry
        # A model without a table has no records, and may not be asked for any.
        record = None if model._abstract else model.browse(res_id).exists()
        if not record:
            raise UserError(_("This record is no longer there; go back to the list."))
        check_access(record, "read")
        check_access(self.env["event.store"], "read")
        if isinstance(record, registry["event.source.mixin"]):
            model_name = record._aggregate_model
            company_id, aggregate_id = record._stream_key()
        elif isinstance(record, registry["snapshot.mixin"] | registry["event.stream"]):
            model_name, aggregate_id = record.model_name, record.aggregate_id
            company_id = record.company_id.id
        else:
            raise UserError(_("%(record)s has no history of events.", record=record.display_name))
        return self.env["event.store"]._of_stream(model_name, company_id, aggregate_id)

    @api.model
    def _events(self, stream, kinds, before, limit):
        """Return attempts of one stream, newest first; each search stays in its index."""
        store = self.env["event.store"]
        if before:
            version, event_id = before
            older = [("version", "<", version), "&", ("version", "=", version)]
            stream = [*stream, "|", *older, ("id", "<", event_id)]
        order = "version desc, id desc"
        stored = store.search(
            [*stream, ("event_type", "not in", FAILURE_TYPES), ("outcome", "in", kinds)],
            order=order,
            limit=limit,
        )
        types = [APART[kind] for kind in kinds if kind in APART]
        apart = store.search(
            [*stream, ("event_type", "in", types), ("failed_event_id", "=", False)],
            order=order,
            limit=limit,
        )
        return (stored + apart).sorted(lambda event: (event.version, event.id), reverse=True)[
            :limit
        ]

    @api.model
    def _counts(self, stream):
        counts = dict.fromkeys(OUTCOMES, 0)
        groups = self.env["event.store"]._read_group(
            [*stream, ("event_type", "not in", FAILURE_TYPES)], ["outcome"], ["__count"]
        )
        counts.update(groups)
        apart = self.env["event.store"]._read_group(
            [*stream, ("event_type", "in", FAILURE_TYPES), ("failed_event_id", "=", False)],
            ["event_type"],
            ["__count"],
        )
        kinds = {event_type: kind for kind, event_type in APART.items()}
        for event_type, count in apart:
            counts[kinds[event_type]] += count
        return counts

    # ------------------------------------------------------------------
    # Entries
    # ------------------------------------------------------------------

    @api.model
    def _entries(self, events):
        try:
            changes = self._changes(events.filtered(lambda event: event.outcome == "applied"))
        except EventsArchived:  # the state before them is not known here
            changes = {}
        return [self._entry(event, changes.get(event.id)) for event in events]

    @api.model
    def _entry(self, event, changes):
        """Return one event in words.

        :return: dict with ``id``, ``version``, ``label``, ``icon``, ``kind`` (its
            outcome), ``kind_label``, ``day``, ``time``, ``who``, ``reason``,
            ``changes`` (dicts with ``label``, ``before``, ``after``), ``values`` (what
            the event says, dicts with ``label`` and ``value``, where it changed
            nothing), and ``hidden``: a sentence where some of them are not shown
        """
        apart = event.event_type in FAILURE_TYPES
        payload = event.payload or {}
        event_type = payload.get("failed_event", "") if apart else event.event_type
        said = payload.get("failed_payload") or {} if apart else payload
        kind = event.outcome
        if apart:
            kind = "rejected" if event.event_type == INVALID_OPERATION else "failed"
        registry = self.env["snapshot.handler.registry"]
        version = (event.failed_event_id if apart else event).schema_version
        rows = [] if changes else self._values(said, event.model_name, event_type, version)
        hidden = len(changes or rows) - MAX_VALUES
        outcomes = dict(event._fields["outcome"]._description_selection(self.env))
        moment = fields.Datetime.context_timestamp(self, event.timestamp)
        return {
            "id": event.id,
            "version": event.version,
            "label": registry._event_label(event.model_name, event_type),
            "icon": self._event_icon(event.model_name, event_type),
            "kind": kind,
            "kind_label": outcomes[kind],
            "day": format_date(self.env, moment.date(), date_format="full"),
            "time": format_time(self.env, moment.time(), time_format="short"),
            "who": event.create_uid.sudo().name or "",
            "reason": self._short(registry._reason(event)),
            "changes": (changes or [])[:MAX_VALUES],
            "values": rows[:MAX_VALUES],
            "hidden": _("and %(count)s more", count=hidden) if hidden > 0 else "",
        }

    @api.model
    def _event_icon(self, model_name, event_type):
        """Return the Font Awesome icon of an event type, such as ``fa-truck``."""
        handler = self.env["snapshot.handler.registry"]._known_handler(model_name)
        if handler is None:
            return DEFAULT_ICON
        today = handler._event_aliases.get(event_type, event_type)
        return handler._event_icons.get(today, DEFAULT_ICON)

    @api.model
    def _values(self, payload, model_name, event_type, schema_version):
        documents = self.env["event.document"]
        words = documents._labels(model_name, event_type, schema_version)
        rows = documents._rows(payload, words)
        return [{"label": row["label"], "value": self._short(row["value"])} for row in rows]

    @api.model
    def _short(self, text):
        return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"

    # ------------------------------------------------------------------
    # What events changed
    # ------------------------------------------------------------------

    @api.model
    def _changes(self, events):
        """Return ``{event id: what it changed in the state}`` for applied events of one stream.

        :return: lists of ``{"label", "before", "after"}``; nothing for a handler that
            does not fold in memory or is too slow, and from where the fold stops
        """
        if not events:
            return {}
        store = self.env["event.store"].sudo()
        key = events[0].company_id.id, events[0].aggregate_id
        model_name = self.env["snapshot.handler.registry"]._canonical_name(events[0].model_name)
        handler = self.env["snapshot.handler.registry"].sudo()._known_handler(model_name)
        if handler is None or not store._folds_in_memory(handler):
            return {}
        wanted = {event.version: event.id for event in events}
        begin, state = self.env["event.checkpoint"]._nearest(
            handler, model_name, key, version=min(wanted) - 1
        )
        fold, changes = FoldResult(state, begin), {}
        documents = self.env["event.document"]
        deadline = time.monotonic() + PATIENCE
        stream = store._read_streams(model_name, {key: begin}, last=max(wanted))
        for event, outcome in stream:  # to the end, which closes the database's cursor
            if fold.problem or time.monotonic() > deadline:
                continue
            # A careless handler may change the state that it is given.
            before = copy.deepcopy(fold.state) if event.version in wanted else None
            store._fold_further(handler, fold, event, outcome)
            if before is not None and not fold.problem:
                states = (handler._told_state(state) for state in (before, fold.state))
                rows = documents._difference_rows(*states, model_name)
                changes[wanted[event.version]] = self._changed(rows)
        return changes

    @api.model
    def _changed(self, rows):
        return [
            {"label": row["label"], **{k: self._short(row[k]) for k in ("before", "after")}}
            for row in rows
            if row["before"] != row["after"]  # nothing, and an empty value, look the same
        ]
