from odoo import fields, models

from ..models.rental_order_actions import ASKED


class RentalEventWizard(models.TransientModel):
    """Asks for what an event needs, for one rental or many."""

    _name = "rental.event.wizard"
    _description = "Record What Happened to Rentals"

    event_type = fields.Selection(selection="_selection_event_type", required=True, readonly=True)
    order_ids = fields.Many2many("rental.order", string="Rentals", required=True, readonly=True)
    demo_end = fields.Date(string="Demo Until")
    planned_end = fields.Date(string="Rental Until")
    monthly_price = fields.Float(string="New Monthly Price", digits=(16, 2))
    description = fields.Char(string="What Is Damaged")
    cost = fields.Float(string="Estimated Cost", digits=(16, 2))
    amount = fields.Float(string="Invoiced Amount", digits=(16, 2))

    def _selection_event_type(self):
        labels = self.env["rental.snapshot.handler"]._event_labels()
        return [(name, labels[name]) for name in ASKED]

    def action_record(self):
        """Record the event about each rental; refused ones are named afterwards."""
        self.ensure_one()
        payload = {
            "DemoExtended": {"demo_end": fields.Date.to_string(self.demo_end)},
            "RentalExtended": {"planned_end": fields.Date.to_string(self.planned_end)},
            "PriceChanged": {"monthly_price": self.monthly_price},
            "DamageReported": {"description": self.description or "", "cost": self.cost},
            "RentalInvoiced": {"amount": self.amount},
        }[self.event_type]
        return self.order_ids._record_and_tell(
            self.event_type, {key: value for key, value in payload.items() if value is not False}
        )
