from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES, SYSTEM_ERROR

from .event_error_decision import STATES

# Failures from before there were fingerprints are told apart by their error and type.
FINGERPRINT = SQL(
    "coalesce(failure.error_fingerprint,"
    " concat_ws(':', 'old', failure.error_class, failure.model_name))"
)
# Whether the failed event still waits: it was neither applied again nor sent once more by its
# own client, whatever became of that: a further fault is a failure of its own. An attempt may
# have been recorded apart twice; to apply one of them again settles the other.
OUTSTANDING = """
    NOT EXISTS (SELECT FROM event_store AS retry WHERE retry.retry_of_id = failure.id)
    AND NOT (failure.failed_event_id IS NULL AND failure.attempt_uuid IS NOT NULL AND (
        EXISTS (
            SELECT FROM event_store AS sent
             WHERE sent.event_uuid = failure.attempt_uuid AND sent.event_type NOT IN %(failures)s
               AND %(same)s)
        OR EXISTS (
            SELECT FROM event_store AS twin JOIN event_store AS sent ON sent.retry_of_id = twin.id
             WHERE twin.attempt_uuid = failure.attempt_uuid
               AND twin.company_id = failure.company_id AND %(same)s)))
"""
# As text: for jsonb, 1 and 1.0 are equal.
SAME = """
    sent.company_id = failure.company_id AND sent.aggregate_id = failure.aggregate_id
    AND sent.payload::text = (failure.payload -> 'failed_payload')::text
    AND %(sent_model)s = %(model)s AND %(sent_type)s = %(type)s
"""


def _today(names, *former):
    """Return SQL of what is called so today, by ``{former names: name}``.

    :param former: SQL of the former names, the last of which is the one to translate
    """
    if not names:
        return former[-1]
    cases = [
        SQL("WHEN (%s) = %s THEN %s", SQL(", ").join(former), key if len(key) > 1 else key[0], name)
        for key, name in sorted(names.items())
    ]
    return SQL("CASE %s ELSE %s END", SQL(" ").join(cases), former[-1])


