from odoo import _, fields, models
from odoo.exceptions import AccessError

from ..models.res_config_settings import POLICY_NAMES


class EventStorePolicyWizard(models.TransientModel):
    """The default policies, for managers: the general settings are for administrators."""

    _name = "event.store.policy.wizard"
    _inherit = "access.first.mixin"
    _description = "Event Sourcing Settings"

    invalid_policy = fields.Selection(
        POLICY_NAMES,
        string="When an Event Breaks a Rule",
        required=True,
        default=lambda self: self.env["event.store"]._policy_of(None, "invalid_policy"),
        help="For handlers that choose no policy of their own.",
    )
    error_policy = fields.Selection(
        POLICY_NAMES,
        string="When a Failure Stops an Event",
        required=True,
        default=lambda self: self.env["event.store"]._policy_of(None, "error_policy"),
        help="For handlers that choose no policy of their own.",
    )

    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = _("Event Sourcing Settings")

    def action_save(self):
        """Store the choices for the whole database.

        :raise AccessError: for anyone who is no Event Sourcing manager
        """
        self.ensure_one()
        if not self.env.user.has_group("event_sourcing.event_store_group_manager"):
            raise AccessError(
                _("Only an Event Sourcing manager may change these settings; ask one to do it.")
            )
        parameters = self.env["ir.config_parameter"].sudo()
        for name in ("invalid_policy", "error_policy"):
            parameters.set_param(f"event_sourcing.{name}", self[name])
        return {"type": "ir.actions.act_window_close"}
