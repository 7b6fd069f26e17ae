from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.from_code import FromCode, from_code

from .rental_stock_snapshot_handler import stock_reference


class RentalStock(models.Model):
    """How many pieces a company owns of a product without serial numbers."""

    _name = "rental.stock"
    _description = "Quantity"
    _inherit = ["rental.owned.mixin", "rental.forecast.mixin", "rental.telling.mixin"]
    _order = "product_id"
    _rec_names_search = ("product_id",)
    _aggregate_model = "rental_stock"
    _snapshot_fields = ("quantity", "snapshot_id")
    _check_company_auto = True

    product_id = fields.Many2one(
        domain=[("rental_ok", "=", True), ("rental_counting", "=", "quantity")]
    )
    quantity = fields.Integer(
        string="Quantity Owned",
        compute="_compute_from_snapshot",
        store=True,
        readonly=False,
        copy=False,
        help="Comes from the events alone: change it with the button.",
    )
    snapshot_id = fields.Many2one(
        "rental.stock.snapshot",
        string="Current State",
        compute="_compute_from_snapshot",
        store=True,
        copy=False,
        ondelete="set null",
    )
    image_128 = fields.Image(related="product_id.image_128", string="Photo")
    last_change = fields.Integer(related="snapshot_id.last_change")
    last_why = fields.Selection(related="snapshot_id.last_why")
    changed_on = fields.Date(related="snapshot_id.changed_on")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_stock_name_uniq"
            " ON rental_stock (name, company_id)"
        )

    def _compute_from_snapshot(self):
        snapshots = self._own_snapshots()
        for stock in self:
            snapshot = snapshots.get(stock)
            stock.snapshot_id = snapshot
            stock.quantity = snapshot.quantity if snapshot else stock.quantity

    @api.depends("product_id")
    def _compute_display_name(self):
        for stock in self:
            # Who sees what another company has sees of what it is.
            stock.display_name = stock.sudo().product_id.display_name or _("New quantity")

    @api.model_create_multi
    def create(self, vals_list):
        """Begin to count products: what is there at first was bought, one event each.

        :raise UserError: where a product is counted already, or a rule refuses the quantity
        """
        if self._adopted():
            return super().create(vals_list)
        vals_list = self._check_new(vals_list)
        self._check_only_events(*vals_list)
        if not all(vals.get("product_id") for vals in vals_list):
            raise UserError(_("A quantity needs a product; choose one."))
        vals_list = [
            {
                **vals,
                "company_id": self._company_id_of(vals),
                "name": stock_reference(self._product_id_of(vals)),
            }
            for vals in vals_list
        ]
        keys = [(vals["company_id"], vals["name"]) for vals in vals_list]
        taken = self._taken_references(keys)
        twice = [vals for vals, key in zip(vals_list, keys, strict=True) if key in taken]
        if twice or len(set(keys)) < len(keys):
            raise UserError(
                _("The quantity of a product is there already; change it with the button.")
            )
        stocks = super().create(vals_list)
        given = from_code(self.env, "rental_first_change") or ()
        stocks._begin_streams("QuantityChanged", lambda s: s._change(s.quantity, *given))
        return stocks

    @api.model
    def _begin(self, vals, change, why, day):
        """Begin to count a product with a change for another reason, or of another day."""
        first = self.with_context(rental_first_change=FromCode((why, day)))
        return first.create({**vals, "quantity": change})

    def write(self, vals):
        self._check_only_events(vals)
        fixed = [name for name in ("product_id", "company_id", "quantity") if name in vals]
        for stock in self:
            if any(
                stock._fields[name].convert_to_write(stock[name], stock) != vals[name]
                for name in fixed
            ):
                raise UserError(
                    _("A quantity is changed by what happened: use the button Change quantity.")
                )
        return super().write({key: value for key, value in vals.items() if key not in fixed})

    def unlink(self):
        raise UserError(
            _("A quantity has a history and cannot be deleted; record that all are sold or lost.")
        )

    def _change(self, change, why="bought", day=None):
        """Return the payload of a change of one quantity."""
        self.ensure_one()
        payload = {"product_id": self.product_id.id, "change": change, "why": why}
        return {**payload, "changed_on": fields.Date.to_string(day)} if day else payload

    def action_change_quantity(self):
        """Ask how many more or fewer there are."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Change quantity"),
            "res_model": "rental.stock.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_stock_id": self.id,
                "default_product_id": self.product_id.id,
                "default_company_id": self.company_id.id,
            },
        }

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": _("Import Template for Quantities"),
                "template": "/rental_event_sourcing/static/xls/rental_quantities.xlsx",
            }
        ]
