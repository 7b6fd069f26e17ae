from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.fields import NO_SUM


class EventOpenTransaction(models.Model):
    """Who has a transaction open in this database: what holds a writer or a cursor up.

    Read from PostgreSQL when it is looked at. No texts of queries: there are people's data in
    them. What Odoo's database role may not see of others is said to be hidden.
    """

    _name = "event.open.transaction"
    _inherit = "access.first.mixin"
    _description = "Open Transaction"
    _order = "since, id"
    _rec_name = "application"
    _auto = False

    pid = fields.Integer(string="Process", readonly=True, help="Of PostgreSQL.", **NO_SUM)
    application = fields.Char(readonly=True)
    role = fields.Char(string="Database User", readonly=True)
    since = fields.Datetime(string="Open Since", readonly=True)
    seconds = fields.Float(string="Open for (s)", readonly=True, **NO_SUM)
    state = fields.Selection(
        [
            ("working", "Working"),
            ("waiting", "Waits for a lock"),
            ("idle", "Does nothing"),
            ("prepared", "Prepared"),
            ("hidden", "Hidden"),
        ],
        readonly=True,
        help="Does nothing: its client keeps it open, and all that it locked. Prepared: in two"
        " phases, and the second one did not come. Hidden: of another database user, which"
        " Odoo may not see.",
    )
    has_written = fields.Boolean(
        readonly=True, help="The feed passes its events on when it ends; others are not held up."
    )
    waits_for = fields.Char(readonly=True, help="What PostgreSQL says that it waits for.")
    blocked_by = fields.Char(readonly=True, help="Processes that it waits for.")
    blocks = fields.Char(readonly=True, help="Processes that wait for it.")
    note = fields.Char(compute="_compute_note")

    @property
    def _table_query(self):
        return SQL(
            """
            (WITH session AS MATERIALIZED (
                SELECT pid, application_name, usename::text AS role, xact_start, state,
                       backend_xid, wait_event_type, wait_event,
                       query = '<insufficient privilege>' AS hidden,
                       CASE WHEN wait_event_type = 'Lock' OR wait_event_type IS NULL
                            THEN pg_blocking_pids(pid) ELSE '{}' END AS blockers
                  FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND usename IS NOT NULL
                   AND coalesce(backend_type, 'client backend') = 'client backend')
            SELECT session.pid AS id, session.pid,
                   session.application_name AS application, session.role,
                   session.xact_start AT TIME ZONE 'UTC' AS since,
                   extract(epoch FROM clock_timestamp() - session.xact_start)::float AS seconds,
                   CASE WHEN session.hidden THEN 'hidden'
                        WHEN session.wait_event_type = 'Lock' THEN 'waiting'
                        WHEN starts_with(session.state, 'idle') THEN 'idle'
                        ELSE 'working' END AS state,
                   session.backend_xid IS NOT NULL AS has_written,
                   CASE WHEN session.wait_event_type <> 'Client'
                        THEN session.wait_event_type || ': ' || session.wait_event
                        END AS waits_for,
                   nullif(array_to_string(session.blockers, ', '), '') AS blocked_by,
                   (SELECT string_agg(other.pid::text, ', ' ORDER BY other.pid)
                      FROM session AS other
                     WHERE session.pid = ANY(other.blockers)) AS blocks
              FROM session WHERE session.hidden OR session.xact_start IS NOT NULL
            UNION ALL
            SELECT -row_number() OVER (ORDER BY prepared, gid)::int, NULL, gid, owner::text,
                   prepared AT TIME ZONE 'UTC',
                   extract(epoch FROM clock_timestamp() - prepared)::float, 'prepared', TRUE,
                   NULL, NULL, NULL
              FROM pg_prepared_xacts WHERE database = current_database())
            """
        )

    @api.depends("state")
    @api.depends_context("lang")
    def _compute_note(self):
        words = {
            "idle": _("Its client keeps it open and does nothing."),
            "prepared": _("It stays until somebody commits it or rolls it back by its name."),
            "hidden": _("Of another database user: what it does, Odoo may not see."),
        }
        for one in self:
            one.note = words.get(one.state, False)
