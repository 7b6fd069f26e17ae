from itertools import pairwise

from odoo import api, models


class BenchProjection(models.AbstractModel):
    """A read model that counts what comes per rental, and what comes out of order."""

    _name = "bench.projection"
    _inherit = "event.projection"
    _description = "What Came of the Feed"
    _subscribes = {"bench.rental": ("*",)}

    # Ids of the page at hand, for whoever wants to know when it was done.
    taken = []

    def init(self):
        self.env.cr.execute(
            "CREATE TABLE IF NOT EXISTS bench_total (aggregate_id text PRIMARY KEY,"
            " events int NOT NULL, version int NOT NULL, disorder int NOT NULL)"
        )

    @api.model
    def _project(self, events):
        streams = {}
        for event in events:
            streams.setdefault(event.aggregate_id, []).append(event.version)
        rows = [
            (key, len(v), v[0], v[-1], sum(b != a + 1 for a, b in pairwise(v)))
            for key, v in streams.items()
        ]
        self.env.cr.execute(
            """
            INSERT INTO bench_total AS stored (aggregate_id, events, version, disorder)
            SELECT key, events, last, disorder + (first <> 1)::int
              FROM unnest(%s, %s, %s, %s, %s) AS new (key, events, first, last, disorder)
                ON CONFLICT (aggregate_id) DO UPDATE
               SET events = stored.events + excluded.events, version = excluded.version,
                   disorder = stored.disorder + excluded.disorder
                            - (excluded.version - excluded.events = stored.version)::int
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )
        self.taken.extend(event.id for event in events)
