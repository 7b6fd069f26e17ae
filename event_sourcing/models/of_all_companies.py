from odoo import api, models

from ..groups import AUDITOR


class AccessFirst(models.AbstractModel):
    """Auditors read the events of all companies, whichever are theirs."""

    _inherit = "access.first.mixin"

    @api.model
    def _knows_all(self):
        user = self.env.user
        return user._is_superuser() or user.has_group(AUDITOR) or super()._knows_all()
