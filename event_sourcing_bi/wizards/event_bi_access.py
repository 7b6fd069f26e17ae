import secrets
import socket

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

GROUPS = ("event_sourcing.event_store_group_manager", "base.group_system")
LOCAL_HOSTS = ("", "localhost", "127.0.0.1", "::1")  # PostgreSQL runs where Odoo does


class EventBiAccess(models.TransientModel):
    """Lets BI tools in: creates the database role that reads the BI views, and removes it."""

    _name = "event.bi.access"
    _inherit = "access.first.mixin"
    _description = "BI Access"

    host = fields.Char(
        readonly=True,
        default=lambda self: self._now("host"),
        help="The machine of PostgreSQL, as Odoo knows it.",
    )
    port = fields.Char(readonly=True, default=lambda self: self._now("port"))
    database = fields.Char(readonly=True, default=lambda self: self._now("database"))
    role = fields.Char(
        string="Database User", readonly=True, default=lambda self: self._now("role")
    )
    state = fields.Selection(
        [("absent", "Nobody has access"), ("open", "BI tools have access")],
        string="Access",
        readonly=True,
        default=lambda self: self._now("state"),
    )
    readers = fields.Char(
        string="Read By",
        readonly=True,
        default=lambda self: self._now("readers"),
        help="All database users that may read the BI views, however they came by it.",
    )
    may_create = fields.Boolean(readonly=True, default=lambda self: self._now("may_create"))
    findings = fields.Char(
        string="More Than Reading",
        readonly=True,
        default=lambda self: self._now("findings"),
        help="What the database user could do beyond reading the BI views.",
    )
    # Neither is ever stored: the dialog gets them once, as default values.
    shown_password = fields.Char(string="Password", store=False)
    shown_script = fields.Text(string="SQL for the Database Administrator", store=False)

    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = _("BI Access")

    @api.model
    def _now(self, name):
        """Return what a field says of the access as it is now."""
        reader = self.env["event.bi.reader"]
        if name == "host":
            host = self.env.cr._cnx.info.host or ""
            return socket.gethostname() if host.startswith("/") or host in LOCAL_HOSTS else host
        if name == "port":
            return str(self.env.cr._cnx.info.port)
        if name == "database":
            return self.env.cr.dbname
        if name == "role":
            return reader._role_name()
        if name == "readers":
            return ", ".join(reader._readers())
        status = reader._status()
        if name == "state":
            return "open" if status["reads"] else "absent"
        if name == "may_create":
            return status["may_create"]
        return ", ".join(reader._findings()) if status["exists"] else ""

    def action_open(self):
        """Create the database user, or give it a new password, and show that once.

        :raise AccessError: for anyone who is not manager and administrator
        """
        self._check_may()
        password = secrets.token_urlsafe(24)
        script = self.env["event.bi.reader"]._open(password)
        return self._show(password=password, script=script)

    def action_close(self):
        """Take the access away and drop the database user.

        :raise AccessError: for anyone who is not manager and administrator
        """
        self._check_may()
        return self._show(script=self.env["event.bi.reader"]._close())

    def _check_may(self):
        if not all(self.env.user.has_group(group) for group in GROUPS):
            raise AccessError(
                _(
                    "BI access opens the events of all companies: only an Event Sourcing manager"
                    " who is also administrator of Odoo may change it; ask one to do it."
                )
            )

    @api.model
    def _show(self, **shown):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "event_sourcing_bi.event_bi_access_action"
        )
        values = {f"default_shown_{name}": value for name, value in shown.items() if value}
        return {**action, "context": values}
