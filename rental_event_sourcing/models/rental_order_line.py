from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_base.from_code import FromCode, from_code

from ..lines import ordered

UNSAID = {"price_typed": False, "unit_ids": []}  # of a new line it need not be said
PROPOSED = ("quantity", "price", "price_period")  # where nobody says them
MAX_QUANTITY = 2**31 - 1  # what the column can hold
# In a context: the ids of rentals that record what becomes of their lines as an event.
INSIDE = "rental_lines_inside"
# What events alone say of a line.
OF_EVENTS = ("line_key", "sequence", "delivered", "returned", "out_unit_ids")


class RentalOrderLine(models.Model):
    """What is rented of one product, as people work with it; follows the rental's snapshot.

    Lines are written through their rental, which records one event for all that changed in it; so
    does what is written here directly.
    """

    _name = "rental.order.line"
    _description = "Line of a Rental"
    _inherit = "access.first.mixin"
    _order = "order_id, sequence, id"
    _rec_names_search = ("product_id", "order_id.name")
    _check_company_auto = True

    order_id = fields.Many2one(
        "rental.order",
        string="Rental",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    line_key = fields.Char(
        string="Line",
        readonly=True,
        copy=False,
        help="By this the events of the rental name the line.",
    )
    sequence = fields.Integer(readonly=True, copy=False)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    status = fields.Selection(related="order_id.status")
    product_id = fields.Many2one(
        "product.product",
        index=True,
        ondelete="restrict",
        check_company=True,
        domain=[("rental_ok", "=", True)],
    )
    quantity = fields.Integer(default=1)
    price = fields.Monetary(help="Of one piece, without tax.", **NO_SUM)
    price_period = fields.Selection(
        [
            ("day", "per day"),
            ("week", "per week"),
            ("month", "per month"),
            ("rental", "for the whole period"),
        ],
        default="month",
        required=True,
    )
    price_typed = fields.Boolean(
        string="Price Agreed", help="The price was entered by hand and does not follow the product."
    )
    unit_ids = fields.Many2many(
        "rental.unit",
        string="Units",
        check_company=True,
        copy=False,
        help="The units that are to go out, by serial number.",
    )
    out_unit_ids = fields.Many2many(
        "rental.unit",
        "rental_order_line_out_unit_rel",
        string="Units Out",
        readonly=True,
        copy=False,
        help="The units that the customer has.",
    )
    delivered = fields.Integer(readonly=True, copy=False)
    returned = fields.Integer(readonly=True, copy=False)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_order_line_key_uniq"
            " ON rental_order_line (order_id, line_key)"
        )

    @api.depends("product_id", "quantity")
    def _compute_display_name(self):
        words = self.env["rental.order.words"]
        for line in self:
            product = line.product_id.display_name or ""
            line.display_name = words._pieces_of(line.quantity, product)

    # ------------------------------------------------------------------
    # Written through the rental
    # ------------------------------------------------------------------

    def _inside(self):
        """Whether the rental that the lines are of records what they become.

        :raise UserError: where a rental is about to change or to take lines of another one
        """
        orders = from_code(self.env, INSIDE)
        if orders is not None and not self.env.su and set(self.order_id.ids) - set(orders):
            raise self._of_another_rental()
        return orders is not None

    @api.model
    def _of_another_rental(self):
        return UserError(
            _("A line stays with its rental; change it there, and add a new line to this one.")
        )

    def _check_company(self, fnames=None):
        # What was recorded once is shown, whatever has become of what it names.
        adopted = from_code(self.env, "rental_adopted")
        return None if adopted else super()._check_company(fnames)

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = self._check_new(vals_list)
        self._check_only_events(*vals_list)
        if self._inside():
            return super().create(self._with_keys_and_prices(vals_list))
        found = self.browse()
        for vals in vals_list:
            order = self.env["rental.order"].browse(vals.get("order_id")).exists()
            if not order:
                raise UserError(_("A line is one of a rental; name the rental."))
            known = order.line_ids
            given = {key: value for key, value in vals.items() if key != "order_id"}
            order.write({"line_ids": [(0, 0, given)]})
            found += order.line_ids - known
        return found

    def write(self, vals):
        self._check_given(vals)
        self._check_only_events(vals)
        if "order_id" in vals and self.order_id.ids != [vals["order_id"]]:
            raise self._of_another_rental()
        if self._inside():
            if not vals.get("product_id", True):
                raise UserError(_("A line needs a product; choose one, or delete the line."))
            self._check_quantity(vals)
            super().write(vals)
            if "price" in vals and "price_typed" not in vals:
                self._mark_typed()
            return True
        for order, lines in self.grouped("order_id").items():
            order.write({"line_ids": [(1, line.id, vals) for line in lines]})
        return True

    def unlink(self):
        if self._inside():
            return super().unlink()
        for order, lines in self.grouped("order_id").items():
            order.write({"line_ids": [(2, line.id, 0) for line in lines]})
        return True

    @api.model
    def _check_only_events(self, *vals_list):
        """Refuse values that only events may set."""
        for vals in () if self.env.su else vals_list:
            if vals.keys() & set(OF_EVENTS):
                raise UserError(
                    _(
                        "What went out and came back of a line comes from the events of its"
                        " rental, as its number does, and cannot be set; record what happened."
                    )
                )

    @api.model
    def _check_quantity(self, vals):
        quantity = vals.get("quantity")
        if isinstance(quantity, int) and quantity > MAX_QUANTITY:
            raise UserError(
                _(
                    "A quantity can be at most %(maximum)s; split the rental.",
                    maximum=MAX_QUANTITY,
                )
            )

    @api.model
    def _with_keys_and_prices(self, vals_list):
        """Return values with the next key of each rental, and the product's price where none is."""
        orders = self.env["rental.order"].browse({vals.get("order_id") for vals in vals_list})
        last = {order.id: order._last_line_number() for order in orders}
        found = []
        for vals in vals_list:
            # What a file leaves empty is not said.
            vals = {k: v for k, v in vals.items() if v is not False or k not in PROPOSED}
            self._check_quantity(vals)
            order_id = vals.get("order_id")
            if not vals.get("line_key"):
                last[order_id] = last.get(order_id, 0) + 1
                vals = {**vals, "line_key": str(last[order_id])}
            if "price" not in vals and vals.get("product_id"):
                vals = {**self.new(vals)._proposed(vals.get("price_period")), **vals}
            elif vals.get("price"):
                vals = {"price_typed": True, **vals}
            found.append({"sequence": self._sequence_of(vals["line_key"]), **vals})
        return found

    @api.model
    def _sequence_of(self, key):
        return int(key) if key.isdecimal() and len(key) < 10 else 0

    def _planned(self):
        """Return what is planned of one line, by the keys of a payload."""
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "quantity": self.quantity,
            "price": self.price,
            "price_period": self.price_period,
            "price_typed": self.price_typed,
            "unit_ids": sorted(self.unit_ids.mapped("name")),
        }

    # ------------------------------------------------------------------
    # From the snapshot
    # ------------------------------------------------------------------

    @api.model
    def _follow(self, orders):
        """Let the lines of rentals be those of their snapshots."""
        orders = orders.sudo().filtered("snapshot_id")  # found just now, for fields that follow
        states = [(o.company_id.id, o.snapshot_id.state.get("lines", {})) for o in orders]
        inside = {INSIDE: FromCode(orders.ids), "active_test": False}
        lines = self.sudo().with_context(**inside)
        known = {}
        for line in lines.search([("order_id", "in", orders.ids)]):
            known.setdefault(line.order_id.id, {})[line.line_key] = line
        made, gone = [], lines.browse()
        for order, said in zip(orders, self._rows_of(states, known.values()), strict=True):
            rows = known.get(order.id, {})
            for key, vals in said.items():
                if key not in rows:
                    made.append({"order_id": order.id, **vals})
                elif changed := rows[key]._changed(vals):
                    models.Model.write(rows[key], changed)
            gone += lines.union(*(row for key, row in rows.items() if key not in said))
        models.Model.unlink(gone)
        if made:
            lines.create(made)

    @api.model
    def _rows_of(self, states, known=()):
        """Return the values of the lines of rentals, by their keys and in their order.

        :param list states: ``(company id, lines of the state)`` of each
        :param known: rows of rentals by key; a product that one of them has is there
        """
        lines_of_all = [line for _company_id, lines in states for line in lines.values()]
        named = {u for line in lines_of_all for k in ("unit_ids", "out") for u in line.get(k, ())}
        units = self.env["rental.unit"]._by_reference(named)
        found = [
            {key: self._row_of(company_id, key, lines[key], units) for key in ordered(lines)}
            for company_id, lines in states
        ]
        # After a restore elsewhere a product may not be here.
        named = {vals["product_id"] for rows in found for vals in rows.values()} - {False}
        here = {line.product_id.id for rows in known for line in rows.values()}
        products = self.env["product.product"].sudo().browse(named - here)
        missing = set(products.ids) - set(products.exists().ids)
        for rows in found:
            for vals in rows.values():
                if vals["product_id"] in missing:
                    vals["product_id"] = False
        return found

    @api.model
    def _row_of(self, company_id, key, line, units):
        former = line.get("former_product_id")
        product_id = line.get("product_id")
        if type(former) is int:
            product_id = self.env["rental.former.product"]._product_of(former)

        def ids(name):
            found = (units.get((company_id, unit)) for unit in line.get(name, []))
            return [(6, 0, [unit_id for unit_id in found if unit_id])]

        return {
            "line_key": key,
            "sequence": self._sequence_of(key),
            "product_id": product_id or False,
            "quantity": line.get("quantity", 0),
            "price": line.get("price", 0),
            "price_period": line.get("price_period", "month"),
            "price_typed": line.get("price_typed", False),
            "unit_ids": ids("unit_ids"),
            "out_unit_ids": ids("out"),
            "delivered": line["delivered"],
            "returned": line["returned"],
        }

    def _changed(self, vals):
        """Return those of the values that one line does not have yet."""
        self.ensure_one()
        changed = {}
        for name, value in vals.items():
            field = self._fields[name]
            if field.type == "many2many":
                same = set(self[name].ids) == set(value[0][2])
            else:
                same = field.convert_to_write(self[name], self) == value
            if not same:
                changed[name] = value
        return changed
