import json

from odoo import fields, models
from odoo.tools import SQL

from ..fields import AVERAGE
from .event_job import AUDITOR
from .event_store import FAILURE_TYPES, INVALID_OPERATION, SYSTEM_ERROR


class EventAttempt(models.Model):
    """What was attempted, one row each, whatever became of it: the base of every rate.

    An event is an attempt; so is a failure event whose attempt was not stored (policy
    ``reject_and_record``). A rate is 100 or 0 in each row, so that the average of any
    group is the group's rate, and never an average of averages.
    """

    _name = "event.attempt"
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
    model_name = fields.Char(string="Technical Aggregate Type", readonly=True)
    aggregate_label = fields.Char(string="Aggregate Type", readonly=True)
    aggregate_id = fields.Char(readonly=True)
    event_type = fields.Char(string="Technical Event Type", readonly=True)
    event_label = fields.Char(string="Event", readonly=True)
    user_id = fields.Many2one("res.users", string="Recorded By", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    outcome = fields.Selection(
        selection=lambda self: self.env["event.store"]._fields["outcome"].selection, readonly=True
    )
    broken_rule = fields.Char(string="Technical Rule", readonly=True)
    reason = fields.Char(
        readonly=True, help="Which rule was broken, or which technical fault occurred."
    )
    misoperation_rate = fields.Float(
        string="Misoperation Rate (%)",
        readonly=True,
        digits=(16, 1),
        **AVERAGE,
        help="Of a hundred attempts, how many broke a rule.",
    )
    system_error_rate = fields.Float(
        string="System Error Rate (%)",
        readonly=True,
        digits=(16, 1),
        **AVERAGE,
        help="Of a hundred attempts, how many ended in a technical fault.",
    )
    refused_count = fields.Integer(string="Refused", readonly=True)
    error_count = fields.Integer(string="System Errors", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            "(SELECT %s FROM %s WHERE %s)",
            SQL(", ").join(
                SQL("%s AS %s", expression, SQL.identifier(name))
                for name, expression in self._attempt_columns().items()
            ),
            SQL(" ").join(self._attempt_tables()),
            self._attempt_condition(),
        )

    def _attempt_columns(self):
        """Return ``{field name: SQL}``; other addons add theirs."""
        return {
            "id": SQL("event.id"),
            "event_id": SQL("event.id"),
            "date": SQL("event.timestamp"),
            "model_name": SQL("event.model_name"),
            "aggregate_label": SQL("coalesce(word.aggregate, event.model_name)"),
            "aggregate_id": SQL("event.aggregate_id"),
            "event_type": SQL("attempt.event_type"),
            "event_label": SQL("coalesce(word.label, attempt.event_type)"),
            "user_id": SQL("event.create_uid"),
            "company_id": SQL("event.company_id"),
            "outcome": SQL("attempt.outcome"),
            "broken_rule": SQL("event.broken_rule"),
            "reason": SQL("coalesce(rule.reason, split_part(event.error_message, E'\\n', 1))"),
            "misoperation_rate": SQL("CASE attempt.outcome WHEN 'rejected' THEN 100.0 ELSE 0 END"),
            "system_error_rate": SQL("CASE attempt.outcome WHEN 'failed' THEN 100.0 ELSE 0 END"),
            "refused_count": SQL("CASE attempt.outcome WHEN 'rejected' THEN 1 ELSE 0 END"),
            "error_count": SQL("CASE attempt.outcome WHEN 'failed' THEN 1 ELSE 0 END"),
        }

    def _attempt_tables(self):
        """Return the tables as a list of SQL, ``event`` first; other addons join theirs."""
        registry = self.env["snapshot.handler.registry"]
        return [
            SQL("event_store AS event"),
            SQL(
                """
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN event.event_type IN %s
                                THEN event.payload ->> 'failed_event'
                                ELSE event.event_type END AS event_type,
                           CASE event.event_type WHEN %s THEN 'rejected' WHEN %s THEN 'failed'
                                ELSE event.outcome END AS outcome) AS attempt
                """,
                FAILURE_TYPES,
                INVALID_OPERATION,
                SYSTEM_ERROR,
            ),
            SQL(
                """
                LEFT JOIN jsonb_to_recordset(%s::jsonb)
                          AS word (model_name text, event_type text, label text, aggregate text)
                       ON word.model_name = event.model_name
                      AND word.event_type = attempt.event_type
                """,
                json.dumps(registry._type_words()),
            ),
            SQL(
                """
                LEFT JOIN jsonb_to_recordset(%s::jsonb)
                          AS rule (model_name text, broken_rule text, reason text)
                       ON rule.model_name = event.model_name
                      AND rule.broken_rule = event.broken_rule
                """,
                json.dumps(registry._rule_words(self._readable_companies())),
            ),
        ]

    def _attempt_condition(self):
        # A failure event stands for its attempt only where that was not stored itself.
        return SQL(
            """
            event.event_type NOT IN %s
            OR event.failed_event_id IS NULL AND NOT EXISTS (
               SELECT FROM event_store AS stored WHERE stored.event_uuid = event.causation_id)
            """,
            FAILURE_TYPES,
        )

    def _readable_companies(self):
        """Return the ids of the companies whose refusals the user may read."""
        if self.env.su or self.env.user.has_group(AUDITOR):
            return self.env["res.company"].sudo().search([]).ids
        return self.env.companies.ids

    def action_open_event(self):
        """Open the event behind one attempt."""
        self.ensure_one()
        return self.event_id._open_form()
