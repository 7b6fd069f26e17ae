from odoo import models


class ParcelSnapshotHandler(models.AbstractModel):
    """Weights were pounds, then kilos, now grams; the event and the aggregate were renamed."""

    _name = "parcel.snapshot.handler"
    _description = "Parcel Handler"
    _inherit = "snapshot.handler"
    _schema_versions = {"Weighed": 3}
    _upcasters = {"Weighed": {1: "_weighed_2", 2: "_weighed_3"}}
    _event_aliases = {"Measured": "Weighed"}
    _aggregate_aliases = ("parcel.old",)

    def _event_labels(self):
        return {"Weighed": "Weighed"}

    def _weighed_2(self, payload, event):
        return {"kilos": payload["pounds"] * 0.45359237}

    def _weighed_3(self, payload, event):
        return {"grams": round(payload["kilos"] * 1000)}

    def _evolve(self, state, event):
        return {"grams": state.get("grams", 0) + event.payload["grams"]}
