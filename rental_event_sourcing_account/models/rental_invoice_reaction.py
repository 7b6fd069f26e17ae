from odoo import api, models

from .rental_invoice import KINDS


class RentalInvoiceReaction(models.AbstractModel):
    """Make a draft invoice, or credit note, of what is invoiced and credited for rentals.

    Imported history is passed over: what was invoiced elsewhere is invoiced to nobody.
    """

    _name = "rental.invoice.reaction"
    _inherit = "event.reaction"
    _description = "Invoices of Rentals"
    _subscribes = {"rental": tuple(KINDS)}

    @api.model
    def _react(self, event):
        self.env["rental.invoice"]._record(event)
