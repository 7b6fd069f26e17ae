from odoo import _, api, models
from odoo.exceptions import UserError

from ..compat import check_access
from .history_schema import history_addons, history_models

CONFIRMED = "event_sourcing.uninstall_confirmed"


class IrModule(models.Model):
    """Uninstalling the engine destroys the history: it says so, and wants to be told twice."""

    _inherit = "ir.module.module"

    def write(self, vals):
        # All ways to uninstall set this state, and it may be set by hand.
        if vals.get("state") == "to remove" and self.env.registry.ready:
            check_access(self, "write")
            self._check_history_is_given_up()
        return super().write(vals)

    def module_uninstall(self):
        if self.env.registry.ready and history_addons(self.env) & set(self.mapped("name")):
            raise UserError(_("Uninstall Event Sourcing under Apps; it says what is lost."))
        return super().module_uninstall()

    def _check_history_is_given_up(self):
        """Refuse to uninstall the engine until somebody gave up exactly this history.

        :raise UserError: saying how many events would be destroyed, and what to do
        """
        lost = self._history_lost()
        if lost and not self._is_given_up():
            raise UserError(
                _(
                    "%(lost)s Export them first (Event Sourcing, Export), then uninstall under"
                    " Apps and confirm there that the history may be destroyed.",
                    lost=lost,
                )
            )

    @api.model
    def _last_event(self):
        """Return how far the history goes, 0 where there is none; whoever keeps it says so."""
        return 0

    @api.model
    def _is_given_up(self):
        """Whether the confirmation is of the history as it is now: none came since."""
        parameters = self.env["ir.config_parameter"].sudo()
        return parameters.get_param(CONFIRMED) == str(self._last_event())

    @api.model
    def _give_up(self):
        self.env["ir.config_parameter"].sudo().set_param(CONFIRMED, str(self._last_event()))

    def _history_lost(self):
        """Return in words what of the history uninstalling these modules destroys, or "".

        A table of the history says what goes with it: ``_history_loss()``, empty for nothing.
        """
        names = set(self.mapped("name"))
        if not self._last_event():
            return ""
        going = [
            self.env[model]
            for model in history_models(self.env)
            if self.env[model]._original_module in names
        ]
        losses = [getattr(model, "_history_loss", str)() for model in going]
        return " ".join(filter(None, losses))
