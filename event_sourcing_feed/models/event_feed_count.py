import json
import time
from collections import Counter
from dataclasses import asdict

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from ..own_transaction import in_own_transaction
from ..position import Position
from .event_feed import SCANNED

# What tells of others who are at work at this moment.
CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
)


class EventFeedCount(models.AbstractModel):
    """How many events there are, by aggregate type and outcome, without counting them each time.

    The counts advance as a reader of the feed does, a page per transaction: each event is counted
    once, however late it commits, and what an archive takes away later stays counted.
    """

    _name = "event.feed.count"
    _description = "Counts of Events"

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS event_feed_count (
                model_name text,
                outcome text,
                events bigint NOT NULL,
                PRIMARY KEY (model_name, outcome)
            );
            CREATE TABLE IF NOT EXISTS event_feed_count_position (
                id int PRIMARY KEY CHECK (id = 1),
                position jsonb NOT NULL
            );
            INSERT INTO event_feed_count_position VALUES (1, '{}') ON CONFLICT DO NOTHING;
            """
        )

    @api.model
    def _count_new(self, seconds):
        """Count what is new, in transactions of their own, for so long at most.

        :return: whether all is counted
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                with in_own_transaction(self) as own:
                    more = own._count_page()
            except CONFLICTS:
                return False
            if not more or time.monotonic() >= deadline:
                return more is False

    @api.model
    def _count_page(self):
        """Count the next events; return whether there are more, None where another counts."""
        cr, store = self.env.cr, self.env["event.store"]
        cr.execute("SELECT position FROM event_feed_count_position FOR UPDATE SKIP LOCKED")
        row = cr.fetchone()
        if not row:
            return None
        before = Position(**row[0]) if row[0] else store._feed_start()
        ids, position = store._feed_ids(before, SCANNED + 1)
        more = len(ids) > SCANNED
        if more:
            ids = ids[:SCANNED]
            position = position.advance(ids[-1])
        elif ids:
            position = position.end()
        if ids:
            cr.execute(
                """
                INSERT INTO event_feed_count AS counted (model_name, outcome, events)
                SELECT model_name, outcome, count(*) FROM event_store WHERE id = ANY(%s)
                 GROUP BY model_name, outcome
                    ON CONFLICT (model_name, outcome)
                    DO UPDATE SET events = counted.events + excluded.events
                """,
                [ids],
            )
        if position != before or not row[0]:
            cr.execute(
                "UPDATE event_feed_count_position SET position = %s", [json.dumps(asdict(position))]
            )
        return more

    @api.model
    def _counted(self):
        """Return ``{(aggregate type of today, outcome): events}``."""
        registry = self.env(su=True)["snapshot.handler.registry"]
        self.env.cr.execute(SQL("SELECT model_name, outcome, events FROM event_feed_count"))
        counts = Counter()
        for model_name, outcome, events in self.env.cr.fetchall():
            counts[registry._canonical_name(model_name), outcome] += events
        return counts
