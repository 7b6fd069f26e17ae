from odoo import _, api, fields, models

from odoo.addons.event_sourcing_base.compat import check_access

from .. import pricing

PRICE = ("price", "price_period")


class RentalOrder(models.Model):
    """What the lines cost, and how they follow their products."""

    _inherit = "rental.order"

    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        help="What all lines cost for all days of the rental; for one period without them.",
    )

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for order in self:
            order.amount = sum(order.line_ids.mapped("amount"))

    @api.model
    def _adopted_beside(self, snapshots):
        found, lines = super()._adopted_beside(snapshots), self.env["rental.order.line"]
        for snapshot, vals in zip(snapshots, found, strict=True):
            days = snapshot.planned_start, snapshot.planned_end
            vals["amount"] = sum(
                lines._amount_of(snapshot.currency_id, row, *days)
                for _command, _id, row in vals["line_ids"]
            )
        return found

    @api.onchange("planned_start", "planned_end")
    def _onchange_days(self):
        self._follow_products()

    def _follow_products(self):
        """Let the lines whose price nobody typed have what their products say for the days."""
        for line in self.line_ids.filtered(lambda line: not line.price_typed):
            if changed := line._other_price():
                line.update({**changed, "price_typed": False})

    def action_take_prices(self):
        """Record that all lines have the prices of their products, also those that were typed.

        :return: an action that says what was done
        """
        self.ensure_one()
        check_access(self, "write")
        changes = {}
        for line in self.line_ids:
            changed = line._other_price()
            if changed or (line.price_typed and line._proposal()):
                changes[line.line_key] = {**line._said_price(), **changed, "price_typed": False}
        if changes:
            return self._record_and_tell("PriceChanged", {"lines": changes})
        message = _("The prices are those of the products; there is nothing to change.")
        return self._notification(_("Prices of products"), message)


class RentalOrderLine(models.Model):
    """The price follows the product, unless it was typed."""

    _inherit = "rental.order.line"

    amount = fields.Monetary(
        compute="_compute_amount",
        help="Quantity times price for all days of the rental; for one period without them.",
    )
    price_words = fields.Char(
        string="How It Is Priced",
        compute="_compute_price_words",
        help="Of which periods the price of the product is made, and whether the line has it.",
    )

    @api.depends(
        *("quantity", "price", "price_period", "currency_id"),
        *("order_id.planned_start", "order_id.planned_end"),
    )
    def _compute_amount(self):
        for line in self:
            line.amount = line._amount_of(line.currency_id, *line._priced())

    @api.model
    def _amount_of(self, currency, line, start, end):
        """Return what a line costs as the currency has it; of one period without the days.

        :param dict line: with ``quantity``, ``price`` and ``price_period``
        """
        exact = pricing.amount_if_known(line, start, end)
        if exact is None:
            exact = line.get("quantity", 0) * line.get("price", 0)
        return currency.round(float(exact)) if currency else float(exact)

    def _exact_amount(self):
        """Return what one line costs, not rounded; None where the days are not known."""
        return pricing.amount_if_known(*self._priced())

    def _priced(self):
        """Return one line as ``pricing`` has it, with its first and last day."""
        order = self.order_id
        line = {"quantity": self.quantity, **self._said_price()}
        return line, order.planned_start, order.planned_end

    @api.depends(
        *("product_id", "price", "price_period", "price_typed", "currency_id"),
        *("order_id.planned_start", "order_id.planned_end"),
    )
    @api.depends_context("lang")
    def _compute_price_words(self):
        words = self.env["rental.price.words"]
        for line in self:
            proposal, offer = line._proposal(), ""
            if proposal:
                *_price, parts, amount = proposal
                offer = words._offer(parts, amount, line._currency())
            elif line.product_id and line.product_id._lacks_rate(line._currency(), line._company()):
                offer = words._no_rate(line.product_id.currency_id, line._currency())
            if line.price_typed and offer:
                offer = _("entered by hand; the product says %(offer)s", offer=offer)
            elif line.price_typed:
                offer = _("entered by hand")
            elif line._other_price():
                offer = _("agreed before; the product says %(offer)s now", offer=offer)
            line.price_words = offer

    def _company(self):
        return self.order_id.company_id or self.company_id or self.env.company

    def _currency(self):
        return self._company().currency_id

    def _proposal(self):
        """Return what the product says, as ``_rental_proposal`` does; None without a price."""
        if not self.product_id:
            return None
        order = self.order_id
        return self.product_id._rental_proposal(
            order.planned_start, order.planned_end, self._currency(), self._company()
        )

    def _proposed(self, period=None):
        """Return the values of a price as the product says it, 0 where it says none.

        :param str period: where somebody chose the period already
        """
        if period in pricing.PERIODS and self.product_id:
            prices = self.product_id._rental_prices(self._currency(), self._company())
            return {"price": prices.get(period, 0), "price_period": period}
        proposal = self._proposal()
        return dict(zip(PRICE, proposal, strict=False)) if proposal else {"price": 0}

    def _said_price(self):
        return {name: self[name] for name in PRICE}

    def _other_price(self):
        """Return the price of the product where it is another one than that of the line."""
        proposed = self._proposed() if self._proposal() else {}
        return proposed if proposed != {name: self[name] for name in proposed} else {}

    def _mark_typed(self):
        """Mark the prices that are not those of the products as typed by hand."""
        for line in self:
            line.price_typed = bool(line.price) and line._proposed() != line._said_price()

    @api.onchange("product_id")
    def _onchange_product_id(self):
        if not self.price_typed:
            self.update(self._proposed())
        self.unit_ids = self.unit_ids.filtered(lambda unit: unit.product_id == self.product_id)

    @api.onchange("price", "price_period")
    def _onchange_price(self):
        self._mark_typed()
