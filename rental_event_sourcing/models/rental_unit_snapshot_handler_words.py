from odoo import _, models


class RentalUnitSnapshotHandlerWords(models.AbstractModel):
    """What people call the events, values and rules of a unit, said once."""

    _inherit = "rental.unit.snapshot.handler"

    def _records_label(self):
        return _("Units")

    def _event_labels(self):
        return {
            "UnitAcquired": _("Unit acquired"),
            "MaintenanceStarted": _("Maintenance started"),
            "MaintenanceEnded": _("Maintenance ended"),
            "UnitDamaged": _("Unit damaged"),
            "UnitRetired": _("Unit retired"),
        }

    def _payload_labels(self):
        return {
            "serial_number": _("Serial number"),
            "product_id": _("Product"),
            "acquired_on": _("Acquired on"),
            "cost": _("Purchase cost"),
            "reason": _("Reason"),
            "expected_end": _("Expected end"),
            "description": _("Description"),
            "photo_hash": _("Hash of the photo"),
            "maintenance_reason": _("Why it is in maintenance"),
            "maintenance_since": _("In maintenance since"),
            "maintenance_until": _("Back in order"),
            "damaged": _("Damaged"),
            "damage_count": _("Damages"),
            "last_damage": _("Last damage"),
            "damaged_on": _("Last damage on"),
            "retired_on": _("Retired on"),
            "retire_reason": _("Why it was retired"),
            "status": _("Status"),
        }

    def _event_help(self):
        return {
            "UnitAcquired": _("The company owns one piece more of a product."),
            "MaintenanceStarted": _("The unit is checked or repaired; it cannot be rented."),
            "MaintenanceEnded": _("The unit is in order again; it can be rented."),
            "UnitDamaged": _("Something is broken; start a maintenance where it must be repaired."),
            "UnitRetired": _("The unit was sold, lost or scrapped; nothing more will happen."),
        }

    def _payload_help(self):
        return {
            "serial_number": _("What stands on the unit; once per product."),
            "product_id": _("Which product it is one of; it must be counted by serial number."),
            "acquired_on": _("Since when it is owned; the day of the event if left out."),
            "cost": _("What it cost, without tax, in the company's currency."),
            "reason": _("Why, in a few words."),
            "expected_end": _("Last day on which it cannot be rented, as far as is known."),
            "description": _("What is broken, and where."),
            "photo_hash": _("SHA-256 of the photo, which is kept as an attachment."),
        }

    def _refusal(self, event, status):
        sentence = self._refusal_of(event.event_type, self._unit_in(status))
        if sentence is None:  # an event of an addon that extends this one
            return super()._refusal(event, status)
        return sentence[:1].upper() + sentence[1:]

    def _unit_in(self, status):
        """Return what people call a unit in a status, to stand within a sentence."""
        match status:
            case "new":
                return _("a unit that was never acquired")
            case "in_order":
                return _("a unit in order")
            case "maintenance":
                return _("a unit in maintenance")
            case "retired":
                return _("a retired unit")
        return _("a unit with the status %(status)s", status=status)

    def _refusal_of(self, event_type, unit):
        """Return the sentence that refuses an event, None for one that is not known here."""
        match event_type:
            case "UnitAcquired":
                return _("%(unit)s cannot be acquired again.", unit=unit)
            case "MaintenanceStarted":
                return _("Maintenance of %(unit)s cannot be started.", unit=unit)
            case "MaintenanceEnded":
                return _("%(unit)s has no maintenance to end.", unit=unit)
            case "UnitDamaged":
                return _("Damage cannot be recorded for %(unit)s.", unit=unit)
            case "UnitRetired":
                return _("%(unit)s cannot be retired.", unit=unit)
        return None

    def _rule_labels(self):
        return {
            "maintenance_ends_before_start": _("A maintenance cannot end before it starts."),
            "serial_number_form": _("A serial number is too long, or has blanks at its ends."),
            "photo_hash_form": _("The hash of a photo is no SHA-256."),
            "unknown_product": _("There is no such product."),
            "counted_otherwise": _("The product is counted in another way."),
            "other_reference": _("The reference is not the one that the product gives."),
            "decimals:cost": _("The cost has more decimals than its currency."),
        }
