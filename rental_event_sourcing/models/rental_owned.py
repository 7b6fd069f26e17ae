from odoo import _, api, fields, models
from odoo.exceptions import MissingError, UserError

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing_base.arguments import whole


class RentalOwnedMixin(models.AbstractModel):
    """What units and quantities have in common: what a company owns of a product."""

    _name = "rental.owned.mixin"
    _description = "What Is Owned of a Product"
    _inherit = "rental.adopted.mixin"
    # Fields that only events set; columns of the snapshot, taken over when the record is made.
    _of_events = ("product_id",)

    name = fields.Char(string="Reference", required=True, readonly=True, copy=False, index=True)
    product_id = fields.Many2one(
        "product.product", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )

    @api.model
    def _can_follow(self, snapshot):
        # Without a product that is here there is nothing to show.
        return bool(snapshot.product_id)

    @api.model
    def _adopted_fields(self):
        return [*super()._adopted_fields(), *self._of_events]

    @api.model
    def _product_id_of(self, vals):
        return whole(self.env, "product_id", vals["product_id"], least=1)

    @api.model
    def _company_id_of(self, vals):
        """Return whose a new record is to be; asked before what that company has is looked at.

        :raise AccessError: for a company that is closed to the user
        """
        own = self.env.company.id
        company_id = whole(self.env, "company_id", vals.get("company_id"), least=1, default=own)
        return self.env["event.store"]._check_company(company_id)

    @api.model
    def _check_only_events(self, *vals_list):
        """Refuse what follows from the snapshot alone."""
        for vals in vals_list:
            if not isinstance(vals, dict):
                raise UserError(_("A record must be given as a set of named values."))
            if vals.keys() & {"name", "status", "snapshot_id", "out_line_ids"}:
                raise UserError(
                    _(
                        "Reference and status come from the events and cannot be set; record what"
                        " happened, with a button or with event.store.append."
                    )
                )


class RentalOwnedRules(models.AbstractModel):
    """What the handlers of units and quantities do alike; they inherit it before the engine's."""

    _name = "rental.owned.rules"
    _description = "Rules of What Is Owned"
    _inherit = "rental.adopting.rules"

    @api.model
    def _check_counting(self, product_id, counting):
        """Refuse a product that is not here, or is counted otherwise.

        :param int product_id: as the payload says
        :param str counting: a value of ``rental_counting``
        """
        product = self.env["product.product"].sudo().browse(product_id)
        try:
            counted = product.rental_counting  # read once for a batch
        except MissingError:
            message = _("There is no product with the id %(id)s.", id=product_id)
            raise RuleViolation(message, "unknown_product") from None
        if counted == counting:
            return
        if counting == "serial":
            message = _(
                "%(product)s is counted by quantity, so it has no units; change its quantity.",
                product=product.display_name,
            )
        else:
            message = _(
                "%(product)s is counted by serial number; add or retire its units.",
                product=product.display_name,
            )
        raise RuleViolation(message, "counted_otherwise")

    @api.model
    def _check_reference(self, event, expected):
        """Refuse a stream under another reference than the one that its product gives."""
        if event.aggregate_id != expected:
            message = _(
                "The reference must be %(expected)s, not %(given)s, as the product says.",
                expected=expected,
                given=event.aggregate_id,
            )
            raise RuleViolation(message, "other_reference")
