from odoo import _, api, fields, models
from odoo.tools import SQL

# Events that are looked through for a figure: monitoring asks every few seconds.
MAX_COUNTED = 10_000


class EventSubscriptionLag(models.Model):
    """How far a subscription is behind, at a price that does not grow with what waits."""

    _inherit = "event.subscription"

    lag_count = fields.Integer(
        string="Events Waiting",
        compute="_compute_lag",
        help="Of all types: events to look through.",
    )
    lag_seconds = fields.Float(string="Oldest Waits for (s)", compute="_compute_lag")
    slowest_stream = fields.Char(
        string="Slowest History",
        compute="_compute_slowest_stream",
        compute_sudo=False,
        help="The one of which an event has waited longest.",
    )

    @api.depends("seen", "until", "after", "floor")
    def _compute_lag(self):
        for sub in self:
            sub.lag_count, sub.lag_seconds = sub._waiting(None) if sub.id else (0, 0.0)

    @api.depends("seen", "until", "after", "floor")
    @api.depends_context("uid", "lang")
    def _compute_slowest_stream(self):
        knows_all = self.env["event.job"]._knows_all()
        for sub in self:
            found = sub.id and knows_all and sub._slowest_stream()
            sub.slowest_stream = found and _(
                "%(name)s: %(count)s events, the oldest for %(seconds)s s",
                name="/".join((found["model_name"], found["aggregate_id"])),
                count=found["count"],
                seconds=round(found["seconds"]),
            )

    def _feed_filter(self):
        """Return what events must meet to be for it, as SQL about ``event``; a hook.

        :return: None where its addon is gone
        """
        consumer = self.env.get(self.consumer)
        return None if consumer is None else consumer._feed_filter()

    def _waiting_query(self, limit):
        """Return SQL for the rows of events that wait, as a query.

        :param int limit: only so many of them, the first ones; None for all
        """
        position = self._position()
        if position.until:  # pages of it are taken already, in order of ids
            return SQL(
                "SELECT event.* FROM event_store AS event WHERE event.id > %s"
                " AND NOT pg_visible_in_snapshot(event.tx, %s::pg_snapshot)"
                " ORDER BY event.id LIMIT %s",
                max(position.after, position.floor),
                position.seen,
                limit,
            )
        return SQL(
            "(SELECT event.* FROM event_store AS event WHERE event.id > %s"
            " AND event.tx >= pg_snapshot_xmax(%s::pg_snapshot)"
            " ORDER BY event.tx, event.id LIMIT %s) UNION ALL (SELECT event.*"
            " FROM event_store AS event WHERE event.id > %s"
            " AND event.tx = ANY(ARRAY(SELECT pg_snapshot_xip(%s::pg_snapshot))) LIMIT %s)",
            *(position.floor, position.seen, limit) * 2,
        )

    def _waiting(self, limit=MAX_COUNTED):
        """Return ``(events, seconds since the oldest was recorded)``.

        :param int limit: look at so many of them, the first ones; None for all
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                "SELECT least(count(*), %s), extract(epoch FROM clock_timestamp()"
                " AT TIME ZONE 'UTC' - min(event.create_date))::float FROM (%s) AS event",
                limit,
                self._waiting_query(limit),
            )
        )
        count, seconds = self.env.cr.fetchone()
        return count, max(0.0, seconds or 0.0)

    def _slowest_stream(self):
        """Return the stream of which an event has waited longest; a hook.

        Whoever lets streams queue up by themselves looks there, too.

        :return: dict with ``model_name``, ``aggregate_id``, ``count`` and ``seconds``, or None
            where nothing waits
        """
        self.ensure_one()
        condition = self._feed_filter()
        if condition is None:
            return None
        self.env.cr.execute(
            SQL(
                """
                SELECT event.model_name, event.aggregate_id, count(*) AS count,
                       greatest(0, extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC'
                                           - min(event.create_date)))::float AS seconds
                  FROM (%s) AS event
                 WHERE %s
                 GROUP BY event.company_id, event.model_name, event.aggregate_id
                 ORDER BY min(event.create_date), min(event.id) LIMIT 1
                """,
                self._waiting_query(MAX_COUNTED),
                condition,
            )
        )
        found = self.env.cr.dictfetchall()
        return found[0] if found else None
