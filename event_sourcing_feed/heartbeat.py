"""A sign of life of those who pass events on, in a table that monitoring looks at."""

import logging
import threading
import time

import psycopg2

from odoo.sql_db import db_connect

_logger = logging.getLogger(__name__)

BEAT = 10.0
# Seconds after which a process that came to no end with a piece of work, such as a page, counts
# as hanging. What a consumer may take is less.
STUCK = 900.0


def beat(cr, kind, name):
    """Note that somebody is there, in this transaction; forget who was not for a day.

    :param str kind: ``worker`` or ``scheduler``
    :param str name: which one
    """
    cr.execute(
        """
        DELETE FROM event_feed_heartbeat
         WHERE seen < clock_timestamp() AT TIME ZONE 'UTC' - interval '1 day' AND name <> %(name)s;
        INSERT INTO event_feed_heartbeat (name, kind, since, seen)
        VALUES (%(name)s, %(kind)s, clock_timestamp() AT TIME ZONE 'UTC',
                clock_timestamp() AT TIME ZONE 'UTC')
            ON CONFLICT (name) DO UPDATE SET seen = excluded.seen
        """,
        {"name": name, "kind": kind},
    )


class Heartbeat(threading.Thread):
    """Signs of life of a worker, also while it works at something long.

    :param str database: its name
    :param str name: of the worker
    """

    def __init__(self, database, name):
        super().__init__(name="heartbeat", daemon=True)
        self._database = database
        self._worker = name
        self._turned = time.monotonic()
        self._end = threading.Event()

    def turned(self):
        """Take note that the worker came to an end with something."""
        self._turned = time.monotonic()

    def run(self):
        """Give a sign every few seconds while the worker does not hang."""
        while True:
            if time.monotonic() - self._turned < STUCK:
                self._execute(lambda cr: beat(cr, "worker", self._worker))
            if self._end.wait(BEAT):
                break
        gone = "DELETE FROM event_feed_heartbeat WHERE name = %s"
        self._execute(lambda cr: cr.execute(gone, [self._worker]))

    def stop(self):
        """End it; a worker that ended in good order is not waited for."""
        self._end.set()
        self.join(5)

    def _execute(self, work):
        try:
            with db_connect(self._database).cursor() as cr:
                work(cr)
        except psycopg2.Error as error:
            _logger.info("No sign of life could be noted: %s", error)
