from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing_base.arguments import listed, whole
from odoo.addons.event_sourcing_base.compat import check_access

from .. import pricing
from ..models.rental_order_desk import BUTTONS

# What each event needs, by the fields of the wizard.
NEEDED = {
    "DemoExtended": ("demo_end",),
    "RentalExtended": ("planned_end",),
    "PriceChanged": ("monthly_price",),
    "DamageReported": ("description",),
    "RentalInvoiced": ("amount",),
    "ContractAgreed": ("agreed_by",),
    "RentalShortened": ("planned_end",),
    "ProductExchanged": ("line_id", "product_id"),
    "DeliveryCorrected": ("reason",),
    "ReturnCorrected": ("reason",),
}
# By how much a rental is extended at first, of which prices are per period.
EXTENSIONS = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
}


class RentalEventWizard(models.TransientModel):
    """Asks for what an event needs, for one rental or many, and says what would become of it."""

    _name = "rental.event.wizard"
    _inherit = ["access.first.mixin", "rental.event.forecast.mixin", "rental.photos.mixin"]
    _description = "Record What Happened to Rentals"
    _event_types = tuple(BUTTONS)
    _records_field = "order_ids"

    order_ids = fields.Many2many("rental.order", string="Rentals", required=True, readonly=True)
    demo_end = fields.Date(string="New End of the Demo")
    present_end = fields.Date(string="End Date at Present", compute="_compute_present_end")
    planned_end = fields.Date(string="New End Date")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    monthly_price = fields.Monetary(string="New Price")
    description = fields.Char(string="What Is Damaged")
    repair_cost = fields.Monetary(string="Estimated Repair Cost")
    charged = fields.Boolean(string="Charged to the Customer", default=True)
    amount = fields.Monetary(string="Invoiced Amount")
    agreed_by = fields.Char(help="The name of the person who agrees for the customer.")
    reason = fields.Char(help="Why, in the words of the customer.")
    line_id = fields.Many2one("rental.order.line", domain="[('order_id', 'in', order_ids)]")
    line_count = fields.Integer(string="Number of Lines", compute="_compute_line_count")
    price_period = fields.Selection("_selection_price_period", compute="_compute_price_period")
    product_id = fields.Many2one(
        "product.product", string="New Product", domain=[("rental_ok", "=", True)]
    )

    @api.depends("order_ids")
    def _compute_currency_id(self):
        for wizard in self:
            currencies = wizard.order_ids.currency_id
            # Of several, each rental checks its own when the event is recorded.
            wizard.currency_id = currencies if len(currencies) == 1 else False

    @api.depends("order_ids")
    def _compute_line_count(self):
        for wizard in self:
            one = len(wizard.order_ids) == 1
            wizard.line_count = len(wizard.order_ids.line_ids) if one else 0

    @api.depends("order_ids", "event_type")
    def _compute_present_end(self):
        for wizard in self:
            order = wizard.order_ids if len(wizard.order_ids) == 1 else wizard.order_ids.browse()
            of_demo = wizard.event_type == "DemoExtended"
            wizard.present_end = order.demo_end if of_demo else order.planned_end

    def _selection_price_period(self):
        period = self.env["rental.order.line"]._fields["price_period"]
        return period._description_selection(self.env)

    @api.depends("line_id")
    def _compute_price_period(self):
        """Say what the new price is for: of many rentals at once, for months."""
        for wizard in self:
            wizard.price_period = wizard.line_id.price_period or "month"

    @api.onchange("line_id")
    def _onchange_line_id(self):
        if self.event_type == "PriceChanged" and self.line_id:
            self.monthly_price = self.line_id.price

    @api.depends(
        *("order_ids", "demo_end", "planned_end", "monthly_price"),
        *("description", "repair_cost", "charged", "amount", "agreed_by", "reason"),
        *("line_id", "product_id"),
    )
    def _compute_forecast(self):
        return super()._compute_forecast()

    @api.model
    def default_get(self, fields_list):
        """Propose what is known, where all rentals agree on it and a rule would accept it."""
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") != "rental.order":
            return values
        ids = listed(self.env, "active_ids", self.env.context.get("active_ids"))
        ids = [whole(self.env, "active_ids", value, least=1) for value in ids]
        orders = self.env["rental.order"].browse(ids).exists()
        check_access(orders, "read")
        proposals = {
            "demo_end": {
                # A later one than the one that is known: an extension to it would be refused.
                order.demo_end and order.demo_end + relativedelta(days=7)
                for order in orders
            },
            "planned_end": {self._proposed_end(order) for order in orders},
            "monthly_price": {self._known_price(order) for order in orders},
            "amount": {
                order.currency_id.round(sum(order.line_ids.mapped("amount"))) for order in orders
            },
        }
        prices = self.env.context.get("default_event_type") == "PriceChanged"
        if prices and len(orders) == len(orders.line_ids) == 1:
            # For whatever period it is: without a line, the price would become one per month.
            proposals["line_id"] = {orders.line_ids.id}
        for name, found in proposals.items():
            if name in fields_list and len(found) == 1:
                values.setdefault(name, *found)
        return values

    @api.model
    def _known_price(self, order):
        """Return the price that a new one replaces; 0 where several lines have one each."""
        return order.line_ids.price if len(order.line_ids) == 1 else 0

    @api.model
    def _proposed_end(self, order):
        """Return the planned end that is proposed; False where none would be accepted."""
        start, end = order.planned_start, order.planned_end
        if self.env.context.get("default_event_type") != "RentalShortened":
            periods = order.line_ids.mapped("price_period")
            shortest = next((period for period in EXTENSIONS if period in periods), "day")
            months = start and end and pricing.whole_months(start, end)
            if months and shortest == "month":  # of one that is longer than this one, its last day
                return pricing.last_of_months(start, months + 1)
            return end and end + EXTENSIONS[shortest]
        shorter = end and end - relativedelta(days=1)
        return shorter if shorter and not (start and shorter < start) else False

    def _lacks(self):
        return any(not self[name] for name in NEEDED.get(self.event_type, ()))

    def _payload(self):
        payload = {
            "DemoExtended": {"demo_end": fields.Date.to_string(self.demo_end)},
            "RentalExtended": {"planned_end": fields.Date.to_string(self.planned_end)},
            "PriceChanged": self._price_payload(),
            "DamageReported": {
                "description": self.description or "",
                "repair_cost": self.repair_cost,
                "charged": self.charged,
            },
            "RentalInvoiced": {"amount": self.amount},
            "ContractAgreed": {"agreed_by": self.agreed_by},
            "DemoCancelled": {"reason": self.reason},
            "RentalCancelled": {"reason": self.reason},
            "RentalShortened": {
                "planned_end": fields.Date.to_string(self.planned_end),
                "reason": self.reason,
            },
            "ProductExchanged": {
                "line": self.line_id.line_key,
                "product_id": self.product_id.id,
                "reason": self.reason,
            },
            "DeliveryCorrected": {"reason": self.reason},
            "ReturnCorrected": {"reason": self.reason},
        }.get(self.event_type, {})
        return {
            key: value for key, value in payload.items() if key == "charged" or value is not False
        }

    def _price_payload(self):
        line = self.line_id
        if not line and self.line_count == 1:
            line = self.order_ids.line_ids.filtered(lambda line: line.price_period != "month")
        if not line:
            return {"monthly_price": self.monthly_price}
        said = {"price": self.monthly_price, "price_typed": True}
        return {"lines": {line.line_key: said}}

    def _refusals(self):
        """Refuse to make a price of another period one of a month, for many rentals at once."""
        refusals = super()._refusals()
        if self.event_type == "PriceChanged" and len(refusals) > 1:
            for order, error in refusals.items():
                if error is None and set(order.line_ids.mapped("price_period")) - {"month"}:
                    refusals[order] = UserError(
                        _("Its price is not one per month; change it in the rental itself.")
                    )
        return refusals

    def action_record(self):
        """Record the event about each rental for which it is possible.

        :raise UserError: where it is possible for none, so that what was entered stays in the
            dialog and nothing is recorded. Only one that is not possible any more, whatever is
            entered, is recorded as an attempt.
        """
        self.ensure_one()
        if not self.order_ids:
            raise UserError(_("Select at least one rental first."))
        if self.event_type == "RentalInvoiced" and not self.amount:
            raise UserError(_("Enter the amount that was invoiced; it cannot be zero."))
        if self.event_type == "PriceChanged" and not self.monthly_price:
            raise UserError(_("Enter the new price; it cannot be zero."))
        check_access(self.order_ids, "write")
        photos = self._photos() if self.event_type == "DamageReported" else {}
        refusals = self._refusals()
        orders = self.order_ids.filtered(lambda order: refusals[order] is None)
        if not orders:
            errors = list(refusals.values())
            if len(errors) > 1:
                raise UserError(self.env["rental.order"]._forecast_sentence(refusals))
            if not self._is_of_its_status(errors[0]):
                raise errors[0]
            orders = self.order_ids
        elif photos:
            self._keep_photos(orders)
        return orders._record_and_tell(self.event_type, {**self._payload(), **photos})

    @api.model
    def _is_of_its_status(self, error):
        """Whether a refusal is because of what happened before, not of what was entered."""
        return isinstance(error, RuleViolation) and error.rule.startswith("status:")
