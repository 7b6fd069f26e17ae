import json
from dataclasses import dataclass, replace
from datetime import datetime

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.exceptions import SchemaError
from odoo.addons.event_sourcing_base.canonical_json import sort_keys
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..position import NOTHING
from .event_consumer import EVERYTHING, types_condition
from .event_feed_cluster import CLUSTER

# Ids that are looked through for a page, whether they are for the reader or not.
SCANNED = 10_000
READ = """
    SELECT event.model_name, event.aggregate_id, event.event_type, event.payload::text,
           event.version, date_trunc('second', event.timestamp), event.schema_version,
           event.event_uuid, coalesce(event.correlation_id, ''), coalesce(event.causation_id, ''),
           event.company_id, event.create_uid, coalesce(event.timezone, 'UTC'),
           event.id, event.outcome, coalesce(event.origin, ''), event.create_date
      FROM event_store AS event
"""


@dataclass(frozen=True, slots=True)
class FeedEvent(EventData):
    """An event as the feed gives it: in today's names and schema version.

    :ivar int id: of the row; in every stream, and in the feed of a reader, these rise
    :ivar str outcome: ``applied`` or ``logged``
    :ivar str origin: ``imported`` or ``restored``, empty for what was recorded as it happened
    :ivar datetime recorded_on: UTC
    :ivar UserError problem: why its handler cannot read it; its payload is then as stored
    """

    id: int = 0
    outcome: str = "applied"
    origin: str = ""
    recorded_on: datetime | None = None
    problem: UserError | None = None


def check_readable(events):
    """Raise the problem of the first of these events that could not be read.

    :raise UserError: with a sentence that names the event
    """
    for event in events:
        if event.problem:
            raise event.problem


