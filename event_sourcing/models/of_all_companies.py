from odoo import api, models

from ..groups import AUDITOR


class AccessFirst(models.AbstractModel):
    """Auditors read the events of all companies, whichever are theirs."""

    _inherit = "access.first.mixin"

    @api.model
    def _reads_all(self, user):
        """Whether a user reads the events of all companies."""
        return user._is_superuser() or user.has_group(AUDITOR)

    @api.model
    def _knows_all(self):
        return self._reads_all(self.env.user) or super()._knows_all()
