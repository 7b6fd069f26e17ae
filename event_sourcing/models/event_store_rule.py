from odoo import api, fields, models
from odoo.exceptions import UserError

from ..error_place import find_place, fingerprint
from .event_store import INVALID_OPERATION

MAX_RULE = 300


class EventStoreRule(models.Model):
    """Which rule an attempt broke: the same, whatever its sentence says in whose language."""

    _inherit = "event.store"

    broken_rule = fields.Char(
        readonly=True,
        copy=False,
        help="Shared by all attempts that broke one rule: the event, and the rule's name or the"
        " line of code that rejected it.",
    )

    def init(self):
        # Rules are listed, and each put in words, without reading every refusal.
        super().init()
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS event_store_rule_index
                ON event_store (company_id, model_name, broken_rule, id)
             WHERE event_type = 'InvalidOperationAttempted' AND broken_rule IS NOT NULL
            """
        )

    @api.model
    def _broken_rule(self, vals, error):
        """Return the rule that ``error`` says an event broke, None for a technical fault.

        :param dict vals: of the event
        """
        if not isinstance(error, UserError):
            return None
        rule = getattr(error, "rule", None)
        if not rule:
            handler = self._find_handler(vals["model_name"])
            name = vals["model_name"] if handler is None else handler._name
            rule = f"code:{fingerprint('UserError', name, find_place(error))}"
        return self._storable(f"{vals['event_type']}/{rule}")[:MAX_RULE]

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
