from odoo import models
from odoo.tools import SQL

# When it happened by the clock of the event's own zone. PostgreSQL takes four names for
# abbreviations without summer time. One that it does not know would break the whole view; it is
# asked for its zones once per query, and only where the column is wanted.
BUSINESS_TIME = SQL(
    """
    event.timestamp AT TIME ZONE 'UTC' AT TIME ZONE CASE
        WHEN event.timezone IN ('CET', 'MET') THEN 'Europe/Brussels'
        WHEN event.timezone = 'EET' THEN 'Europe/Athens'
        WHEN event.timezone = 'WET' THEN 'Europe/Lisbon'
        WHEN event.timezone IN (SELECT name FROM pg_timezone_names) THEN event.timezone
        ELSE 'UTC' END
    """
)


class EventBiAttempt(models.AbstractModel):
    """``event_bi.bi_misoperation``: one row per attempt, as ``event.attempt`` counts them."""

    _name = "event.bi.attempt"
    _description = "Rejected Attempts for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_misoperation"

    def _bi_query(self):
        return SQL(
            "SELECT %s FROM %s",
            SQL(", ").join(
                SQL("%s AS %s", expression, SQL.identifier(name))
                for name, expression in self._bi_columns().items()
            ),
            SQL(" ").join(self._bi_tables()),
        )

    def _bi_columns(self):
        """Return ``{column name: SQL}``; other addons add theirs."""
        rate = self.env["event.attempt"]._rate_columns()
        return {
            "event_id": SQL("event.id"),
            "aggregate_type": SQL("event.model_name"),
            "aggregate_id": SQL("event.aggregate_id"),
            "event_type": SQL("event.event_type"),
            "outcome": SQL("event.outcome"),
            "misoperation_rate": SQL("(%s)::numeric", rate["misoperation_rate"]),
            "system_error_rate": SQL("(%s)::numeric", rate["system_error_rate"]),
            "broken_rule": SQL("event.broken_rule"),
            "reason": SQL("split_part(event.error_message, E'\\n', 1)"),
            "recorded_by": SQL("person.name"),
            "happened_on": SQL("event.timestamp"),
            "week": SQL("date_trunc('week', %s)::date", BUSINESS_TIME),
            "recorded_on": SQL("event.create_date"),
            "company": SQL("company.name"),
        }

    def _bi_tables(self):
        """Return the tables as a list of SQL, ``event`` first; other addons join theirs."""
        return [
            SQL("(%s) AS event", self.env["event.attempt"]._attempt_events()),
            SQL("LEFT JOIN res_users AS account ON account.id = event.create_uid"),
            SQL("LEFT JOIN res_partner AS person ON person.id = account.partner_id"),
            SQL("LEFT JOIN res_company AS company ON company.id = event.company_id"),
        ]
