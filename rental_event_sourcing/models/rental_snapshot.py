from odoo import api, fields, models

from odoo.addons.event_sourcing_base.fields import NO_SUM

from ..lines import SHOWN_LINES, ordered

STATUSES = [
    ("draft", "Draft"),
    ("demo", "Demo"),
    ("confirmed", "Confirmed"),
    ("active", "Active"),
    ("returned", "Returned"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]


class RentalSnapshot(models.Model):
    """What is true of a rental now, in columns that can be filtered, summed and exported."""

    _name = "rental.snapshot"
    _description = "Rental Snapshot"
    _inherit = ["snapshot.mixin", "rental.overdue.mixin", "rental.totals.mixin"]

    # Not indexed: nearly every event changes it, and would then be written into every index.
    status = fields.Selection(STATUSES, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        index=True,
        ondelete="set null",  # see res.partner: not while the rental goes on
    )
    delivery_partner_id = fields.Many2one(
        "res.partner", string="Delivery Address", readonly=True, ondelete="set null"
    )
    contact_partner_id = fields.Many2one(
        "res.partner", string="Contact Person", readonly=True, ondelete="set null"
    )
    product_id = fields.Many2one(
        "product.product",
        string="First Product",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="That of the first line.",
    )
    # What events of schema version 1 name; the handler fills product_id from it.
    former_product_id = fields.Many2one("rental.former.product", readonly=True, ondelete="restrict")
    quantity = fields.Integer(readonly=True)
    lines_text = fields.Char(string="What Is Rented", compute="_compute_lines_text")
    planned_start = fields.Date(readonly=True)
    planned_end = fields.Date(readonly=True)
    demo_end = fields.Date(readonly=True)
    delivered_on = fields.Date(readonly=True)
    returned_on = fields.Date(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    monthly_price = fields.Monetary(readonly=True, **NO_SUM)
    invoiced_amount = fields.Monetary(readonly=True)
    damage_count = fields.Integer(string="Damages", readonly=True)
    damage_cost = fields.Monetary(readonly=True)
    damage_charged = fields.Monetary(
        string="Damages Charged",
        readonly=True,
        help="What of it the customer is charged.",
    )
    last_damage = fields.Char(readonly=True)
    cancel_reason = fields.Char(string="Cancellation Reason", readonly=True)
    agreed_by = fields.Char(readonly=True, help="Who agreed to the contract as it stands.")
    agreed_at = fields.Datetime(readonly=True)
    reminded_for = fields.Date(string="Reminded of the Return on", readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute("DROP INDEX IF EXISTS rental_snapshot__status_index")

    @api.depends("state")
    @api.depends_context("lang")
    def _compute_lines_text(self):
        products = self.env["product.product"].sudo()
        lines = {snapshot: snapshot._lines() for snapshot in self}
        named = {self._product_in(line) for own in lines.values() for line in own}
        names = {each.id: each.display_name for each in products.browse(named - {None}).exists()}
        words = self.env["rental.order.words"]
        for snapshot in self:
            snapshot.lines_text = words._listed(
                [
                    words._pieces_of(line.get("quantity", 0), names.get(self._product_in(line), ""))
                    for line in lines[snapshot]
                ],
                SHOWN_LINES,
            )

    def _lines(self):
        """Return what the state says of each line, in the order in which they were made."""
        lines = (self.state or {}).get("lines") or {}
        return [lines[line_id] for line_id in ordered(lines)]

    @api.model
    def _product_in(self, line):
        """Return the id of the product of a line, None for one that is not here."""
        former = line.get("former_product_id")
        if former:
            return self.env["rental.former.product"]._product_of(former)
        return line.get("product_id")


class RentalSnapshotAsOf(models.Model):
    """Rentals as they were at a moment, in the same columns."""

    _name = "rental.snapshot.as.of"
    _description = "Rental as of a Moment"
    _inherit = ["snapshot.as.of.mixin", "rental.snapshot"]
    _snapshot_of = "rental.snapshot"

    partner_id = fields.Many2one(ondelete="set null")
    product_id = fields.Many2one(ondelete="set null")
    former_product_id = fields.Many2one(ondelete="set null")

    def _overdue_moment(self):
        return self.job_id.sudo().moment

    @api.model
    def _overdue_moments(self):
        # A rule of the rows lets everybody see those of own questions.
        jobs = (
            self.env["event.job"]
            .sudo()
            .search(
                [
                    ("kind", "=", "as_of"),
                    *([] if self.env.su else [("create_uid", "=", self.env.uid)]),
                ]
            )
        )
        return [(("job_id", "=", job.id), job.moment) for job in jobs]
