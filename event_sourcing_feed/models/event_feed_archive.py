from odoo import _, api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing.exceptions import EventsArchived

from .event_feed_cluster import CLUSTER


class EventFeedArchive(models.Model):
    """Events that leave the store: not before subscriptions have them, and readers are told."""

    _inherit = "event.store"

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            -- Of which transactions the events were that are not in the store any more.
            CREATE TABLE IF NOT EXISTS event_feed_archived (
                first bigint PRIMARY KEY,
                last bigint NOT NULL,
                cluster text NOT NULL,
                first_tx xid8 NOT NULL,
                last_tx xid8 NOT NULL
            )
            """
        )

    @api.model
    def _check_may_leave(self, first, last):
        super()._check_may_leave(first, last)
        subscriptions = self.env["event.subscription"].sudo()
        waiting = subscriptions.search([("state", "in", ("running", "stopped"))], limit=None)
        names = [sub.label for sub in waiting if sub._waits_for(first, last)]
        if names:
            raise EventsArchived(
                _(
                    "These have not taken the events %(first)s to %(last)s yet: %(names)s. Let"
                    " them go on, decide about their dead letters, or pause them, and try again.",
                    first=first,
                    last=last,
                    names=", ".join(names),
                )
            )

    @api.model
    def _events_left(self, first, last):
        super()._events_left(first, last)
        self._events_returned(first, last)
        self.env.cr.execute(
            f"""
            INSERT INTO event_feed_archived (first, last, cluster, first_tx, last_tx)
            SELECT %s, %s, {CLUSTER}, tx[1], tx[2]
              FROM (SELECT ARRAY[(SELECT tx FROM event_store WHERE id BETWEEN %s AND %s
                                   ORDER BY tx LIMIT 1),
                                 (SELECT tx FROM event_store WHERE id BETWEEN %s AND %s
                                   ORDER BY tx DESC LIMIT 1)] AS tx) AS numbers
             WHERE tx[1] IS NOT NULL
            """,
            [first, last, first, last, first, last],
        )

    @api.model
    def _events_returned(self, first, last):
        super()._events_returned(first, last)
        self.env.cr.execute(
            "DELETE FROM event_feed_archived WHERE first = %s AND last = %s", [first, last]
        )

    @api.model
    def _check_lacks_none_archived(self, position):
        """Refuse to go on where events that a reader has not seen are in an archive.

        :raise EventsArchived: naming them
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT first, last FROM event_feed_archived
                 WHERE last > %(done)s AND (
                       %(seen)s = '1:1:' OR cluster = %(cluster)s AND (
                       last_tx >= pg_snapshot_xmax(%(seen)s::pg_snapshot)
                       OR EXISTS (SELECT FROM pg_snapshot_xip(%(seen)s::pg_snapshot) AS tx
                                   WHERE tx BETWEEN first_tx AND last_tx)))
                 ORDER BY first LIMIT 1
                """,
                done=max(position.floor, position.after),
                seen=position.seen,
                cluster=position.cluster,
            )
        )
        found = self.env.cr.fetchone()
        if found:
            raise EventsArchived(
                _(
                    "The events %(first)s to %(last)s are in an archive, and were not read yet."
                    " Ask whoever runs the database to bring the archive back, or begin with"
                    " now.",
                    first=found[0],
                    last=found[1],
                )
            )


class EventSubscription(models.Model):
    _inherit = "event.subscription"

    def _waits_for(self, first, last):
        """Return whether the consumer has still to see one of these events, or to try it again."""
        position = self._position()
        self.env.cr.execute(
            SQL(
                """
                SELECT EXISTS (
                    SELECT FROM event_store
                     WHERE id BETWEEN %(first)s AND %(last)s AND id > %(floor)s
                       AND (%(cluster)s <> %(current)s OR %(ceiling)s > 0
                            OR NOT pg_visible_in_snapshot(tx, %(seen)s::pg_snapshot)
                               AND (id > %(after)s
                                    OR NOT pg_visible_in_snapshot(tx, %(until)s::pg_snapshot))))
                    OR EXISTS (
                    SELECT FROM event_reaction_task
                     WHERE subscription_id = %(sub)s AND state <> 'skipped'
                       AND event_id BETWEEN %(first)s AND %(last)s)
                """,
                sub=self.id,
                first=max(first, 0),
                last=last,
                floor=position.floor,
                cluster=position.cluster,
                current=SQL(CLUSTER),
                ceiling=position.ceiling,
                seen=position.seen,
                after=position.after,
                until=position.until or position.seen,
            )
        )
        return self.env.cr.fetchone()[0]
