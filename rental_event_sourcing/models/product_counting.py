from odoo import _, api, fields, models
from odoo.exceptions import UserError

COUNTINGS = [("quantity", "By quantity"), ("serial", "By serial number")]
# In which of them what is owned of a product is recorded.
RECORDS = ("rental.unit", "rental.stock")


class ProductProduct(models.Model):
    """By what is owned and let of a product, it is found."""

    _inherit = "product.product"

    rental_unit_ids = fields.One2many(
        "rental.unit",
        "product_id",
        string="Units",
        groups="event_sourcing.event_store_group_user",
    )
    rental_line_ids = fields.One2many(
        "rental.order.line",
        "product_id",
        string="Lines of Rentals",
        groups="rental_event_sourcing.rental_order_group_user",
    )


class ProductTemplate(models.Model):
    """How it is counted what a company owns of a product and rents out."""

    _inherit = "product.template"

    rental_counting = fields.Selection(
        COUNTINGS,
        string="Counted",
        default="quantity",
        required=True,
        help="By serial number: each piece is a unit with a history of its own. By quantity: only"
        " how many are owned is known. It stays as it is once units or quantities are recorded.",
    )
    rental_recorded = fields.Boolean(
        string="Units or Quantities Recorded", compute="_compute_rental_recorded"
    )

    @api.depends_context("company")
    def _compute_rental_recorded(self):
        recorded = self._recorded_for_rent()
        for product in self:
            product.rental_recorded = product._origin.id in recorded.ids

    def write(self, vals):
        if "rental_counting" in vals:
            changed = self.filtered(lambda p: p.rental_counting != vals["rental_counting"])
            recorded = changed._recorded_for_rent()
            if recorded:
                raise UserError(
                    _(
                        "Of %(product)s units or quantities are recorded, so how it is counted"
                        " stays as it is; create another product.",
                        product=recorded[0].display_name,
                    )
                )
        return super().write(vals)

    def _recorded_for_rent(self):
        """Return those of which any company has recorded what it owns."""
        found = self.browse()
        for model in RECORDS:
            domain = [("product_id.product_tmpl_id", "in", self.ids)]
            records = self.env[model].sudo().with_context(active_test=False)
            groups = records._read_group(domain, ["product_id"])
            found |= self.browse([product.product_tmpl_id.id for (product,) in groups])
        return found
