from odoo import api, fields, models, tools


class RentalFormerProduct(models.Model):
    """A product of the catalogue that rentals had before version 2.0.0, and what became of it.

    Events of that time name products by the ids of this table, and are never rewritten. Rows
    come from the update alone, see ``former_products``; an addon that was installed later has none.
    """

    _name = "rental.former.product"
    _inherit = "access.first.mixin"
    _description = "Former Rental Product"
    _order = "name"

    name = fields.Char(required=True, readonly=True, translate=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict")
    product_id = fields.Many2one(
        "product.product", readonly=True, index=True, ondelete="restrict", help="What it is now."
    )

    @api.depends("name", "product_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        # Called what it is called today, as in the lists.
        for former in self:
            former.display_name = former.product_id.sudo().display_name or former.name

    @api.model
    @tools.ormcache("former_id")
    def _product_of(self, former_id):
        """Return the id of the product that a former one became, None for one that is not here.

        :param int former_id: as a state has it
        """
        if not 1 <= former_id < 2**31:
            return None
        former = self.sudo().search([("id", "=", former_id)], limit=1)
        return former.product_id.id or None

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
