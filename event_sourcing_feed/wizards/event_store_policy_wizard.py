from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing.groups import MANAGER

from ..models.event_monitoring import LAG_LIMIT, TOKEN


class EventStorePolicyWizard(models.TransientModel):
    """The token by which monitoring reads figures, and when it is to worry."""

    _inherit = "event.store.policy.wizard"

    # Shown, never stored a second time.
    monitoring_token = fields.Char(
        compute="_compute_monitoring_token",
        help="For GET /event_sourcing/metrics and /event_sourcing/health: whoever has it reads"
        " figures of all companies, but no event.",
    )
    health_lag_seconds = fields.Integer(
        string="Failing after (s)",
        default=lambda self: self.env["event.monitoring"]._lag_limit(),
        help="For how long an event may wait for a read model or a reaction until"
        " /event_sourcing/health answers that something is wrong.",
    )

    @api.depends_context("uid")
    def _compute_monitoring_token(self):
        allowed = self.env.user.has_group(MANAGER) and self._knows_all()
        for wizard in self:
            wizard.monitoring_token = allowed and self.env["event.monitoring"]._token()

    def action_save(self):
        result = super().action_save()
        if self.health_lag_seconds < 1:
            raise UserError(_("Give a number of seconds, from 1 on."))
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(LAG_LIMIT, str(self.health_lag_seconds))
        return result

    def action_new_token(self):
        """Make a token; a former one opens nothing any more."""
        self._check_manager()
        self.env["event.monitoring"]._new_token()
        return self._again()

    def action_remove_token(self):
        """Let monitoring read nothing any more."""
        self._check_manager()
        self.env["ir.config_parameter"].sudo().set_param(TOKEN, False)
        return self._again()

    def _check_manager(self):
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                _("Only an Event Sourcing manager may change these settings; ask one to do it.")
            )
        if not self._knows_all():
            raise AccessError(
                _("Monitoring reads figures of all companies; ask a manager who may read them.")
            )

    def _again(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Event Sourcing Settings"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
