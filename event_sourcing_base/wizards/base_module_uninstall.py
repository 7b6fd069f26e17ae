from odoo import _, api, fields, models
from odoo.exceptions import UserError


class BaseModuleUninstall(models.TransientModel):
    _inherit = "base.module.uninstall"

    history_lost = fields.Char(compute="_compute_history_lost")
    history_given_up = fields.Boolean(
        string="The history was exported, or is needed by nobody: destroy it"
    )

    @api.depends(lambda self: [self._chosen_field()])
    @api.depends_context("lang")
    def _compute_history_lost(self):
        for wizard in self:
            modules = wizard._chosen_modules()
            wizard.history_lost = modules._history_lost() if modules else ""

    def _chosen_modules(self):
        chosen = self[self._chosen_field()]
        return self._get_modules() | chosen if chosen else chosen

    @api.model
    def _chosen_field(self):
        """Return the field of what to uninstall: Odoo 17 takes one module, Odoo 19 several."""
        return "module_id" if "module_id" in self._fields else "module_ids"

    def action_uninstall(self):
        if self.history_lost and not self.history_given_up:
            raise UserError(
                _("%(lost)s Tick that the history may be destroyed.", lost=self.history_lost)
            )
        if self.history_lost:
            self.env["ir.module.module"]._give_up()
        return super().action_uninstall()
