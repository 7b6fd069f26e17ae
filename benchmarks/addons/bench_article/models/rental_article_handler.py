from odoo import models
from odoo.exceptions import UserError

STEPS = {
    "RentalPlanned": (None, "draft"),
    "DemoStarted": ("draft", "demo"),
    "DemoExtended": ("demo", "demo"),
    "RentalConfirmed": ("demo", "confirmed"),
    "EquipmentDelivered": ("confirmed", "active"),
    "RentalExtended": ("active", "active"),
    "DamageReported": ("active", "active"),
    "EquipmentReturned": ("active", "returned"),
    "RentalInvoiced": ("returned", "returned"),
    "RentalClosed": ("returned", "closed"),
}


class RentalArticleHandler(models.AbstractModel):
    """The rules of a rental, as far as the benchmark needs them."""

    _name = "rental.article.handler"
    _description = "Rules of a Rental (article's design)"

    def apply_event(self, event):
        snapshots = self.env["article.snapshot"]
        snapshot = snapshots.search(
            [("model_name", "=", event.model_name), ("aggregate_id", "=", event.aggregate_id)],
            limit=1,
        )
        state = snapshot.state or {}
        before, after = STEPS[event.event_type]
        if state.get("status") != before:
            raise UserError(f"{event.event_type} is not possible now.")
        state = {**state, **(event.payload or {}), "status": after}
        if snapshot:
            snapshot.write({"state": state})
        else:
            snapshots.create(
                {
                    "model_name": event.model_name,
                    "aggregate_id": event.aggregate_id,
                    "state": state,
                }
            )
