from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.transitions import PayloadField, Transition

from ..photos import SHA256

MAX_SERIAL = 64


def unit_reference(product_id, serial_number):
    """Return the aggregate id of a unit: one serial number of one product, so it is there once."""
    return f"{product_id}/{serial_number}"


class RentalUnitSnapshotHandler(models.AbstractModel):
    """The rules of a unit: one piece of a product, known by its serial number.

    Its stream is named after product and serial number: a company cannot acquire the same unit
    twice, whoever tries it at the same moment.
    """

    _name = "rental.unit.snapshot.handler"
    _description = "Rules of a Unit"
    _inherit = ["rental.owned.rules", "rental.said.rules", "snapshot.handler"]
    _aggregate_model = "rental_unit"
    _snapshot_model = "rental.unit.snapshot"
    _source_model = "rental.unit"
    _initial_status = "new"
    _ended_statuses = ("retired",)
    _transitions = {
        "UnitAcquired": Transition("new", "in_order"),
        "MaintenanceStarted": Transition("in_order", "maintenance"),
        "MaintenanceEnded": Transition("maintenance", "in_order"),
        "UnitDamaged": Transition(("in_order", "maintenance")),
        "UnitRetired": Transition(("in_order", "maintenance"), "retired"),
    }
    _payload_fields = {
        "UnitAcquired": {
            "serial_number": PayloadField("text", required=True),
            "product_id": PayloadField(
                "integer", required=True, minimum=1, model="product.product"
            ),
            "acquired_on": PayloadField("date"),
            "cost": PayloadField("number", minimum=0),
        },
        "MaintenanceStarted": {
            "reason": PayloadField("text"),
            "expected_end": PayloadField("date"),
        },
        "MaintenanceEnded": {},
        "UnitDamaged": {
            "description": PayloadField("text", required=True),
            "photo_hash": PayloadField("text"),
        },
        "UnitRetired": {"reason": PayloadField("text", required=True)},
    }
    _event_icons = {
        "UnitAcquired": "fa-plus-circle",
        "MaintenanceStarted": "fa-wrench",
        "MaintenanceEnded": "fa-check",
        "UnitDamaged": "fa-bolt",
        "UnitRetired": "fa-archive",
    }
    _event_examples = {
        "UnitAcquired": {
            "serial_number": "PRJ-0042",
            "product_id": 1,
            "acquired_on": "2026-01-31",
            "cost": 420000,
        },
        "MaintenanceStarted": {"reason": "Yearly check", "expected_end": "2026-02-07"},
        "UnitDamaged": {"description": "Lens scratched"},
        "UnitRetired": {"reason": "Beyond repair"},
    }

    def _evolve(self, state, event):
        """Return the state after ``event``; only declared keys reach it."""
        declared = self._payload_fields[event.event_type]
        given = {
            key: event.payload[key] for key in declared if event.payload.get(key) not in (None, "")
        }
        return {**state, **getattr(self, f"_on_{event.event_type}")(state, event, given)}

    def _on_UnitAcquired(self, state, event, given):
        return {"acquired_on": str(event.business_date), **given}

    def _on_MaintenanceStarted(self, state, event, given):
        start, end = str(event.business_date), given.get("expected_end")
        if end and end < start:
            message = _(
                "The maintenance would end on %(end)s, before it starts on %(start)s; choose a"
                " later day.",
                end=end,
                start=start,
            )
            raise RuleViolation(message, "maintenance_ends_before_start")
        return {
            "maintenance_since": start,
            "maintenance_until": end,
            "maintenance_reason": given.get("reason"),
        }

    def _on_MaintenanceEnded(self, state, event, given):
        known = ("maintenance_since", "maintenance_until", "maintenance_reason")
        return {**dict.fromkeys(known), "damaged": False}

    def _on_UnitDamaged(self, state, event, given):
        self._check_said("UnitDamaged", "description", given)
        return {
            "damaged": True,
            "damage_count": state.get("damage_count", 0) + 1,
            "last_damage": given["description"],
            "damaged_on": str(event.business_date),
        }

    def _on_UnitRetired(self, state, event, given):
        self._check_said("UnitRetired", "reason", given)
        return {"retired_on": str(event.business_date), "retire_reason": given["reason"]}

    @api.model
    def _check_new(self, event):
        """Refuse a unit under a wrong reference, or of a product that is counted otherwise."""
        super()._check_new(event)
        if event.event_type == "UnitDamaged" and event.payload.get("photo_hash"):
            self._check_photo_hash(str(event.payload["photo_hash"]))
        if event.event_type != "UnitAcquired":
            return
        serial, product_id = str(event.payload["serial_number"]), event.payload["product_id"]
        if serial != serial.strip() or len(serial) > MAX_SERIAL or not serial.isprintable():
            message = _(
                "A serial number has at most %(maximum)s characters, and no blanks at its ends.",
                maximum=MAX_SERIAL,
            )
            raise RuleViolation(message, "serial_number_form")
        self._check_counting(product_id, "serial")
        self._check_reference(event, unit_reference(product_id, serial))
        self.env["rental.snapshot.handler"]._check_amount(event, "cost")

    @api.model
    def _check_photo_hash(self, value):
        if not SHA256.fullmatch(value):
            message = _("The hash of a photo is its SHA-256: 64 digits from 0 to 9 and a to f.")
            raise RuleViolation(message, "photo_hash_form")
