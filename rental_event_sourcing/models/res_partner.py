from odoo import _, api, models
from odoo.exceptions import UserError, ValidationError


class ResPartner(models.Model):
    """A customer can be deleted when all their rentals are over.

    History keeps the id alone; what is known of the person goes with the record.
    """

    _inherit = "res.partner"

    @api.constrains("company_id")
    def _check_company_of_rentals(self):
        """Let no company take the customer of another one: its people could not read their own."""
        orders = self.env["rental.order"].sudo()
        for partner in self.filtered("company_id"):
            others = ["!", ("company_id", "child_of", partner.company_id.ids)]
            names = ("partner_id", "delivery_partner_id", "contact_partner_id")
            domain = ["|", "|", *((name, "=", partner.id) for name in names), *others]
            if orders.search_count(domain, limit=1):
                raise ValidationError(
                    _(
                        "%(name)s stands in rentals of another company, so it cannot be one"
                        " company's alone; create another contact.",
                        name=partner.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_customer_of_open_rental(self):
        ended = self.env["rental.snapshot.handler"]._ended_statuses
        # Of all companies, whichever the user sees: none of them may lose its customer.
        for model in ("rental.snapshot", "rental.order"):
            domain = [("partner_id", "in", self.ids), ("status", "not in", ended)]
            found = self.env[model].sudo().search(domain, limit=1)
            if found:
                raise UserError(
                    _(
                        "%(name)s is the customer of a rental that is not over; close or cancel"
                        " the rental first.",
                        name=found.partner_id.display_name,
                    )
                )
