from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import config

from ..models.event_job import MANAGER


class EventBiAccess(models.TransientModel):
    """Give BI tools a role of the database that reads the views, and nothing else."""

    _name = "event.bi.access"
    _description = "BI Access"

    role = fields.Char(string="User", readonly=True, default=lambda self: self._bi()._role())
    host = fields.Char(readonly=True, default=lambda self: self._default_host())
    port = fields.Char(readonly=True, default=lambda self: str(config["db_port"] or 5432))
    database = fields.Char(readonly=True, default=lambda self: self.env.cr.dbname)
    password = fields.Char(compute="_compute_password")
    is_created = fields.Boolean(readonly=True, default=lambda self: self._bi()._role_exists())
    may_create = fields.Boolean(readonly=True, default=lambda self: self._bi()._may_create_roles())
    statements = fields.Text(
        string="For Your Database Administrator",
        readonly=True,
        default=lambda self: self._default_statements(),
    )

    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = _("BI Access")

    @api.model
    def _default_host(self):
        return config["db_host"] or _("the machine on which Odoo's database runs")

    @api.model
    def _default_statements(self):
        views = self._bi()
        return "" if views._may_create_roles() else views._statements()

    @api.depends_context("bi_password")
    def _compute_password(self):
        # Shown once, in the answer to the button; it is stored nowhere.
        for wizard in self:
            wizard.password = self.env.context.get("bi_password") or False

    def _bi(self):
        """Return the views, for Managers alone.

        :raise AccessError: for anyone else
        """
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                _("Only an Event Sourcing manager may do this; ask yours to start it.")
            )
        return self.env["event.bi"].sudo()

    def action_create(self):
        """Create the role, or give it a new password, and show it."""
        views = self._bi()
        if not views._may_create_roles():
            raise UserError(
                _("Odoo may not create roles here; have your database administrator do it.")
            )
        password = views._create_reader()
        return self.create({})._show(password)

    def action_drop(self):
        """Take the access away again."""
        self._bi()._drop_reader()
        return self.create({})._show(False)

    def _show(self, password):
        return {
            "type": "ir.actions.act_window",
            "name": _("BI Access"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"bi_password": password},
        }
