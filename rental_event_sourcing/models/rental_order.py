from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_source_mixin import UNNUMBERED
from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_base.from_code import FromCode

from ..lines import SHOWN_LINES
from .rental_order_line import INSIDE, UNSAID
from .rental_snapshot import STATUSES

# What is planned of the whole rental, and what of its line may be written here where it has one.
PLAN = (
    *("partner_id", "delivery_partner_id", "contact_partner_id"),
    *("planned_start", "planned_end"),
)
NO_PLAN = {"lines": {}}
# Nobody is told of records that only show what was recorded elsewhere.
SILENT = {"mail_create_nolog": True, "mail_create_nosubscribe": True, "tracking_disable": True}
OF_THE_LINE = {"product_id": "product_id", "quantity": "quantity", "monthly_price": "price"}
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
    # No field is tracked: what changes a rental is an event, and stands on the timeline.
    _inherit = [
        "rental.adopted.mixin",
        "rental.overdue.mixin",
        "rental.forecast.mixin",
        "rental.totals.mixin",
        "rental.telling.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "name desc"
    _rec_names_search = ("name", "partner_id.name", "partner_id.ref")
    _aggregate_model = "rental"
    _snapshot_fields = ("status", "snapshot_id", *PLAN, *OF_THE_LINE)
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
    delivery_partner_id = fields.Many2one(
        "res.partner",
        string="Delivery Address",
        compute="_compute_from_snapshot",
        store=True,
        readonly=False,
        ondelete="set null",
        check_company=True,
        copy=True,
        help="Where the equipment goes, if not to the customer.",
    )
    contact_partner_id = fields.Many2one(
        "res.partner",
        string="Contact Person",
        compute="_compute_from_snapshot",
        store=True,
        readonly=False,
        ondelete="set null",
        check_company=True,
        copy=True,
        help="Whom to ask for; e-mails go there, where there is an address.",
    )
    line_ids = fields.One2many(
        "rental.order.line",
        "order_id",
        string="Lines",
        copy=True,
        help="What is rented. A save records all that changed in it as one event.",
    )
    lines_text = fields.Char(string="What Is Rented", compute="_compute_lines_text")
    to_deliver = fields.Integer(compute="_compute_pieces")
    pieces_out = fields.Integer(compute="_compute_pieces")
    asks_pieces = fields.Boolean(compute="_compute_asks_pieces")
    # Of the lines, for lists: the product of the first one, all pieces, the price of the only one.
    product_id = fields.Many2one(
        "product.product",
        string="First Product",
        compute="_compute_from_snapshot",
        store=True,
        readonly=False,
        ondelete="restrict",
        check_company=True,
        domain=[("rental_ok", "=", True)],
        copy=False,
        help="That of the first line.",
    )
    quantity = fields.Integer(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=False
    )
    planned_start = fields.Date(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=True
    )
    planned_end = fields.Date(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=True
    )
    monthly_price = fields.Monetary(
        compute="_compute_from_snapshot", store=True, readonly=False, copy=False, **NO_SUM
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
    agreed_by = fields.Char(related="snapshot_id.agreed_by")
    agreed_at = fields.Datetime(related="snapshot_id.agreed_at")

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
            for name in (*PLAN, *OF_THE_LINE):
                order[name] = snapshot[name] if snapshot else order[name]

    @api.model
    def _adopted_beside(self, snapshots):
        lines = self.env["rental.order.line"]._rows_of(
            [(snapshot.company_id.id, snapshot.state.get("lines", {})) for snapshot in snapshots]
        )
        # Nobody of this shop has taken it yet.
        return [
            {"user_id": False, "line_ids": [(0, 0, row) for row in rows.values()]} for rows in lines
        ]

    def _refresh_from_snapshots(self):
        super()._refresh_from_snapshots()
        self.env["rental.order.line"]._follow(self)

    @api.depends("line_ids.quantity", "line_ids.product_id")
    @api.depends_context("lang")
    def _compute_lines_text(self):
        words = self.env["rental.order.words"]
        for order in self:
            lines = order.line_ids.filtered("product_id").mapped("display_name")
            order.lines_text = words._listed(lines, SHOWN_LINES)

    @api.depends("line_ids.quantity", "line_ids.delivered", "line_ids.returned")
    def _compute_pieces(self):
        for order in self:
            lines = order.line_ids
            order.to_deliver = sum(max(0, line.quantity - line.delivered) for line in lines)
            order.pieces_out = sum(line.delivered - line.returned for line in lines)

    @api.depends("line_ids.product_id.rental_counting")
    def _compute_asks_pieces(self):
        for order in self:
            order.asks_pieces = order._has_choice()

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

    # ------------------------------------------------------------------
    # Plan data are events
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if self._adopted():
            silent = self._with_inside().with_context(**SILENT)
            return super(RentalOrder, silent).create(vals_list)
        vals_list = self._check_new(vals_list)
        self._check_values(*vals_list)
        # No message says that it is new: its first event does.
        inside = self._with_inside().with_context(mail_create_nolog=True)
        # What is refused uses up no number: the reference comes last.
        orders = super(RentalOrder, inside).create(
            [{**self._with_line(vals), "name": UNNUMBERED} for vals in vals_list]
        )
        if not all(order.partner_id for order in orders):
            raise UserError(_("A rental needs a customer; choose one."))
        if not all(order.line_ids.product_id for order in orders):
            raise UserError(_("A rental needs a line with a product; add one."))
        orders = orders.with_env(self.env)
        orders._begin_streams(
            "RentalPlanned", lambda order: order._changed_plan(NO_PLAN), "rental.order"
        )
        return orders

    def write(self, vals):
        self._check_values(vals)
        if "name" in vals or "company_id" in vals:
            raise UserError(
                _("The reference and the company of a rental stay as they are; plan a new rental.")
            )
        before = {order.id: order._plan() for order in self}
        flat = {key: value for key, value in vals.items() if key in OF_THE_LINE}
        rest = {key: value for key, value in vals.items() if key not in OF_THE_LINE}
        inside = self._with_inside()
        result = super(RentalOrder, inside).write(rest)
        for order in inside if flat else ():
            order._write_of_the_line(flat)
        if vals.keys() & {"planned_start", "planned_end"}:
            inside._follow_products()
        changed = {order.id: order._changed_plan(before[order.id]) for order in self}
        moved = self.filtered(lambda order: changed[order.id])
        if moved:
            # What is refused is not written either: record and history stay as they were.
            moved._apply_event("PlanChanged", lambda order: changed[order.id], policy="reject")
        return result

    def _with_inside(self):
        """Return self for writing lines, which are recorded together with the rest."""
        return self.with_context(**{INSIDE: FromCode(self.ids)})

    def _last_line_number(self):
        """Return the highest number that a line of one rental has, or had until this save."""
        keys = [*self.line_ids.mapped("line_key")]
        keys += (self.sudo().snapshot_id.state or {}).get("lines", {})
        return max((int(key) for key in keys if key and key.isdecimal()), default=0)

    @api.model
    def _with_line(self, vals):
        """Return values in which a line says what is rented."""
        flat = {OF_THE_LINE[key]: vals[key] for key in OF_THE_LINE if vals.get(key) is not None}
        rest = {key: value for key, value in vals.items() if key not in OF_THE_LINE}
        if vals.get("line_ids"):
            if flat and (len(vals["line_ids"]) > 1 or vals["line_ids"][0][0] != 0):
                raise self._several_lines()
            if flat:
                ((command, key, line),) = vals["line_ids"]
                return {**rest, "line_ids": [(command, key, {**line, **flat})]}
            return rest
        return {**rest, "line_ids": [(0, 0, flat)]} if flat else rest

    def _write_of_the_line(self, flat):
        """Write what was given of the only line of one rental."""
        self.ensure_one()
        changed = {
            OF_THE_LINE[key]: value
            for key, value in flat.items()
            if self._fields[key].convert_to_write(self[key], self) != value
        }
        if changed and len(self.line_ids) != 1:
            raise self._several_lines()
        if "price" in changed:
            changed["price_period"] = "month"
        if changed:
            self.line_ids.write(changed)

    @api.model
    def _several_lines(self):
        return UserError(
            _("The rental has several lines, or none; change product, quantity and price there.")
        )

    def unlink(self):
        raise UserError(_("A rental has a history and cannot be deleted; cancel it instead."))

    def _plan(self):
        """Return the planned data of one rental, by the keys of a payload."""
        self.ensure_one()
        plan = {
            "partner_id": self.partner_id.id,
            "delivery_partner_id": self.delivery_partner_id.id,
            "contact_partner_id": self.contact_partner_id.id,
            "planned_start": fields.Date.to_string(self.planned_start),
            "planned_end": fields.Date.to_string(self.planned_end),
            "lines": {line.line_key: line._planned() for line in self.line_ids},
        }
        return {key: value for key, value in plan.items() if value is not False}

    def _changed_plan(self, before):
        """Return what of one rental's plan is another than before, as a payload."""
        plan = self._plan()
        changed = {key: plan.get(key) for key in PLAN if plan.get(key) != before.get(key)}
        lines = {}
        for line_id, line in plan["lines"].items():
            was = before["lines"].get(line_id, UNSAID)
            said = {key: value for key, value in line.items() if value != was.get(key)}
            if said:
                lines[line_id] = said
        removed = [line_id for line_id in before["lines"] if line_id not in plan["lines"]]
        changed |= {"lines": lines} if lines else {}
        return {**changed, **({"removed_lines": removed} if removed else {})}

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": _("Import Template for Rentals"),
                "template": "/rental_event_sourcing/static/xls/rental_orders.xlsx",
            }
        ]

    @api.model
    def _check_values(self, *vals_list):
        """Refuse values that only events may set."""
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
