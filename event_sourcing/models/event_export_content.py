from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.tools import SQL

from ..event_hash import CONTENT
from ..transfer_format import REST, event_line


class EventExportContent(models.AbstractModel):
    """Which events an export holds, and what a line says of each.

    Events come by id: within a stream that is by version, and a failure event comes
    after the event that failed.
    """

    _name = "event.export.content"
    _description = "Content of an Export"

    @api.model
    def _domain(self, options):
        """Return which events are exported, of those that the user may read.

        :param dict options: ``period`` (``recorded`` or ``happened``), ``date_from`` and
            ``date_to`` (days as text, or None), ``tz``, and ``model_names`` (all where empty)
        """
        name = "timestamp" if options["period"] == "happened" else "create_date"
        zone = ZoneInfo(options["tz"])
        domain = []
        if options["date_from"]:
            domain.append((name, ">=", self._midnight(options["date_from"], zone)))
        if options["date_to"]:
            domain.append((name, "<", self._midnight(options["date_to"], zone, 1)))
        if options["model_names"]:
            registry = self.env["snapshot.handler.registry"]
            names = {n for m in options["model_names"] for n in registry._stream_names(m)}
            domain.append(("model_name", "in", sorted(names)))
        return domain

    @api.model
    def _midnight(self, day, zone, later=0):
        """Return when a day begins in a zone, in UTC without zone."""
        day = min(max(date.fromisoformat(day), date(2, 1, 1)), date(9998, 12, 31))
        begin = datetime.combine(day + timedelta(days=later), time.min, zone)
        return begin.astimezone(timezone.utc).replace(tzinfo=None)

    @api.model
    def _next_ids(self, domain, after, last, limit):
        """Return the ids of the next events that the user may read, in order."""
        wanted = [*domain, ("id", ">", after), ("id", "<=", last)]
        return self.env["event.store"].search(wanted, order="id", limit=limit).ids

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
                       company.name AS company, failed.event_uuid AS failed_event_uuid
                  FROM event_store AS event
                  LEFT JOIN res_users AS person ON person.id = event.create_uid
                  LEFT JOIN res_company AS company ON company.id = event.company_id
                  LEFT JOIN event_store AS failed ON failed.id = event.failed_event_id
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
