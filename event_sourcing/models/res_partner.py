from odoo import models


class ResPartner(models.Model):
    """Companies and users have their time zone here; new events are to know the new one."""

    _inherit = "res.partner"

    def write(self, vals):
        result = super().write(vals)
        if "tz" in vals:
            self.env.registry.clear_cache()
        return result
