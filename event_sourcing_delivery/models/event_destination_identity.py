from odoo import _, api, fields, models
from odoo.tools import SQL

# A copy of the database in another cluster, of another name or UUID, after a restore that began
# another timeline, or into a database whose tables it replaced, is another one.
IDENTITY = """(SELECT concat_ws('/', system_identifier,
                      substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
                      (SELECT oid FROM pg_database WHERE datname = current_database()),
                      'event_destination'::regclass::oid,
                      (SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'))
                 FROM pg_control_system())"""


class EventDestinationIdentity(models.Model):
    """A database that was duplicated or restored sends nothing before a manager says so.

    Receivers would take what a copy does for what the database does.
    """

    _inherit = "event.destination"

    # For which database it was made.
    identity = fields.Char(readonly=True, copy=False, groups="base.group_system")
    is_foreign = fields.Boolean(
        string="Of Another Database",
        compute="_compute_is_foreign",
        help="The database was duplicated or restored since: nothing is sent before a manager"
        " allows it.",
    )

    @api.depends("identity")
    def _compute_is_foreign(self):
        current = self._current_identity()
        for destination in self:
            known = destination.sudo().identity
            destination.is_foreign = bool(destination.id) and known != current

    @api.model
    def _current_identity(self):
        self.env["ir.config_parameter"].flush_model(["key", "value"])
        self.env.cr.execute(SQL("SELECT %s", SQL(IDENTITY)))
        return self.env.cr.fetchone()[0]

    def _subscribe(self):
        super()._subscribe()
        self.identity = self._current_identity()

    def action_send_from_here(self):
        """Let it be sent events from this database, too."""
        self._managed().write({"identity": self._current_identity()})
        return True

    def _foreign_sentence(self):
        return _(
            "The database was duplicated or restored since this destination was set up. Allow"
            " it to send from here first, if its receiver is to hear of this database."
        )
