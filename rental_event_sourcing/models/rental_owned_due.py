"""What a clerk asks units and quantities for: what goes out, what comes back, who has it."""

import operator
from collections import defaultdict
from collections.abc import Collection

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..searching import is_wanted, says

# Of lines: what customers have, what goes out today, comes back today, is late.
OUT = [("order_id.status", "=", "active")]
TODAY = ("order_id.due_today", "=", True)
GOES_OUT = [("order_id.status", "=", "confirmed"), TODAY]
BACK = [*OUT, TODAY]
LATE = [("order_id.overdue", "=", True)]
CLERKS = "rental_event_sourcing.rental_order_group_user"
COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda pieces, values: pieces in values,
    "not in": lambda pieces, values: pieces not in values,
}


class RentalUnit(models.Model):
    """Units that are to go out."""

    _inherit = "rental.unit"

    goes_out_today = fields.Boolean(
        compute="_compute_goes_out_today", search="_search_goes_out_today", groups=CLERKS
    )

    def _compute_goes_out_today(self):
        units = self._going_out_today()
        for unit in self:
            unit.goes_out_today = unit in units

    @api.model
    def _search_goes_out_today(self, sign, value):
        found = self._going_out_today().ids
        return [("id", "in" if is_wanted(sign, value) else "not in", found)]

    @api.model
    def _going_out_today(self):
        return self.env["rental.order.line"].search(GOES_OUT).unit_ids


class RentalStock(models.Model):
    """Quantities, and where their pieces are."""

    _inherit = "rental.stock"

    pieces_out = fields.Integer(
        string="With Customers",
        compute="_compute_pieces_out",
        search="_search_pieces_out",
        groups=CLERKS,
        help="How many pieces customers have.",
    )
    customers = fields.Char(
        compute="_compute_pieces_out",
        search="_search_customers",
        groups=CLERKS,
        help="Who has pieces of it.",
    )
    goes_out_today = fields.Boolean(
        compute="_compute_due", search="_search_goes_out_today", groups=CLERKS
    )
    comes_back_today = fields.Boolean(
        compute="_compute_due", search="_search_comes_back_today", groups=CLERKS
    )
    overdue = fields.Boolean(compute="_compute_due", search="_search_overdue", groups=CLERKS)

    def _compute_pieces_out(self):
        lines = self._lines_out([*OUT, ("product_id", "in", self.product_id.ids)])
        for stock in self:
            own = lines[stock._line_key()]
            stock.pieces_out = sum(line.delivered - line.returned for line in own)
            names = {line.order_id.partner_id.display_name or "" for line in own}
            stock.customers = ", ".join(sorted(names - {""}))

    def _compute_due(self):
        out, back, late = self._lines_planned(), self._lines_out(BACK), self._lines_out(LATE)
        for stock in self:
            key = stock._line_key()
            stock.goes_out_today = key in out
            stock.comes_back_today = key in back
            stock.overdue = key in late

    def _line_key(self):
        """Return how the lines of one quantity are found."""
        self.ensure_one()
        return self.company_id.id, self.product_id.id

    @api.model
    def _lines_out(self, domain):
        """Return ``{(company id, product id): [line]}`` of those with pieces that are out."""
        names, found = ("company_id", "product_id", "delivered", "returned"), defaultdict(list)
        for line in self.env["rental.order.line"].search_fetch(domain, names):
            if line.delivered > line.returned:
                found[line.company_id.id, line.product_id.id].append(line)
        return found

    @api.model
    def _lines_planned(self):
        """Return ``(company id, product id)`` of what goes out today."""
        lines = self.env["rental.order.line"].search(GOES_OUT)
        return {(line.company_id.id, line.product_id.id) for line in lines}

    @api.model
    def _search_keys(self, keys, wanted):
        """Return the domain of the quantities of such keys, or of all others."""
        stocks = self.search([("product_id", "in", [product_id for _company, product_id in keys])])
        ids = [stock.id for stock in stocks if stock._line_key() in keys]
        return [("id", "in" if wanted else "not in", ids)]

    @api.model
    def _search_pieces_out(self, sign, value):
        many = sign in ("in", "not in")
        numbers = list(value) if many and isinstance(value, Collection) else [value]
        if sign not in COMPARE or not all(isinstance(n, int | float) for n in numbers):
            raise UserError(_("How many pieces customers have is compared with a number."))
        stocks = self.search([("product_id", "!=", False)])
        compare, values = COMPARE[sign], numbers if many else value
        return [("id", "in", [stock.id for stock in stocks if compare(stock.pieces_out, values)])]

    @api.model
    def _search_customers(self, sign, value):
        unlike = sign in ("!=", "not in", "not like", "not ilike")
        if not says(value):
            return self._search_keys(self._lines_out(OUT), unlike)
        sign = {"!=": "=", "not in": "in"}.get(sign, sign.removeprefix("not "))
        lines = self._lines_out([*OUT, ("order_id.partner_id", sign, value)])
        return self._search_keys(lines, not unlike)

    @api.model
    def _search_goes_out_today(self, sign, value):
        return self._search_keys(self._lines_planned(), is_wanted(sign, value))

    @api.model
    def _search_comes_back_today(self, sign, value):
        return self._search_keys(self._lines_out(BACK), is_wanted(sign, value))

    @api.model
    def _search_overdue(self, sign, value):
        return self._search_keys(self._lines_out(LATE), is_wanted(sign, value))
