from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.arguments import listed, whole
from odoo.addons.event_sourcing.compat import check_access

from ..models.rental_order_actions import ASKED, CANCELLATIONS


class RentalEventWizard(models.TransientModel):
    """Asks for what an event needs, for one rental or many."""

    _name = "rental.event.wizard"
    _inherit = "access.first.mixin"
    _description = "Record What Happened to Rentals"

    event_type = fields.Selection(selection="_selection_event_type", required=True, readonly=True)
    event_help = fields.Char(compute="_compute_event_help")
    order_ids = fields.Many2many("rental.order", string="Rentals", required=True, readonly=True)
    demo_end = fields.Date(string="New End of the Demo")
    planned_end = fields.Date(string="New End Date")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    monthly_price = fields.Monetary(string="New Monthly Price")
    description = fields.Char(string="What Is Damaged")
    repair_cost = fields.Monetary(string="Estimated Repair Cost")
    charged = fields.Boolean(string="Charged to the Customer", default=True)
    amount = fields.Monetary(string="Invoiced Amount")
    reason = fields.Char(help="Why, in the words of the customer.")

    def _selection_event_type(self):
        labels = self.env["rental.snapshot.handler"]._event_labels()
        return [(name, labels[name]) for name in ASKED + CANCELLATIONS]

    @api.depends("order_ids")
    def _compute_currency_id(self):
        for wizard in self:
            currencies = wizard.order_ids.currency_id
            # Of several, each rental checks its own when the event is recorded.
            wizard.currency_id = currencies if len(currencies) == 1 else False

    @api.depends("event_type")
    @api.depends_context("lang")
    def _compute_event_help(self):
        words = self.env["rental.snapshot.handler"]._event_help()
        for wizard in self:
            wizard.event_help = words.get(wizard.event_type, "")

    @api.model
    def default_get(self, fields_list):
        """Propose what is known, where all rentals agree on it."""
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") != "rental.order":
            return values
        ids = listed(self.env, "active_ids", self.env.context.get("active_ids"))
        ids = [whole(self.env, "active_ids", value, least=1) for value in ids]
        orders = self.env["rental.order"].browse(ids).exists()
        check_access(orders, "read")
        proposals = {
            "demo_end": set(orders.mapped("demo_end")),
            "planned_end": set(orders.mapped("planned_end")),
            "monthly_price": set(orders.mapped("monthly_price")),
            "amount": {
                order.currency_id.round(order.monthly_price * order.quantity) for order in orders
            },
        }
        for name, found in proposals.items():
            if name in fields_list and len(found) == 1:
                values.setdefault(name, *found)
        return values

    def action_record(self):
        """Record the event about each rental; refused ones are named afterwards."""
        self.ensure_one()
        if self.event_type == "RentalInvoiced" and not self.amount:
            raise UserError(_("Enter the amount that was invoiced; it cannot be zero."))
        if self.event_type == "PriceChanged" and not self.monthly_price:
            raise UserError(_("Enter the new monthly price; it cannot be zero."))
        payload = {
            "DemoExtended": {"demo_end": fields.Date.to_string(self.demo_end)},
            "RentalExtended": {"planned_end": fields.Date.to_string(self.planned_end)},
            "PriceChanged": {"monthly_price": self.monthly_price},
            "DamageReported": {
                "description": self.description or "",
                "repair_cost": self.repair_cost,
                "charged": self.charged,
            },
            "RentalInvoiced": {"amount": self.amount},
            "DemoCancelled": {"reason": self.reason},
            "RentalCancelled": {"reason": self.reason},
        }[self.event_type]
        return self.order_ids._record_and_tell(
            self.event_type,
            {
                key: value
                for key, value in payload.items()
                if key == "charged" or value is not False
            },
        )
