from odoo import _, models


class RentalSnapshotHandlerWords(models.AbstractModel):
    """What people call the events, values and rules of a rental, said once."""

    _inherit = "rental.snapshot.handler"

    def _records_label(self):
        return _("Rentals")

    def _event_labels(self):
        return {
            "RentalPlanned": _("Rental planned"),
            "PlanChanged": _("Plan changed"),
            "DemoStarted": _("Demo started"),
            "DemoExtended": _("Demo extended"),
            "DemoCancelled": _("Demo cancelled"),
            "RentalConfirmed": _("Rental confirmed"),
            "RentalCancelled": _("Rental cancelled"),
            "EquipmentDelivered": _("Equipment delivered"),
            "RentalExtended": _("Rental extended"),
            "PriceChanged": _("Price changed"),
            "DamageReported": _("Damage reported"),
            "EquipmentReturned": _("Equipment returned"),
            "RentalInvoiced": _("Rental invoiced"),
            "RentalClosed": _("Rental closed"),
        }

    def _payload_labels(self):
        return {
            "partner_id": _("Customer"),
            "product_id": _("Product"),
            "former_product_id": _("Product of the former catalogue"),
            "quantity": _("Quantity"),
            "planned_start": _("Planned start"),
            "planned_end": _("Planned end"),
            "monthly_price": _("Monthly price"),
            "demo_start": _("Demo start"),
            "demo_end": _("Demo end"),
            "delivered_on": _("Delivered on"),
            "returned_on": _("Returned on"),
            "reason": _("Reason"),
            "cancel_reason": _("Cancellation reason"),
            "description": _("Description"),
            "cost": _("Cost"),
            "repair_cost": _("Repair cost"),
            "charged": _("Charged to the customer"),
            "amount": _("Amount"),
            "invoiced_amount": _("Invoiced amount"),
            "damage_count": _("Damages"),
            "damage_cost": _("Cost of damages"),
            "damage_charged": _("Damages charged"),
            "last_damage": _("Last damage"),
            "status": _("Status"),
        }

    def _event_help(self):
        return {
            "RentalPlanned": _("A customer shall get a product; nothing is promised yet."),
            "PlanChanged": _("Customer, product, quantity, dates or price of the plan changed."),
            "DemoStarted": _("The customer tries the equipment, free of charge."),
            "DemoExtended": _("The customer may try it for longer."),
            "DemoCancelled": _("The demo ended without a rental."),
            "RentalConfirmed": _("The customer has signed; equipment can be delivered."),
            "RentalCancelled": _("The rental will not take place."),
            "EquipmentDelivered": _("The customer has the equipment; the rental runs."),
            "RentalExtended": _("The rental ends later than planned."),
            "PriceChanged": _("A new monthly price was agreed."),
            "DamageReported": _("Equipment was damaged while the customer had it."),
            "EquipmentReturned": _("The equipment is back; damages can still be reported."),
            "RentalInvoiced": _("An amount was invoiced to the customer."),
            "RentalClosed": _("Everything is settled; nothing more will happen."),
        }

    def _payload_help(self):
        return {
            "partner_id": _("Who rents it."),
            "product_id": _("What is rented."),
            "quantity": _("How many pieces."),
            "planned_start": _("First day of the rental."),
            "planned_end": _("Last day of the rental."),
            "monthly_price": _("For one piece and month, without tax, in the company's currency."),
            "demo_end": _("Last day of the demo."),
            "delivered_on": _("The day of delivery; the day of the event if left out."),
            "returned_on": _("The day of return; the day of the event if left out."),
            "reason": _("Why, in the words of the customer."),
            "description": _("What is broken, and where."),
            "repair_cost": _("Estimated cost of the repair, in the company's currency."),
            "charged": _("Whether the customer pays for the repair."),
            "amount": _("Without tax, in the company's currency."),
        }

    def _refusal(self, event, status):
        sentence = self._refusal_of(event.event_type, self._rental_in(status))
        if sentence is None:  # an event of an addon that extends this one
            return super()._refusal(event, status)
        return sentence[:1].upper() + sentence[1:]

    # Word by word, not as a table: of a batch, many may be refused, in several languages.

    def _rental_in(self, status):
        """Return what people call a rental in a status, to stand within a sentence."""
        match status:
            case "draft":
                return _("a draft rental")
            case "demo":
                return _("a rental in a demo")
            case "confirmed":
                return _("a confirmed rental")
            case "active":
                return _("an active rental")
            case "returned":
                return _("a returned rental")
            case "closed":
                return _("a closed rental")
            case "cancelled":
                return _("a cancelled rental")
        return _("a rental with the status %(status)s", status=status)

    def _refusal_of(self, event_type, rental):
        """Return the sentence that refuses an event, None for one that is not known here."""
        match event_type:
            case "RentalPlanned":
                return _("%(rental)s cannot be planned again.", rental=rental)
            case "PlanChanged":
                return _("The plan of %(rental)s cannot be changed.", rental=rental)
            case "DemoStarted":
                return _("A demo of %(rental)s cannot be started.", rental=rental)
            case "DemoExtended":
                return _("%(rental)s has no demo to extend.", rental=rental)
            case "DemoCancelled":
                return _("The rental is not in a demo at present, so the demo cannot be cancelled.")
            case "RentalConfirmed":
                return _("%(rental)s cannot be confirmed.", rental=rental)
            case "RentalCancelled":
                return _("%(rental)s cannot be cancelled.", rental=rental)
            case "EquipmentDelivered":
                return _("The equipment of %(rental)s cannot be delivered.", rental=rental)
            case "RentalExtended":
                return _("%(rental)s cannot be extended.", rental=rental)
            case "PriceChanged":
                return _("The price of %(rental)s cannot be changed.", rental=rental)
            case "DamageReported":
                return _("Damage cannot be reported for %(rental)s.", rental=rental)
            case "EquipmentReturned":
                return _("The equipment of %(rental)s cannot be returned.", rental=rental)
            case "RentalInvoiced":
                return _("%(rental)s cannot be invoiced.", rental=rental)
            case "RentalClosed":
                return _("%(rental)s cannot be closed.", rental=rental)
        return None

    def _rule_labels(self):
        return {
            "demo_ends_before_start": _("A demo cannot end before it starts."),
            "dates_out_of_order": _("The end is before the start."),
            "extension_not_later": _("An extension must end later than before."),
        }
