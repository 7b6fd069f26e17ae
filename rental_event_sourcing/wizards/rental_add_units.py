from odoo import _, api, fields, models
from odoo.exceptions import UserError

# What one form adds at once; more come from a file.
MAX_UNITS = 1000


class RentalAddUnits(models.TransientModel):
    """Add many units of a product at once: all of them, or none."""

    _name = "rental.add.units"
    _inherit = "access.first.mixin"
    _description = "Add Units"

    product_id = fields.Many2one(
        "product.product",
        required=True,
        domain=[("rental_ok", "=", True), ("rental_counting", "=", "serial")],
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda s: s.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    numbering = fields.Selection(
        [("list", "From a list"), ("count", "One after the other")],
        required=True,
        default="list",
    )
    serial_numbers = fields.Text(help="One per line, as they stand on the units.")
    count = fields.Integer(string="How Many", default=1)
    prefix = fields.Char(
        compute="_compute_prefix",
        store=True,
        readonly=False,
        help="What the numbers begin with; the first one that is free is taken.",
    )
    acquired_on = fields.Date(default=lambda self: self.env["rental.unit"]._today())
    cost = fields.Monetary(string="Purchase Cost of Each")

    @api.depends("product_id")
    def _compute_prefix(self):
        for wizard in self:
            code = wizard.product_id.default_code
            wizard.prefix = f"{code}-" if code else wizard.prefix

    def action_add(self):
        """Acquire the units, each with an event of its own, and show them.

        :raise UserError: for serial numbers given twice or there already; nothing is stored then
        """
        self.ensure_one()
        serials = self._given() if self.numbering == "list" else self._counted()
        if not serials:
            raise UserError(_("Enter at least one serial number, one per line."))
        if len(serials) > MAX_UNITS:
            raise UserError(
                _(
                    "That is more than %(maximum)s units at once; add them in several steps, or"
                    " import a file.",
                    maximum=MAX_UNITS,
                )
            )
        units = self.env["rental.unit"].create(
            [
                {
                    "product_id": self.product_id.id,
                    "company_id": self.company_id.id,
                    "serial_number": serial,
                    "acquired_on": self.acquired_on,
                    "cost": self.cost,
                }
                for serial in serials
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": _("Added units"),
            "res_model": "rental.unit",
            "view_mode": "list,kanban,form",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "mobile_view_mode": "kanban",
            "domain": [("id", "in", units.ids)],
        }

    def _given(self):
        lines = (line.strip() for line in (self.serial_numbers or "").splitlines())
        return [line for line in lines if line]

    def _counted(self):
        """Return the next serial numbers that are free, such as PRJ-01-0007."""
        if not 1 <= self.count <= MAX_UNITS:
            raise UserError(_("Enter how many units: from 1 to %(maximum)s.", maximum=MAX_UNITS))
        prefix = (self.prefix or "").lstrip()
        domain = [
            ("product_id", "=", self.product_id.id),
            ("company_id", "=", self.company_id.id),
            ("serial_number", "=like", prefix.replace("\\", r"\\").replace("_", r"\_") + "%"),
        ]
        units = self.env["rental.unit"].sudo()
        known = units.search_fetch(domain, ["serial_number"]).mapped("serial_number")
        ends = [serial.removeprefix(prefix) for serial in known]
        last = max((int(end) for end in ends if end.isdecimal() and len(end) < 10), default=0)
        return [f"{prefix}{last + number:04}" for number in range(1, self.count + 1)]
