from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.rental_owned_snapshot import WHY
from ..models.rental_stock_snapshot_handler import SIGNS, stock_reference


class RentalStockWizard(models.TransientModel):
    """Asks how many pieces more or fewer there are of a product, and why."""

    _name = "rental.stock.wizard"
    _inherit = "access.first.mixin"
    _description = "Change a Quantity"

    stock_id = fields.Many2one("rental.stock", readonly=True)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        domain=[("rental_ok", "=", True), ("rental_counting", "=", "quantity")],
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda s: s.env.company)
    owned = fields.Integer(
        string="Quantity Owned", compute="_compute_owned", store=True, readonly=False
    )
    why = fields.Selection(WHY, required=True, default="bought")
    quantity = fields.Integer(string="How Many", default=1)
    counted = fields.Integer(
        string="Quantity Counted",
        compute="_compute_counted",
        store=True,
        readonly=False,
        help="How many there are in fact.",
    )
    changed_on = fields.Date(string="Day", default=lambda self: self.env["rental.unit"]._today())

    @api.depends("product_id", "company_id")
    def _compute_owned(self):
        for wizard in self:
            wizard.owned = wizard._stock().quantity

    @api.depends("product_id", "company_id")
    def _compute_counted(self):
        for wizard in self:
            wizard.counted = wizard.owned

    def _stock(self):
        name = stock_reference(self.product_id.id)
        domain = [("name", "=", name), ("company_id", "=", self.company_id.id)]
        return self.env["rental.stock"].search(domain, limit=1)

    def action_record(self):
        """Record the change; a quantity that was not recorded yet begins with it.

        :raise UserError: for a change that a rule refuses; what was entered stays in the dialog
        """
        self.ensure_one()
        stock = self._stock()
        if stock.quantity != self.owned:
            raise UserError(
                _(
                    "Somebody has changed the quantity in the meantime: %(owned)s are owned now."
                    " Close this window and open it again.",
                    owned=stock.quantity,
                )
            )
        change = self._change(stock)
        if stock:
            payload = stock._change(change, self.why, self.changed_on)
            error = stock._forecast("QuantityChanged", payload)[stock]
            if error is not None:
                raise error
            event = stock._apply_event("QuantityChanged", payload, policy="record")
        else:
            vals = {"product_id": self.product_id.id, "company_id": self.company_id.id}
            stock = stock._begin(vals, change, self.why, self.changed_on)
            event = self.env["event.store"]
        refused = event.filtered(lambda e: e.outcome != "applied")
        done = _(
            "%(product)s: %(quantity)s owned.",
            product=self.product_id.display_name,
            quantity=stock.quantity,
        )
        if refused:
            title = _("Not possible: Change quantity")
            return stock._notification(title, refused.error_message, "warning", refused._why())
        return stock._notification(_("Quantity changed"), done)

    def _change(self, stock):
        if self.why == "corrected":
            if self.counted < 0:
                raise UserError(_("There cannot be fewer than none; enter 0 or more."))
            if self.counted == stock.quantity:
                raise UserError(_("So many are recorded already; there is nothing to correct."))
            return self.counted - stock.quantity
        if self.quantity < 1:
            raise UserError(_("Enter how many: 1 or more."))
        if SIGNS[self.why] < 0 and self.quantity > stock.quantity:
            raise UserError(
                _(
                    "Only %(owned)s are owned, so %(fewer)s cannot go; enter at most %(owned)s.",
                    owned=stock.quantity,
                    fewer=self.quantity,
                )
            )
        return SIGNS[self.why] * self.quantity
