from odoo import models
from odoo.tools import SQL

from odoo.addons.event_sourcing_feed.models.event_feed_cluster import CLUSTER


class EventBiFeed(models.AbstractModel):
    """``event_bi.bi_feed``: every stored event with its transaction, to load what is new.

    ``tx`` is the column itself, of the type ``xid8``: what is asked of it finds its index.
    """

    _name = "event.bi.feed"
    _description = "Feed for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_feed"

    def _bi_query(self):
        return SQL(
            """
            SELECT event.id AS event_id,
                   event.tx,
                   event.model_name AS aggregate_type,
                   event.aggregate_id,
                   event.version,
                   event.event_type,
                   event.outcome,
                   coalesce(event.origin, '') AS origin,
                   event.timestamp AS happened_on,
                   event.create_date AS recorded_on,
                   company.name AS company,
                   event.payload,
                   event.event_uuid,
                   event.schema_version
              FROM event_store AS event
              LEFT JOIN res_company AS company ON company.id = event.company_id
            """
        )


class EventBiFeedSnapshot(models.AbstractModel):
    """``event_bi.bi_feed_snapshot``: one row, what whoever reads it sees of the events."""

    _name = "event.bi.feed.snapshot"
    _description = "Snapshot of the Feed for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_feed_snapshot"

    def _bi_query(self):
        return SQL(f"SELECT pg_current_snapshot()::text AS snapshot, {CLUSTER} AS cluster")
