from odoo import models
from odoo.exceptions import UserError


class StrictSnapshotHandler(models.AbstractModel):
    _name = "strict.snapshot.handler"
    _description = "Raises and stores nothing by default"
    _inherit = "snapshot.handler"
    _invalid_policy = "reject"

    def _evolve(self, state, event):
        if event.payload.get("bad"):
            raise UserError("Strictly no.")
        return {**state, **event.payload}


class WitnessSnapshotHandler(models.AbstractModel):
    _name = "witness.snapshot.handler"
    _description = "Raises, and keeps the attempt"
    _inherit = "strict.snapshot.handler"
    _invalid_policy = "reject_and_record"
    _error_policy = "reject_and_record"
