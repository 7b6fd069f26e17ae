import json

from odoo import _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.event_sourcing.groups import AUDITOR, MANAGER
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES, INVALID_OPERATION, OUTCOMES
from odoo.addons.event_sourcing_base.compat import asks_for_true
from odoo.addons.event_sourcing_base.fields import AVERAGE
from odoo.addons.event_sourcing_base.humanize import spaced

# As words.spaced says it, for events that no handler knows.
SPACED = SQL(r"regexp_replace(event.event_type, '([a-z0-9])([A-Z])', '\1 \2', 'g')")


class EventAttempt(models.Model):
    """What was attempted, one row each, whatever became of it: the base of every rate.

    An event is an attempt; so is a failure event whose attempt was not stored (policy
    ``reject_and_record``). A rate is 100 or 0 in each row, so that the average of any
    group is the group's rate, and never an average of averages.
    """

    _name = "event.attempt"
    _inherit = "access.first.mixin"
    _description = "Attempt"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "event_label"
    _export_text_as_text = True
    _depends = {
        "event.store": ["timestamp", "outcome", "event_type", "failed_event_id", "broken_rule"],
    }

    event_id = fields.Many2one("event.store", string="Stored Event", readonly=True)
    date = fields.Datetime(string="Happened On", readonly=True)
    model_name = fields.Char(string="Technical Record Type", readonly=True)
    aggregate_label = fields.Char(string="Record Type", readonly=True)
    aggregate_id = fields.Char(string="Record", readonly=True)
    event_type = fields.Char(string="Technical Event Type", readonly=True)
    event_label = fields.Char(string="Event", readonly=True)
    user_id = fields.Many2one("res.users", string="Recorded By", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    broken_rule = fields.Char(string="Technical Rule", readonly=True)
    reason = fields.Char(readonly=True, help="Which rule was broken, or which failure occurred.")
    misoperation_rate = fields.Float(
        string="Rejection Rate (%)",
        readonly=True,
        digits=(16, 1),
        **AVERAGE,
        help="Of a hundred attempts, how many broke a rule.",
    )
    system_error_rate = fields.Float(
        string="Failure Rate (%)",
        readonly=True,
        digits=(16, 1),
        **AVERAGE,
        help="Of a hundred attempts, how many failed for a technical reason.",
    )
    refused_count = fields.Integer(string="Rejected", readonly=True)
    error_count = fields.Integer(string="Failures", readonly=True)
    in_last_weeks = fields.Boolean(
        string="Last 12 Weeks",
        compute="_compute_in_last_weeks",
        search="_search_in_last_weeks",
        help="The weeks of the overview, which begin as the reader's language says.",
    )

    @property
    def _table_query(self):
        return SQL(
            "(SELECT %s FROM (%s) AS event)",
            SQL(", ").join(
                SQL("%s AS %s", expression, SQL.identifier(name))
                for name, expression in self._attempt_columns().items()
            ),
            self._attempt_events(),
        )

    def _attempt_columns(self):
        """Return ``{field name: SQL}``; other addons add theirs.

        Words and other tables are looked up by expressions, which cost nothing where nobody
        asks for them; a join would keep PostgreSQL from counting in the index alone.
        """
        words = self._type_words()
        reasons = self._rule_words(self.env["event.store"]._readable_companies())
        event = SQL("event.model_name || '/' || event.event_type")
        rule = SQL("event.model_name || '/' || event.broken_rule")
        return {
            "id": SQL("event.id"),
            "event_id": SQL("event.id"),
            "date": SQL("event.timestamp"),
            "model_name": SQL("event.model_name"),
            "aggregate_label": self._word(
                {row["model_name"]: row["aggregate"] for row in words},
                SQL("event.model_name"),
                SQL("event.model_name"),
            ),
            "aggregate_id": SQL("event.aggregate_id"),
            "event_type": SQL("event.event_type"),
            "event_label": self._word(
                {f"{row['model_name']}/{row['event_type']}": row["label"] for row in words},
                event,
                SPACED,
            ),
            "user_id": SQL("event.create_uid"),
            "company_id": SQL("event.company_id"),
            "outcome": SQL("event.outcome"),
            "broken_rule": SQL("event.broken_rule"),
            "reason": self._word(
                {f"{row['model_name']}/{row['broken_rule']}": row["reason"] for row in reasons},
                rule,
                SQL("split_part(event.error_message, E'\\n', 1)"),
            ),
            **self._rate_columns(),
            "refused_count": SQL("CASE event.outcome WHEN 'rejected' THEN 1 ELSE 0 END"),
            "error_count": SQL("CASE event.outcome WHEN 'failed' THEN 1 ELSE 0 END"),
        }

    @api.model
    def _rate_columns(self):
        """Return the columns of the rates as ``{name: SQL}``."""
        return {
            "misoperation_rate": SQL("CASE event.outcome WHEN 'rejected' THEN 100.0 ELSE 0 END"),
            "system_error_rate": SQL("CASE event.outcome WHEN 'failed' THEN 100.0 ELSE 0 END"),
        }

    @api.model
    def _word(self, words, key, default):
        """Return SQL for what ``words`` say about ``key``."""
        return SQL("coalesce(%s::jsonb ->> (%s), %s)", json.dumps(words), key, default)

    @api.model
    def _type_words(self):
        """Return a row for each event type that a handler knows, under each of its names.

        :return: list of dicts with ``model_name``, ``event_type``, ``label`` and
            ``aggregate``; each pair of the first two once
        """
        registry, words = self.env["snapshot.handler.registry"], {}
        for model_name in registry._handler_names():
            handler = registry._known_handler(model_name)
            if handler is None:
                continue
            aggregate = registry._aggregate_label(model_name)
            labels = handler._event_labels()
            today = {name: name for name in (*handler._transitions, *labels)}
            for event_type, name in {**today, **handler._event_aliases}.items():
                for stream_name in registry._stream_names(model_name):
                    words[stream_name, event_type] = {
                        "label": labels.get(name) or spaced(name),
                        "aggregate": aggregate,
                    }
        return [
            {"model_name": model_name, "event_type": event_type, **word}
            for (model_name, event_type), word in words.items()
        ]

    @api.model
    def _rule_words(self, company_ids):
        """Return a row for each rule that was broken in these companies.

        :return: list of dicts with ``model_name``, ``broken_rule`` and ``reason``
        """
        registry = self.env["snapshot.handler.registry"]
        rules = self._known_rules(company_ids)
        return [
            {
                "model_name": model_name,
                "broken_rule": rule,
                "reason": registry._rule_label(model_name, rule) or newest or rule,
            }
            for model_name, rule, newest in rules
        ]

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

    @api.model
    def _attempt_events(self):
        """Return SQL for one row per attempt, under the names of the event's columns.

        Two branches, each with an index that holds what most figures need. A failure event
        stands for its attempt only where that was not stored itself.
        """
        return SQL(
            """
            SELECT id, timestamp, timezone, model_name, aggregate_id, event_type, outcome,
                   create_uid, create_date, company_id, broken_rule, error_message, payload
              FROM event_store WHERE event_type NOT IN %(failures)s
             UNION ALL
            SELECT id, timestamp, timezone, model_name, aggregate_id,
                   (payload ->> 'failed_event')::varchar,
                   (CASE event_type WHEN %(invalid)s THEN 'rejected' ELSE 'failed' END)::varchar,
                   create_uid, create_date, company_id, broken_rule, error_message, payload
              FROM event_store AS failure
             WHERE event_type IN %(failures)s AND failed_event_id IS NULL
            """,
            failures=FAILURE_TYPES,
            invalid=INVALID_OPERATION,
        )

    @api.model
    def _reads_people(self):
        """Whether the user may see how often a person did something: managers and auditors may."""
        user = self.env.user
        return self.env.su or user.has_group(MANAGER) or user.has_group(AUDITOR)

    def _read_group_groupby(self, *arguments):
        # The specification and the query come last; Odoo 18 gave an alias before them.
        if arguments[-2].partition(":")[0] == "user_id" and not self._reads_people():
            raise AccessError(
                _("Figures by person are for managers and auditors; group by something else.")
            )
        return super()._read_group_groupby(*arguments)

    @api.depends("date")
    @api.depends_context("lang", "tz")
    def _compute_in_last_weeks(self):
        begin, end = self.env["event.overview"]._last_weeks()
        for attempt in self:
            attempt.in_last_weeks = bool(attempt.date and begin <= attempt.date < end)

    @api.model
    def _search_in_last_weeks(self, operator, value):
        begin, end = self.env["event.overview"]._last_weeks()
        if asks_for_true(operator, value):
            return [("date", ">=", begin), ("date", "<", end)]
        return ["|", ("date", "<", begin), ("date", ">=", end)]

    def action_open_event(self):
        """Open the event behind one attempt."""
        self.ensure_one()
        return self.event_id._open_form()
