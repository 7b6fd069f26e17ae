from odoo import api, models


class SnapshotHandler(models.AbstractModel):
    """What people are told of states."""

    _inherit = "snapshot.handler"

    @api.model
    def _told_state(self, state):
        """Return what a timeline tells of a state: all but what says nothing new.

        Without ``_quiet_keys``. What of a new part says nothing, such as a count of 0, can be
        left out, too; the state itself stays as it is.

        :param dict state: JSON object
        """
        return {key: value for key, value in state.items() if key not in self._quiet_keys}
