from odoo import models

GATE = 471100  # an advisory lock: who holds it keeps the handler waiting


class SlowSnapshotHandler(models.AbstractModel):
    """Waits in the middle of a batch until it is let through."""

    _name = "slow.snapshot.handler"
    _description = "Slow Handler"
    _inherit = "snapshot.handler"

    def _evolve(self, state, event):
        if event.payload.get("wait"):
            self.env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
        return {**state, "count": state.get("count", 0) + 1}