class EventError(models.Model):
    """The error inbox: the failures of one bug in one company are one row.

    Read from the failure events themselves, so that appending never writes to it; what
    people decided lies in ``event.error.decision``. The id is that of the first failure.
    """

    _name = "event.error"
    _inherit = "aggregate.label.mixin"
    _description = "Error"
    _auto = False
    _order = "last_date desc, id desc"
    _rec_name = "error_class"
    _depends = {
        "event.store": ["event_type", "error_fingerprint", "retry_of_id", "failed_event_id"],
        "event.error.decision": ["fingerprint", "company_id", "state", "seen_count"],
    }

    fingerprint = fields.Char(readonly=True)
    model_name = fields.Char(string="Technical Record Type", readonly=True)
    handler = fields.Char(readonly=True, help="The model with the rules that failed.")
    error_class = fields.Char(string="Error", readonly=True)
    error_message = fields.Char(
        string="Message", readonly=True, help="What the newest failure said, its first line."
    )
    code_place = fields.Char(
        string="Location in Code",
        readonly=True,
        help="File, line and function of the newest failure.",
    )
    code_line = fields.Char(readonly=True)
    failure_count = fields.Integer(
        string="Failures", readonly=True, help="How often it happened in all."
    )
    outstanding_count = fields.Integer(
        string="Not Applied Yet",
        readonly=True,
        help="Failed events that were not retried yet.",
    )
    aggregate_count = fields.Integer(
        string="Affected", readonly=True, help="How many different records it happened to."
    )
    first_date = fields.Datetime(string="First", readonly=True)
    last_date = fields.Datetime(string="Last", readonly=True)
    sample_id = fields.Many2one("event.store", string="Newest Failure", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    state = fields.Selection(
        STATES,
        readonly=True,
        help="Open: it needs a person. Fixed: somebody said so, or every failed event was retried;"
        " a new failure opens it again. Ignored: it stays so.",
    )
    reopened = fields.Boolean(readonly=True, help="It happened again after it was fixed.")
    decided_by = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    decision = fields.Selection(STATES, readonly=True)
    note = fields.Text()
    traceback = fields.Text(compute="_compute_traceback")
    explanation = fields.Text(compute="_compute_explanation")

    @property
    def _table_query(self):
        return SQL(
            """
            (SELECT error.*,
                   newest.model_name,
                   coalesce(newest.payload ->> 'handler', newest.model_name) AS handler,
                   newest.error_class,
                   split_part(newest.error_message, E'\\n', 1) AS error_message,
                   newest.payload ->> 'code_place' AS code_place,
                   newest.payload ->> 'code_line' AS code_line,
                   triage.decided_by, triage.decided_on, triage.note,
                   triage.state AS decision,
                   coalesce(triage.state = 'fixed' AND triage.seen_count < error.failure_count
                            AND error.outstanding_count > 0, FALSE) AS reopened,
                   CASE WHEN triage.state = 'ignored' THEN 'ignored'
                        WHEN error.outstanding_count = 0 THEN 'fixed'
                        WHEN triage.state = 'fixed' AND triage.seen_count >= error.failure_count
                        THEN 'fixed'
                        ELSE 'open' END AS state
              FROM (SELECT min(failure.id) AS id,
                           failure.fingerprint, failure.company_id,
                           count(*)::int AS failure_count,
                           count(*) FILTER (WHERE failure.outstanding)::int AS outstanding_count,
                           count(DISTINCT (failure.model_name, failure.aggregate_id))::int
                                AS aggregate_count,
                           min(failure.create_date) AS first_date,
                           max(failure.create_date) AS last_date,
                           max(failure.id) AS sample_id
                      FROM (SELECT failure.id, failure.company_id, failure.model_name,
                                   failure.aggregate_id, failure.create_date,
                                   %(fingerprint)s AS fingerprint,
                                   %(outstanding)s AS outstanding
                              FROM event_store AS failure
                             WHERE failure.event_type = %(type)s) AS failure
                     GROUP BY failure.fingerprint, failure.company_id) AS error
              JOIN event_store AS newest ON newest.id = error.sample_id
              LEFT JOIN event_error_decision AS triage
                ON triage.fingerprint = error.fingerprint
               AND triage.company_id = error.company_id)
            """,
            fingerprint=FINGERPRINT,
            outstanding=self._outstanding_sql(),
            type=SYSTEM_ERROR,
        )

    @api.model
    def _outstanding_sql(self):
        """Return whether ``failure`` still waits, by the names that types have today."""
        registry = self.env["snapshot.handler.registry"]
        models = {(former,): today for former, today in registry._aliases().items()}
        types = registry._former_event_types()
        names = {}
        for prefix, model_name, event_type in (
            ("sent_", SQL("sent.model_name"), SQL("sent.event_type")),
            ("", SQL("failure.model_name"), SQL("failure.payload ->> 'failed_event'")),
        ):
            names[f"{prefix}model"] = model = _today(models, model_name)
            names[f"{prefix}type"] = _today(types, model, event_type)
        return SQL(OUTSTANDING, failures=FAILURE_TYPES, same=SQL(SAME, **names))

    @api.depends("error_class", "handler")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for error in self:
            error.display_name = _(
                "%(error)s in %(handler)s", error=error.error_class, handler=error.handler
            )

    @api.depends("sample_id")
    def _compute_traceback(self):
        for error in self:
            error.traceback = (error.sample_id.payload or {}).get("traceback") or False

    @api.depends("failure_count", "outstanding_count", "aggregate_count", "state")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for error in self:
            happened = _(
                "The handler %(handler)s stopped with %(error)s. Failures so far: %(count)s;"
                " records affected: %(aggregates)s. Nothing of a failed event was applied.",
                handler=error.handler,
                error=error.error_class,
                count=error.failure_count,
                aggregates=error.aggregate_count,
            )
            error.explanation = f"{happened} {error._next_step()}"

    def _next_step(self):
        """Return what is left to do, as a sentence."""
        if not self.outstanding_count:
            return _("Every failed event was retried; there is nothing left to do.")
        waiting = _("Failed events that still wait: %(waiting)s.", waiting=self.outstanding_count)
        if self.state == "ignored":
            return waiting + " " + _("Somebody decided to ignore this error.")
        if self.state == "fixed":
            return waiting + " " + _("The bug is fixed: press Retry to record them anew.")
        if self.reopened:
            return waiting + " " + _("It was marked as fixed, but has happened again since.")
        return waiting + " " + _("Repair the code first, then press Retry.")

    def _failure_domain(self):
        """Return the domain of the failure events of this error."""
        self.ensure_one()
        domain = [("event_type", "=", SYSTEM_ERROR), ("company_id", "=", self.company_id.id)]
        if not self.fingerprint.startswith("old:"):
            return [("error_fingerprint", "=", self.fingerprint), *domain]
        old = [("error_class", "=", self.error_class), ("model_name", "=", self.model_name)]
        return [("error_fingerprint", "=", False), *old, *domain]

    def _outstanding(self, limit):
        """Return the failure events whose failed event still waits, oldest first."""
        self.ensure_one()
        if self.fingerprint.startswith("old:"):
            group = SQL(
                "failure.error_fingerprint IS NULL AND %s = %s", FINGERPRINT, self.fingerprint
            )
        else:
            group = SQL("failure.error_fingerprint = %s", self.fingerprint)
        self.env.cr.execute(
            SQL(
                """
                SELECT failure.id FROM event_store AS failure
                 WHERE %s AND failure.event_type = %s AND failure.company_id = %s AND %s
                 ORDER BY failure.id LIMIT %s
                """,
                group,
                SYSTEM_ERROR,
                self.company_id.id,
                self._outstanding_sql(),
                limit,
            )
        )
        return self.env["event.store"].browse(row[0] for row in self.env.cr.fetchall())
