import logging
import os
import socket
import threading

import psycopg2

from odoo import api, fields, models

from ..heartbeat import beat

_logger = logging.getLogger(__name__)

# Seconds after which somebody who gives no sign is not there.
WORKER_SECONDS = 60
# The scheduler comes once a minute, and a page may take five.
SCHEDULER_SECONDS = 420


class EventFeedHeartbeat(models.Model):
    """Who passes events on: one row per worker, and one per scheduler that stands in for them."""

    _name = "event.feed.heartbeat"
    _inherit = "access.first.mixin"
    _description = "Worker of the Feed"
    _order = "seen desc, id desc"
    _log_access = False

    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [("worker", "Worker"), ("scheduler", "Scheduled action")], required=True, readonly=True
    )
    since = fields.Datetime(string="There Since", readonly=True)
    seen = fields.Datetime(string="Last Seen", readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_feed_heartbeat_name_uniq"
            " ON event_feed_heartbeat (name)"
        )

    @api.model
    def _note_scheduler(self):
        """Note that the scheduled action is at work, whatever becomes of it."""
        name = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"
        try:
            with self.env.registry.cursor() as cr:
                beat(cr, "scheduler", name)
        except psycopg2.Error as error:
            _logger.info("No sign of life could be noted: %s", error)

    @api.model
    def _driven(self):
        """Return who passes events on, as seconds since they gave a sign.

        :return: dict: ``worker`` and ``scheduler``, None where there was none for a day;
            ``workers``, how many are there; ``ok``, whether anybody is
        """
        self.env.cr.execute(
            """
            SELECT kind, count(*) FILTER (WHERE age <= %s), min(age)
              FROM (SELECT kind, greatest(0, extract(epoch FROM clock_timestamp()
                                            AT TIME ZONE 'UTC' - seen))::float AS age
                      FROM event_feed_heartbeat) AS one
             GROUP BY kind
            """,
            [WORKER_SECONDS],
        )
        found = {kind: (count, age) for kind, count, age in self.env.cr.fetchall()}
        workers, worker = found.get("worker", (0, None))
        scheduler = found.get("scheduler", (0, None))[1]
        by_scheduler = scheduler is not None and scheduler <= SCHEDULER_SECONDS
        return {
            "worker": worker,
            "workers": workers,
            "scheduler": scheduler,
            "ok": bool(workers) or by_scheduler,
        }
