from odoo import api, fields, models

from ..groups import AUDITOR
from .event_store import FAILURE_TYPES, INVALID_OPERATION

MANY = 1000


class EventStoreSearch(models.Model):
    """Whose events a user reads; finding them by a part of an aggregate's id."""

    _inherit = "event.store"

    aggregate_search = fields.Char(
        string="Aggregate Contains", compute="_compute_aggregate_search", search="_search_aggregate"
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

    @api.model
    def _known_rules(self, company_ids, limit=1000):
        """Return the rules that were broken in some companies, each in a step of the index.

        :return: list of ``(model_name, broken_rule, newest sentence)``; the sentence in the
            language of the user, or as recorded where it is not kept in that
        """
        self.env["event.store"].flush_model()
        self.env.cr.execute(
            """
            WITH RECURSIVE refusal AS NOT MATERIALIZED (
                SELECT id, company_id, model_name, broken_rule, coalesce(
                           payload #>> ARRAY['error_messages', %(lang)s], error_message
                       ) AS sentence
                  FROM event_store
                 WHERE event_type = %(type)s AND broken_rule IS NOT NULL
            ), rule AS (
                SELECT first.*
                  FROM unnest(%(companies)s) AS company (id), LATERAL (
                       SELECT company_id, model_name, broken_rule FROM refusal
                        WHERE company_id = company.id
                        ORDER BY model_name, broken_rule LIMIT 1) AS first
                 UNION ALL
                SELECT next.*
                  FROM rule, LATERAL (
                       SELECT company_id, model_name, broken_rule FROM refusal
                        WHERE company_id = rule.company_id
                          AND (model_name, broken_rule) > (rule.model_name, rule.broken_rule)
                        ORDER BY model_name, broken_rule LIMIT 1) AS next
            )
            SELECT DISTINCT ON (rule.model_name, rule.broken_rule)
                   rule.model_name, rule.broken_rule, split_part(newest.sentence, E'\\n', 1)
              FROM (SELECT * FROM rule LIMIT %(limit)s) AS rule, LATERAL (
                   SELECT id, sentence FROM refusal
                    WHERE company_id = rule.company_id AND model_name = rule.model_name
                      AND broken_rule = rule.broken_rule
                    ORDER BY id DESC LIMIT 1) AS newest
             ORDER BY rule.model_name, rule.broken_rule, newest.id DESC
            """,
            {
                "type": INVALID_OPERATION,
                "companies": list(company_ids),
                "lang": self.env.lang or "",
                "limit": limit,
            },
        )
        return self.env.cr.fetchall()
