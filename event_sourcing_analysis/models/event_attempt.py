import json

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing.fields import AVERAGE
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES, INVALID_OPERATION, OUTCOMES

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
        registry = self.env["snapshot.handler.registry"]
        words = registry._type_words()
        reasons = registry._rule_words(self.env["event.store"]._readable_companies())
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

    def action_open_event(self):
        """Open the event behind one attempt."""
        self.ensure_one()
        return self.event_id._open_form()
