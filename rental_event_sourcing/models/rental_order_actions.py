from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.arguments import shown
from odoo.addons.event_sourcing_base.compat import check_access

from .. import money

# What needs more than a click is asked for by the wizard.
WITH_DIALOG = (
    *("DemoExtended", "RentalExtended", "PriceChanged", "DamageReported", "RentalInvoiced"),
    "ContractAgreed",
    *money.BUTTONS,
    *("RentalShortened", "ProductExchanged", "DeliveryCorrected", "ReturnCorrected"),
)
# What is about the lines of one rental, asked for by a dialog with its lines.
OF_LINES = ("EquipmentDelivered", "EquipmentReturned", "UnitsAssigned")
# What cannot be the same for many rentals.
OF_ONE = ("UnitsAssigned", "ProductExchanged")
# What no click may do by a slip, because an event stays recorded; and people ask why.
CANCELLATIONS = ("DemoCancelled", "RentalCancelled")
# What no further event undoes is confirmed first.
FINAL = ("RentalClosed",)


class RentalOrderActions(models.Model):
    """What a person can do with rentals, one or many at once."""

    _inherit = "rental.order"

    def action_record_event(self, event_type):
        """Record an event about each rental of self, or ask for what it needs.

        :param str event_type: one of the handler's
        :return: an action: the wizard, or a notification that counts and names
        :raise UserError: without a rental, or for an event that rentals do not know
        """
        check_access(self, "write")
        self._event_label(event_type)  # refuses an event that rentals do not know
        if not self:
            raise UserError(_("Select at least one rental first."))
        if event_type in WITH_DIALOG:
            return self._ask(event_type)
        return self._record_and_tell(event_type)

    def _ask(self, event_type):
        """Return the action that asks for what an event needs.

        :raise UserError: for many rentals, of an event that cannot be the same for them
        """
        if event_type in OF_ONE and len(self) > 1:
            raise UserError(_("Choose one rental: this is about its lines."))
        lines = event_type in OF_LINES and len(self) == 1
        return {
            "type": "ir.actions.act_window",
            "name": self._action_label(event_type),
            "res_model": "rental.movement.wizard" if lines else "rental.event.wizard",
            "view_mode": "form",
            "views": [(False, "form")],  # the board runs it by itself
            "target": "new",
            "context": {
                "default_event_type": event_type,
                **({} if lines else {"default_order_ids": [(6, 0, self.ids)]}),
                "active_model": self._name,
                "active_id": self[:1].id,
                "active_ids": self.ids,
            },
        }

    def _event_label(self, event_type):
        labels = self.env["rental.snapshot.handler"]._event_labels()
        if not isinstance(event_type, str) or event_type not in labels:
            raise UserError(
                _(
                    "Rentals know no event %(type)s; use one of: %(known)s.",
                    type=shown(event_type),
                    known=", ".join(labels),
                )
            )
        return labels[event_type]

    def _action_label(self, event_type):
        return self.env["rental.order.words"]._action_label(event_type)

    def _done_sentence(self, event_type, names):
        return self.env["rental.order.words"]._done_sentence(event_type, names)

    def action_start_demo(self):
        return self.action_record_event("DemoStarted")

    def action_extend_demo(self):
        return self.action_record_event("DemoExtended")

    def action_cancel_demo(self):
        return self.action_record_event("DemoCancelled")

    def action_ask_cancel_demo(self):
        """Ask for the reason first, as the button does, and the Action menu for many."""
        return self._ask("DemoCancelled")

    def action_confirm(self):
        return self.action_record_event("RentalConfirmed")

    def action_cancel(self):
        return self.action_record_event("RentalCancelled")

    def action_ask_cancel(self):
        """Ask for the reason first, as the button does, and the Action menu for many."""
        return self._ask("RentalCancelled")

    def action_deliver(self):
        """Deliver all that is open, or ask where there is something to choose or to scan."""
        if self._has_choice():
            return self._ask("EquipmentDelivered")
        return self.action_record_event("EquipmentDelivered")

    def action_deliver_part(self):
        return self._ask("EquipmentDelivered")

    def action_assign_units(self):
        return self._ask("UnitsAssigned")

    def action_correct_delivery(self):
        return self.action_record_event("DeliveryCorrected")

    def action_shorten(self):
        return self.action_record_event("RentalShortened")

    def action_exchange_product(self):
        return self.action_record_event("ProductExchanged")

    def _has_choice(self):
        """Whether it is to be asked which pieces move: of several lines, or by serial number."""
        lines = self.line_ids
        by_serial = "serial" in lines.product_id.mapped("rental_counting")
        return len(self) == 1 and (len(lines) > 1 or by_serial)

    def action_extend(self):
        return self.action_record_event("RentalExtended")

    def action_change_price(self):
        return self.action_record_event("PriceChanged")

    def action_report_damage(self):
        return self.action_record_event("DamageReported")

    def action_return(self):
        """Take back all that is out, or ask where there is something to choose or to scan."""
        if self._has_choice():
            return self._ask("EquipmentReturned")
        return self.action_record_event("EquipmentReturned")

    def action_return_part(self):
        return self._ask("EquipmentReturned")

    def action_correct_return(self):
        return self.action_record_event("ReturnCorrected")

    def action_invoice(self):
        return self.action_record_event("RentalInvoiced")

    def action_agree(self):
        return self.action_record_event("ContractAgreed")

    def action_close(self):
        return self.action_record_event("RentalClosed")

    def action_ask_close(self):
        """Ask first, as nothing undoes it."""
        return self._ask("RentalClosed")
