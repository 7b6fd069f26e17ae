import time as clock
from datetime import date, datetime, time, timedelta, timezone

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.event_columns import CONTENT
from odoo.addons.event_sourcing_base.page_size import MAX_BYTES

from ..transfer_format import REST, event_line


class EventExportContent(models.AbstractModel):
    """Which events an export holds, and what a line says of each.

    Events come by id: within a stream that is by version, and a failure event comes
    after the event that failed.
    """

    _name = "event.export.content"
    _description = "Content of an Export"

    @api.model
    def _check_days(self, first, last):
        """Refuse a period that ends before it begins; None stands for an open end."""
        if first and last and first > last:
            raise UserError(
                _("The export must begin before it ends: change the first or last day.")
            )

    @api.model
    def _domain(self, options, until=None):
        """Return which events are exported, of those that the user may read.

        :param dict options: ``period`` (``recorded`` or ``happened``), ``date_from`` and
            ``date_to`` (days as text, or None), ``tz``, and ``model_names`` (all where empty)
        :param datetime until: what was recorded from then on is left to a later export
        """
        name = "timestamp" if options["period"] == "happened" else "create_date"
        begin, end = self._bounds(options)
        domain = []
        if begin:
            domain.append((name, ">=", begin))
        if end:
            domain.append((name, "<", end))
        if until:
            domain.append(("create_date", "<", until))
        if options["model_names"]:
            registry = self.env["snapshot.handler.registry"]
            names = {n for m in options["model_names"] for n in registry._stream_names(m)}
            domain.append(("model_name", "in", sorted(names)))
        return domain

    @api.model
    def _until(self, options):
        """Return before when the events of an export are recorded: a whole second, UTC.

        It is the end of a period that is over, and the next second else.
        """
        self.env.cr.execute(
            "SELECT date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 s'"
        )
        (now,) = self.env.cr.fetchone()
        end = self._bounds(options)[1] if options["period"] == "recorded" else None
        return min(end, now) if end else now

    @api.model
    def _older_writer(self, until, ours=()):
        """Return since when somebody is at work who may have recorded events before a moment.

        Whoever records an event has locked its stream, and so has the number of a transaction,
        before the event gets its time: who has none yet records after the moment. Ask in a
        transaction that ends before the events are read: what is over by then must be seen by
        whoever reads them.

        :param datetime until: UTC, at most a second ahead
        :param ours: backends that wait for the answer, and write no events
        :return: datetime in UTC, or None where all are over
        """
        self.env.cr.execute(
            "SELECT extract(epoch FROM %s - clock_timestamp() AT TIME ZONE 'UTC')", [until]
        )
        clock.sleep(max(0, float(self.env.cr.fetchone()[0])))
        self.env.cr.execute("SELECT pg_stat_clear_snapshot()")
        self.env.cr.execute(
            """
            SELECT min(xact_start) AT TIME ZONE 'UTC' FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend'
               AND xact_start AT TIME ZONE 'UTC' < %s AND backend_xid IS NOT NULL
               AND pid <> pg_backend_pid() AND pid <> ALL(%s)
            """,
            [until, list(ours)],
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _check_whole(self, options, after=0, last=None):
        """Refuse an export that would lack events of its period.

        Whatever their type or company: a file that says it is complete must be.

        :param dict options: as for :meth:`_domain`
        :param int after: up to which id events are in the file already
        :param int last: up to which id the export goes, None where that is not settled yet
        :raise UserError: where events of the period are not at hand
        """
        period = (options["period"], *self._bounds(options))
        self.env["event.store"]._check_period_whole(*period, after, last)

    @api.model
    def _bounds(self, options):
        """Return when the period begins, and the first moment after it; None for open."""
        zone = self.env["event.store"]._known_zone(options["tz"])
        first, last = options["date_from"], options["date_to"]
        return (
            self._midnight(first, zone) if first else None,
            self._midnight(last, zone, 1) if last else None,
        )

    @api.model
    def _midnight(self, day, zone, later=0):
        """Return when a day begins in a zone, in UTC without zone."""
        day = min(max(date.fromisoformat(day), date(2, 1, 1)), date(9998, 12, 31))
        begin = datetime.combine(day + timedelta(days=later), time.min, zone)
        return begin.astimezone(timezone.utc).replace(tzinfo=None)

    @api.model
    def _next_ids(self, domain, after, last, limit):
        """Return the ids of the next events that the user may read, in order.

        :param int limit: at most so many, and of no more than ``MAX_BYTES`` of payload
        """
        wanted = [*domain, ("id", ">", after), ("id", "<=", last)]
        ids = self.env["event.store"].search(wanted, order="id", limit=limit).ids
        self.env.cr.execute(
            """
            SELECT count(*) FROM (
                SELECT sum(octet_length(payload::text)) OVER (ORDER BY id) AS size
                  FROM event_store WHERE id = ANY(%s)) AS event
             WHERE size <= %s
            """,
            [ids, MAX_BYTES],
        )
        return ids[: max(1, self.env.cr.fetchone()[0])]

    @api.model
    def _lines(self, ids):
        """Return the lines of some events, each as bytes without its end.

        The events were chosen with the rights of the user; a failure event may be about
        one that is not among them.
        """
        others = self.env["event.store"]._other_names()
        columns = [name for name in (*CONTENT, *REST, "content_hash") if name != "timestamp"]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT %s, event.timestamp::text AS timestamp,
                       event.create_date::text AS recorded_on, person.login AS recorded_by,
                       company.name AS company, failed.event_uuid AS failed_event_uuid,
                       retried.event_uuid AS retry_of_uuid
                  FROM event_store AS event
                  LEFT JOIN res_users AS person ON person.id = event.create_uid
                  LEFT JOIN res_company AS company ON company.id = event.company_id
                  LEFT JOIN event_store AS failed ON failed.id = event.failed_event_id
                  LEFT JOIN event_store AS retried ON retried.id = event.retry_of_id
                 WHERE event.id = ANY(%s) ORDER BY event.id
                """,
                SQL(", ").join(SQL.identifier("event", name) for name in [*columns, *others]),
                ids,
            )
        )
        for row in self.env.cr.dictfetchall():
            row["timestamp"] = row["timestamp"][:19]
            row["other"] = {
                name: self._plain(row[name]) for name in others if row[name] not in (None, "")
            }
            yield event_line(row).encode()

    @api.model
    def _plain(self, value):
        return value if isinstance(value, str | int | float | bool) else str(value)
