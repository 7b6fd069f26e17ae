from odoo import api, fields, models

from ..groups import AUDITOR
from .event_store import FAILURE_TYPES

MANY = 1000


class EventStoreSearch(models.Model):
    """Whose events a user reads; finding them by a part of an aggregate's id."""

    _inherit = "event.store"

    aggregate_search = fields.Char(
        string="Record Contains", compute="_compute_aggregate_search", search="_search_aggregate"
    )

    @api.depends("aggregate_id")
    def _compute_aggregate_search(self):
        for event in self:
            event.aggregate_search = event.aggregate_id

    @api.model
    def _readable_companies(self):
        """Return the ids of the companies whose events the user may read."""
        if self.env.su or self.env.user.has_group(AUDITOR):
            return self.env["res.company"].sudo().search([("id", ">", 0)]).ids
        return self.env.companies.ids

    @api.model
    def _search_aggregate(self, operator, value):
        """Look among the streams, and then in the indexes of their events.

        Where very many match, the events themselves are looked through: the first page
        is found soon then.
        """
        plain = [("aggregate_id", operator, value)]
        if operator not in ("=", "in", "ilike", "like", "=like", "=ilike"):
            return plain
        streams = self.env["event.stream"].search(plain, limit=MANY + 1)
        if len(streams) > MANY:
            return plain
        keys = [
            ("model_name", "in", list(set(streams.mapped("model_name")))),
            ("aggregate_id", "in", streams.mapped("aggregate_id")),
            ("company_id", "in", streams.company_id.ids),
        ]
        # One index holds the events of streams, another their failure events.
        events = ["&", "&", "&", *keys, ("event_type", "not in", FAILURE_TYPES)]
        failures = ["&", "&", "&", *keys, ("event_type", "in", FAILURE_TYPES)]
        return ["|", *events, *failures]
