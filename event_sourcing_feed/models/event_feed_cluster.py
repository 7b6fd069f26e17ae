from dataclasses import replace

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..position import NOTHING, Position

# The cluster whose numbers of transactions count, as positions name it. Where the database has
# just come to another one, nobody has noted that, and this is none of those that are noted.
CLUSTER = """(SELECT system_identifier || '/' ||
                     (SELECT coalesce(max(id), 0) FROM event_feed_cluster)
                FROM pg_control_system())"""
NOTE = """
    INSERT INTO event_feed_cluster (system, floor)
    SELECT system_identifier::text, (SELECT coalesce(max(id), 0) FROM event_store)
      FROM pg_control_system()
     WHERE system_identifier::text IS DISTINCT FROM
           (SELECT system FROM event_feed_cluster ORDER BY id DESC LIMIT 1)
"""


class EventFeedCluster(models.Model):
    """Which PostgreSQL clusters counted the transactions that recorded the events.

    A restored cluster counts anew, so a position says in which one it counts. The first process
    that loads the database in another one notes the last id of before: whatever comes after it
    was recorded there. An upgraded cluster counts on, and is treated alike.
    """

    _inherit = "event.store"

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE TABLE IF NOT EXISTS event_feed_cluster"
            " (id serial PRIMARY KEY, system text NOT NULL, floor bigint NOT NULL)"
        )
        self.env.cr.execute(NOTE)

    def _register_hook(self):
        super()._register_hook()
        self._note_cluster()

    @api.model
    def _note_cluster(self):
        """Note that the database lives in another cluster now, where it does."""
        self.env.cr.execute(
            "SELECT system_identifier::text = (SELECT system FROM event_feed_cluster"
            " ORDER BY id DESC LIMIT 1) FROM pg_control_system()"
        )
        if self.env.cr.fetchone()[0]:
            return
        with self.env.registry.cursor() as cr:
            # It must see what whoever held the lock before has committed.
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
            cr.execute("SET LOCAL lock_timeout = '10s'")
            cr.execute("LOCK TABLE event_feed_cluster, event_store IN SHARE ROW EXCLUSIVE MODE")
            cr.execute(NOTE)

    @api.model
    def _feed_now(self):
        """Return the position of a reader that has seen all that this transaction sees."""
        self.env.cr.execute(SQL("SELECT pg_current_snapshot()::text, %s", SQL(CLUSTER)))
        seen, cluster = self.env.cr.fetchone()
        return Position(seen=seen, cluster=cluster)

    @api.model
    def _feed_start(self):
        """Return the position of a reader that has seen nothing."""
        return replace(self._feed_now(), seen=NOTHING)

    @api.model
    def _feed_follow_restore(self, position):
        """Return a position that counts in this cluster, for one of a cluster before.

        What the reader lacks of the former one is found by the former numbers; whatever was
        recorded since has a greater id, and is all new to it.

        :raise UserError: for a cursor that was given out after the backup of this database
        """
        last = self._last_id_of_cluster(position.cluster)
        if last is None:
            raise self._newer_than_backup()
        with self.env.registry.cursor() as cr:  # ours may not see the note
            cr.execute(SQL("SELECT %s", SQL(CLUSTER)))
            (cluster,) = cr.fetchone()
        return replace(position, until=NOTHING, after=0, ceiling=last, cluster=cluster)

    @api.model
    def _last_id_of_cluster(self, cluster):
        """Return the last id of what a former cluster may have recorded; None for this one.

        Ids of clusters are drawn one after the other, so the next one's note says it.
        """
        self.env.cr.execute(SQL("SELECT %s = %s", SQL(CLUSTER), cluster))
        if self.env.cr.fetchone()[0]:
            return None
        self._note_cluster()
        with self.env.registry.cursor() as cr:
            cr.execute(
                "SELECT next.floor FROM event_feed_cluster AS before"
                " JOIN event_feed_cluster AS next ON next.id > before.id"
                " WHERE before.system || '/' || before.id = %s ORDER BY next.id LIMIT 1",
                [cluster],
            )
            return (cr.fetchone() or (None,))[0]

    @api.model
    def _newer_than_backup(self):
        return UserError(
            _(
                "This cursor is newer than the backup from which the database was restored:"
                " begin again with the first event, or with now."
            )
        )
