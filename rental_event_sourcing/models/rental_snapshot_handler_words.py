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
            "UnitsAssigned": _("Units assigned"),
            "DeliveryCorrected": _("Delivery corrected"),
            "RentalExtended": _("Rental extended"),
            "RentalShortened": _("Rental shortened"),
            "ProductExchanged": _("Product exchanged"),
            "PriceChanged": _("Price changed"),
            "DamageReported": _("Damage reported"),
            "EquipmentReturned": _("Equipment returned"),
            "ReturnCorrected": _("Return corrected"),
            "RentalInvoiced": _("Rental invoiced"),
            "ContractAgreed": _("Contract agreed"),
            "ReturnReminded": _("Reminder of the return sent"),
            "RentalClosed": _("Rental closed"),
        }

    def _value_text(self, key, value):
        if key == "price_period":
            lines = self.env["rental.order.line"]
            return dict(lines._fields[key]._description_selection(self.env)).get(value)
        if key == "kind":  # of a movement
            return {"delivered": _("Delivered"), "returned": _("Returned")}.get(value)
        if key in ("unit_ids", "out"):
            return value.partition("/")[2] or None  # the serial number in a unit's reference
        return super()._value_text(key, value)

    def _payload_labels(self):
        return {
            "partner_id": _("Customer"),
            "delivery_partner_id": _("Delivery address"),
            "contact_partner_id": _("Contact person"),
            "product_id": _("Product"),
            "former_product_id": _("Product of the former catalogue"),
            "quantity": _("Quantity"),
            "planned_start": _("Planned start"),
            "planned_end": _("Planned end"),
            "monthly_price": _("Monthly price"),
            "lines": _("Lines"),
            "removed_lines": _("Removed lines"),
            "line": _("Line"),
            "price": _("Price"),
            "price_period": _("Price period"),
            "price_typed": _("Price agreed"),
            "unit_ids": _("Units"),
            "delivered": _("Delivered"),
            "returned": _("Returned"),
            "out": _("Units out"),
            "condition": _("Condition"),
            "missing": _("What is missing"),
            "movement": _("Movement"),
            "movements": _("Deliveries and returns"),
            "kind": _("Kind"),
            "day": _("Day"),
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
            "agreed_by": _("Agreed by"),
            "agreed_at": _("Agreed at"),
            "reminded_for": _("Reminded of the return on"),
            "invoiced_amount": _("Invoiced amount"),
            "damage_count": _("Damages"),
            "damage_cost": _("Cost of damages"),
            "damage_charged": _("Damages charged"),
            "last_damage": _("Last damage"),
            "status": _("Status"),
        }

    def _event_help(self):
        return {
            "RentalPlanned": _("A customer shall get products; nothing is promised yet."),
            "PlanChanged": _("Customer, lines, dates or prices of the plan changed."),
            "UnitsAssigned": _("Which units are to go out was chosen."),
            "DeliveryCorrected": _("A delivery was recorded that did not happen like this."),
            "RentalShortened": _("The rental ends earlier than planned."),
            "ProductExchanged": _("The customer gets another product in place of a line's."),
            "ReturnCorrected": _("A return was recorded that did not happen like this."),
            "DemoStarted": _("The customer tries the equipment, free of charge."),
            "DemoExtended": _("The customer may try it for longer."),
            "DemoCancelled": _("The demo ended without a rental."),
            "RentalConfirmed": _("The customer has signed; equipment can be delivered."),
            "RentalCancelled": _("The rental will not take place."),
            "EquipmentDelivered": _("The customer has the equipment, or a part; the rental runs."),
            "RentalExtended": _("The rental ends later than planned."),
            "PriceChanged": _("A new price was agreed."),
            "DamageReported": _("Equipment was damaged while the customer had it."),
            "EquipmentReturned": _("The equipment, or a part, is back; damage can be reported."),
            "RentalInvoiced": _("An amount was invoiced to the customer."),
            "ContractAgreed": _("The customer agrees to the contract as it stands."),
            "ReturnReminded": _("The customer was told by e-mail when the equipment is due."),
            "RentalClosed": _("Everything is settled; this cannot be undone."),
        }

    def _payload_help(self):
        return {
            "partner_id": _("Who rents it."),
            "delivery_partner_id": _("Where it goes, if not to the customer."),
            "contact_partner_id": _("Whom to ask for, and to write to."),
            "product_id": _("What is rented; of a rental with one line."),
            "quantity": _("How many pieces; of a rental with one line."),
            "lines": _("By the name of each line: what is rented, or how much of it moved."),
            "removed_lines": _("Names of lines that are rented no longer."),
            "line": _("The name of the line."),
            "unit_ids": _("References of units, product and serial number."),
            "condition": _("In which condition it went out or came back."),
            "missing": _("What did not come back with it, such as a cable."),
            "movement": _("The version of the event that was wrong; the last one if left out."),
            "planned_start": _("First day of the rental."),
            "planned_end": _("Last day of the rental."),
            "monthly_price": _("For one piece and month, without tax; of a rental with one line."),
            "demo_end": _("Last day of the demo."),
            "delivered_on": _("The day of delivery; the day of the event if left out."),
            "returned_on": _("The day of return; the day of the event if left out."),
            "reason": _("Why, in the words of the customer."),
            "description": _("What is broken, and where."),
            "repair_cost": _("Estimated cost of the repair, in the company's currency."),
            "charged": _("Whether the customer pays for the repair."),
            "amount": _("Without tax, in the company's currency."),
            "agreed_by": _("The name of the person who agrees."),
            "reminded_for": _("The planned end of which the customer was reminded."),
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
            case "UnitsAssigned":
                return _("Units cannot be assigned to %(rental)s.", rental=rental)
            case "DeliveryCorrected":
                return _("%(rental)s has no delivery to correct.", rental=rental)
            case "RentalShortened":
                return _("%(rental)s cannot be shortened.", rental=rental)
            case "ProductExchanged":
                return _("The product of %(rental)s cannot be exchanged.", rental=rental)
            case "ReturnCorrected":
                return _("%(rental)s has no return to correct.", rental=rental)
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
            case "ContractAgreed":
                return _("The contract of %(rental)s cannot be agreed.", rental=rental)
            case "ReturnReminded":
                return _("The customer of %(rental)s needs no reminder.", rental=rental)
            case "RentalClosed":
                return _("%(rental)s cannot be closed.", rental=rental)
        return None

    def _rule_labels(self):
        return {
            "demo_ends_before_start": _("A demo cannot end before it starts."),
            "dates_out_of_order": _("The end is before the start."),
            "extension_not_later": _("An extension must end later than before."),
            "reminded_already": _("The customer was reminded already."),
            "shortening_not_earlier": _("A rental is shortened to an earlier end."),
            "no_lines": _("A rental needs a line with a product."),
            "unknown_customer": _("There is no such customer; give the id of one that exists."),
            "unknown_product": _("There is no such product; give the id of one that exists."),
            "archived_product": _("A product that is archived is not rented any more."),
            "unknown_line": _("An event names a line that the rental does not have."),
            "line_not_named": _("A rental has several lines, and none is named."),
            "same_product": _("A product is exchanged for another one."),
            "returned_in_part": _("A product cannot be exchanged when a part is back."),
            "too_many_units": _("More units are named than pieces."),
            "unit_twice": _("A unit is in one line only, and out once."),
            "unit_of_other_product": _("A unit must be of the line's product."),
            "unit_not_out": _("Only a unit that is out comes back."),
            "units_not_named": _("Which units came back must be said."),
            "more_than_planned": _("No more goes out than is planned."),
            "nothing_to_deliver": _("Nothing is left to go out."),
            "more_than_out": _("No more comes back than is out."),
            "no_such_movement": _("Only a movement that was recorded is corrected."),
            "moved_since": _("A delivery is corrected before what came after it."),
        }
