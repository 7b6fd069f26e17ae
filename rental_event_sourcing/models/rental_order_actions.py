from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.arguments import shown
from odoo.addons.event_sourcing.compat import check_access

# What needs more than a click is asked for by the wizard.
ASKED = ("DemoExtended", "RentalExtended", "PriceChanged", "DamageReported", "RentalInvoiced")
# What no click may do by a slip, because an event stays recorded; and people ask why.
CANCELLATIONS = ("DemoCancelled", "RentalCancelled")


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
        if event_type in ASKED:
            return self._ask(event_type)
        return self._record_and_tell(event_type)

    def _ask(self, event_type):
        """Return the action that asks for what an event needs."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env["rental.order.words"]._action_label(event_type),
            "res_model": "rental.event.wizard",
            "view_mode": "form",
            "views": [(False, "form")],  # the board runs it by itself
            "target": "new",
            "context": {
                "default_event_type": event_type,
                "default_order_ids": [(6, 0, self.ids)],
                "active_model": self._name,
                "active_ids": self.ids,
            },
        }

    def _record_and_tell(self, event_type, payload=None):
        """Record an event about each rental, and say what became of each.

        One that is refused does not stop the others: it is kept as an attempt.
        """
        events = self._apply_event(event_type, payload, policy="record")
        applied = events.filtered(lambda event: event.outcome == "applied")
        refused = events - applied
        words = self.env["rental.order.words"]
        label = self._event_label(event_type)
        action = words._action_label(event_type)
        done = applied and words._done_sentence(event_type, applied.mapped("aggregate_id"))
        reasons = {}
        for event in refused:
            reasons.setdefault(event.error_message, []).append(event.aggregate_id)
        return self._tell(
            label if applied else _("Not possible: %(action)s", action=action),
            words._told(done or "", reasons, len(events)),
            "warning" if refused else "success",
            refused._why(),
        )

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
        return self.action_record_event("EquipmentDelivered")

    def action_extend(self):
        return self.action_record_event("RentalExtended")

    def action_change_price(self):
        return self.action_record_event("PriceChanged")

    def action_report_damage(self):
        return self.action_record_event("DamageReported")

    def action_return(self):
        return self.action_record_event("EquipmentReturned")

    def action_invoice(self):
        return self.action_record_event("RentalInvoiced")

    def action_close(self):
        return self.action_record_event("RentalClosed")