class EventFeed(models.Model):
    """Reading what is new: nothing is lost, nothing comes twice, and nobody is waited for.

    New is what this transaction sees and the reader's last one did not (``position``). Ids are
    drawn under the lock of their stream, so order by id is order of every stream.
    """

    _inherit = "event.store"

    def init(self):
        """Create the index by which the feed finds what is new; partitions inherit it."""
        super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS event_store_tx_index ON event_store (tx, id)"
        )

    # ------------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------------

    @api.model
    def _read_feed_page(self, position, condition, limit):
        """Return the next events for a reader, and where it stands after them.

        In one REPEATABLE READ transaction, or with one statement that looks: what the position
        says was seen is what the events were read with.

        :param Position position: where the reader stands
        :param SQL condition: what events must meet, about ``event``
        :param int limit: events, at most
        :return: ``(list of FeedEvent, Position)``; the position is the same where nothing is new
        """
        rows, looked, step = [], 0, min(limit, SCANNED)
        while True:
            # No more than the page needs, where all of it is for the reader.
            ids, position = self._feed_ids(position, step + 1)
            if not ids:
                break
            rows += self._feed_rows(ids[:step], condition, limit + 1 - len(rows))
            if len(rows) > limit:
                # The rest of these ids is for the next page.
                position = position.advance(rows[limit - 1][13])
                break
            if len(ids) <= step:
                position = position.end()
                break
            position = position.advance(ids[step - 1])
            looked += step
            if len(rows) == limit or looked >= SCANNED:
                break
            step = min(4 * step, SCANNED - looked)
        return self._feed_events(rows[:limit]), position

    @api.model
    def _feed_rows(self, ids, condition, limit):
        self.env.cr.execute(
            SQL(
                "%s WHERE event.id = ANY(%s) AND (%s) ORDER BY event.id LIMIT %s",
                SQL(READ),
                ids,
                condition,
                limit,
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _feed_within(self, position, event):
        """Return the position after an event of the page that begins at ``position``."""
        return self._feed_ids(position, 1)[1].advance(event.id)

    @api.model
    def _feed_ids(self, position, limit):
        """Return ids of what is new, in order, and the position that they are pages of.

        :raise EventsArchived: where some of it is in an archive
        """
        cr = self.env.cr
        if not position.until:
            # One statement: what it sees is what its snapshot says. Numbers of a former cluster
            # may be beyond those of this one, and many.
            cr.execute(
                SQL(
                    """
                    SELECT pg_current_snapshot()::text, %(cluster)s,
                           pg_snapshot_xmax(%(seen)s::pg_snapshot)
                           > pg_snapshot_xmax(pg_current_snapshot()),
                           EXISTS (SELECT FROM event_feed_archived),
                           ARRAY(SELECT id FROM (
                               SELECT id FROM event_store
                                WHERE tx >= pg_snapshot_xmax(%(seen)s::pg_snapshot)
                                  AND tx < pg_snapshot_xmax(pg_current_snapshot())
                                  AND id > %(floor)s AND %(others)s
                                UNION ALL
                               SELECT id FROM event_store
                                WHERE tx = ANY(ARRAY(SELECT pg_snapshot_xip(%(seen)s::pg_snapshot)))
                                  AND id > %(floor)s AND %(others)s) AS new
                            ORDER BY id LIMIT %(limit)s)
                    """,
                    cluster=SQL(CLUSTER),
                    seen=position.seen,
                    floor=position.floor,
                    others=SQL("tx IS DISTINCT FROM pg_current_xact_id_if_assigned()"),
                    limit=limit,
                )
            )
            until, cluster, ahead, archived, ids = cr.fetchone()
            if cluster == position.cluster:
                if ahead:
                    raise self._newer_than_backup()
                if archived and (ids or position.seen == NOTHING):
                    self._check_lacks_none_archived(position)
                return ids, position.begin(until) if ids else position
            position = self._feed_follow_restore(position)
        if position.ceiling:  # the numbers are those of a former cluster
            seen = SQL(
                "event.id <= %s AND NOT pg_visible_in_snapshot(event.tx, %s::pg_snapshot)",
                position.ceiling,
                position.seen,
            )
        else:
            seen = SQL(
                "NOT pg_visible_in_snapshot(event.tx, %s::pg_snapshot)"
                " AND pg_visible_in_snapshot(event.tx, %s::pg_snapshot)",
                position.seen,
                position.until,
            )
            last = self._last_id_of_cluster(position.cluster)
            if last is not None:  # what was recorded since comes afterwards
                seen = SQL("%s AND event.id <= %s", seen, last)
        cr.execute(
            SQL(
                "SELECT EXISTS (SELECT FROM event_feed_archived),"
                " ARRAY(SELECT event.id FROM event_store AS event WHERE event.id > %s AND %s"
                " ORDER BY event.id LIMIT %s)",
                max(position.after, position.floor),
                seen,
                limit,
            )
        )
        archived, ids = cr.fetchone()
        position = position if ids else position.end()
        if archived and (ids or position.seen == NOTHING):
            self._check_lacks_none_archived(position)
        return ids, position

    @api.model
    def _feed_condition(self, event_types, history=True):
        """Return the condition of events of these types that happened, as SQL about ``event``.

        :param dict event_types: ``{aggregate type: tuple of event types}`` with names of today;
            "*" as in ``event.consumer``
        :param bool history: whether imported and restored events are among them
        """
        registry = self.env(su=True)["snapshot.handler.registry"]
        of_types = []
        for model_name, types in event_types.items():
            handler = None if model_name == EVERYTHING else registry._claimed(model_name)
            of_type = types_condition(types, getattr(handler, "_event_aliases", {}))
            if model_name != EVERYTHING:
                names = registry._stream_names(model_name)
                of_type = SQL("event.model_name = ANY(%s) AND %s", names, of_type)
            of_types.append(SQL("(%s)", of_type))
        return SQL(
            "event.outcome IN ('applied', 'logged') AND (%s)%s",
            SQL(" OR ").join(of_types) if of_types else SQL("false"),
            SQL("") if history else SQL(" AND event.origin IS NULL"),
        )

    @api.model
    def _feed_events(self, rows):
        """Return rows of ``READ`` as events in today's names and schema versions.

        One that cannot be read says so (``problem``): whoever may not see it, or passes it by,
        goes on; the others call :func:`check_readable`.
        """
        registry = self.env(su=True)["snapshot.handler.registry"]
        # One text for all takes half of what psycopg2 takes for each by itself.
        payloads = json.loads(f"[{','.join([row[3] for row in rows])}]")
        events, handlers = [], {}
        for row, payload in zip(rows, payloads, strict=True):
            event = FeedEvent(*row[:3], sort_keys(payload), *row[4:])
            if event.model_name not in handlers:
                handler = registry._claimed(registry._canonical_name(event.model_name))
                handlers[event.model_name] = handler if self._folds_in_memory(handler) else None
            handler = handlers[event.model_name]
            events.append(event if handler is None else self._feed_event_today(handler, event))
        return events

    @api.model
    def _feed_event_today(self, handler, event):
        """Return an event in today's schema version; see :meth:`_feed_events`."""
        try:
            return handler._upcast(event)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            problem = UserError(self._unreadable_sentence(event, error))
            problem.__cause__ = error
            return replace(
                event,
                model_name=handler._today_model_name(event.model_name),
                event_type=handler._event_aliases.get(event.event_type, event.event_type),
                problem=problem,
            )

    @api.model
    def _unreadable_sentence(self, event, error):
        where = "/".join((event.model_name, event.aggregate_id))
        if isinstance(error, SchemaError | UserError):
            return _(
                "The event %(event)s of %(record)s cannot be read: %(reason)s",
                event=event.id,
                record=where,
                reason=error,
            )
        text = f"{type(error).__name__}: {error}"
        return _(
            "The event %(event)s of %(record)s cannot be read, because the upcaster of %(type)s"
            " failed (%(error)s); correct it in the addon that brings it.",
            event=event.id,
            record=where,
            type=event.event_type,
            error=text,
        )

    @api.model
    def _feed_events_of(self, ids, condition):
        """Return those of these events that meet a condition, in order, as the feed gives them."""
        self.env.cr.execute(
            SQL(
                "%s WHERE event.id = ANY(%s) AND (%s) ORDER BY event.id",
                SQL(READ),
                list(ids),
                condition,
            )
        )
        return self._feed_events(self.env.cr.fetchall())
