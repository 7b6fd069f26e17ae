from odoo import api, fields, models


class BaseModuleUninstall(models.TransientModel):
    _inherit = "base.module.uninstall"

    history_left = fields.Char(compute="_compute_history_left")

    @api.depends(lambda self: [self._chosen_field()])
    @api.depends_context("lang")
    def _compute_history_left(self):
        for wizard in self:
            modules = wizard._chosen_modules()
            wizard.history_left = modules._history_left() if modules else ""
