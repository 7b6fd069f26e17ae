from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_source_mixin import UNNUMBERED

from .rental_snapshot import STATUSES
from .rental_snapshot_handler import PLAN

MAX_QUANTITY = 2**31 - 1  # what the column can hold
# Of Odoo's palette, what comes nearest to the badge of each status.
COLORS = {
    "draft": 28,
    "demo": 52,
    "confirmed": 11,
    "active": 10,
    "returned": 42,
    "closed": 28,
    "cancelled": 1,
}


class RentalOrder(models.Model):
    """A rental as people work with it; what happened to it lies in its events.

    The planned data follow the snapshot: writing them records an event, and what the
    fold makes of that event is what the record shows.
    """

    _name = "rental.order"
    _description = "Rental"
    _inherit = ["event.source.mixin", "rental.overdue.mixin"]
    _order = "name desc"
    _aggregate_model = "rental"
    _snapshot_fields = ("status", "snapshot_id", *PLAN)
    _check_company_auto = True

    name = fields.Char(
        string="Reference", required=True, readonly=True, copy=False, index=True, default="/"
    )
    status = fields.Selection(
        STATUSES,
        compute="_compute_from_snapshot",
        store=True,
        index=True,
        copy=False,
        group_expand="_expand_statuses",
        help="Comes from the events alone: use the buttons to record what happened.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_from_snapshot",
        store=True,
        readonly=False,
        index=True,
        ondelete="set null",  # see res.partner: not while the rental goes on
        check_company=True,
        copy=True,
    )
    product_id = fields.Many2one(
        "product.product",
        compute="_compute_from_snapshot",
        store=True,
        readonly=False,
        required=True,
        ondelete="restrict",
        check_company=True,
        domain=[("rental_ok", "=", True)],
        copy=True,
    )
    quantity = fields.Integer(
        compute="_compute_from_snapshot", store=True, readonly=False, default=1, copy=True
    )
    planned_start = fields.Date(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=True
    )
    planned_end = fields.Date(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=True
    )
    monthly_price = fields.Monetary(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user, index=True
    )
    notes = fields.Text()
    # A calendar of Odoo 17 asks for names without the action's context.
    calendar_name = fields.Char(
        string="Rental and Customer",
        compute="_compute_calendar_name",
        search="_search_calendar_name",
    )
    color = fields.Integer(compute="_compute_color")
    snapshot_id = fields.Many2one(
        "rental.snapshot",
        string="Current State",
        compute="_compute_from_snapshot",
        store=True,
        copy=False,
        ondelete="set null",
    )
    demo_end = fields.Date(related="snapshot_id.demo_end")
    delivered_on = fields.Date(related="snapshot_id.delivered_on")
    returned_on = fields.Date(related="snapshot_id.returned_on")
    invoiced_amount = fields.Monetary(related="snapshot_id.invoiced_amount")
    damage_count = fields.Integer(related="snapshot_id.damage_count")
    damage_cost = fields.Monetary(related="snapshot_id.damage_cost")
    damage_charged = fields.Monetary(related="snapshot_id.damage_charged")
    cancel_reason = fields.Char(related="snapshot_id.cancel_reason")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_order_name_uniq"
            " ON rental_order (name, company_id) WHERE name != '/'"
        )

    # ------------------------------------------------------------------
    # From the snapshot
    # ------------------------------------------------------------------

    def _compute_from_snapshot(self):
        snapshots = self._own_snapshots()
        for order in self:
            snapshot = snapshots.get(order)
            order.snapshot_id = snapshot
            order.status = snapshot.status if snapshot else "draft"
            for name in PLAN:
                order[name] = snapshot[name] if snapshot else order[name]

    @api.depends("status")
    def _compute_color(self):
        for order in self:
            order.color = COLORS.get(order.status, 0)

    @api.model
    def _expand_statuses(self, _values, _domain, _order=None):
        """Show every status as a column, in the order of a rental's life."""
        return [status for status, _label in STATUSES]

    @api.depends("name")
    def _compute_display_name(self):
        for order in self:
            order.display_name = _("New rental") if order.name == "/" else order.name

    @api.depends("name", "partner_id")
    def _compute_calendar_name(self):
        for order in self:
            order.calendar_name = f"{order.name} {order.partner_id.display_name or ''}".strip()

    @api.model
    def _search_calendar_name(self, operator, value):
        return ["|", ("name", operator, value), ("partner_id.name", operator, value)]

    @api.onchange("product_id")
    def _onchange_product_id(self):
        if self.product_id and not self.monthly_price:
            self.monthly_price = self.product_id._rental_price_in(
                self.currency_id or self.env.company.currency_id,
                self.company_id or self.env.company,
            )

    # ------------------------------------------------------------------
    # Plan data are events
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = self._check_new(vals_list)
        self._check_values(*vals_list)
        # What is refused uses up no number: the reference comes last.
        orders = super().create([{**vals, "name": UNNUMBERED} for vals in vals_list])
        if not all(order.partner_id for order in orders):
            raise UserError(_("A rental needs a customer; choose one."))
        orders._begin_streams("RentalPlanned", lambda order: order._plan(), "rental.order")
        return orders

    def write(self, vals):
        self._check_values(vals)
        if "name" in vals or "company_id" in vals:
            raise UserError(
                _("The reference and the company of a rental stay as they are; plan a new rental.")
            )
        before = {order.id: order._plan() for order in self}
        result = super().write(vals)
        changed = {}
        for order in self:
            plan = order._plan()
            changed[order.id] = {
                key: plan.get(key) for key in PLAN if plan.get(key) != before[order.id].get(key)
            }
        moved = self.filtered(lambda order: changed[order.id])
        if moved:
            # What is refused is not written either: record and history stay as they were.
            moved._apply_event("PlanChanged", lambda order: changed[order.id], policy="reject")
        return result

    def unlink(self):
        raise UserError(_("A rental has a history and cannot be deleted; cancel it instead."))

    def _plan(self):
        """Return the planned data of one rental as a payload."""
        self.ensure_one()
        plan = {
            "partner_id": self.partner_id.id,
            "product_id": self.product_id.id,
            "quantity": self.quantity,
            "planned_start": fields.Date.to_string(self.planned_start),
            "planned_end": fields.Date.to_string(self.planned_end),
            "monthly_price": self.monthly_price,
        }
        return {key: value for key, value in plan.items() if value is not False}

    @api.model
    def _check_values(self, *vals_list):
        """Refuse values that only events may set, and those that no column can hold."""
        for vals in vals_list:
            if not isinstance(vals, dict):
                raise UserError(_("A rental must be given as a set of named values."))
            if vals.keys() & {"status", "snapshot_id"}:
                raise UserError(
                    _(
                        "The status of a rental comes from its events and cannot be set;"
                        " record what happened, with a button or with event.store.append."
                    )
                )
            quantity = vals.get("quantity")
            if isinstance(quantity, int) and quantity > MAX_QUANTITY:
                raise UserError(
                    _(
                        "A quantity can be at most %(maximum)s; split the rental.",
                        maximum=MAX_QUANTITY,
                    )
                )
