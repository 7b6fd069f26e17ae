from odoo import api, models


class RentalRepairReaction(models.AbstractModel):
    """Give the workshop a repair for each damage that is reported."""

    _name = "rental.repair.reaction"
    _inherit = "event.reaction"
    _description = "Repairs of Damaged Equipment"
    _subscribes = {"rental": ("DamageReported",)}

    @api.model
    def _react(self, event):
        # What a rental is of does not change any more once it can be damaged.
        rental = self.env["rental.snapshot"].search(
            [("company_id", "=", event.company_id), ("aggregate_id", "=", event.aggregate_id)],
            limit=1,
        )
        reason = event.payload.get("description")
        self.env["rental.repair"].create(
            {
                "company_id": event.company_id,
                "aggregate_id": event.aggregate_id,
                "product_id": rental.product_id.id,
                "reason": reason if isinstance(reason, str) else False,
                "reported_on": event.timestamp,
                "event_uuid": event.event_uuid,
            }
        )
