from odoo import _, api, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    """A customer can be deleted when all their rentals are over.

    History keeps the id alone; what is known of the person goes with the record.
    """

    _inherit = "res.partner"

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
