from odoo import models

from odoo.addons.event_sourcing.transitions import PayloadField, Transition


class BenchRentalHandler(models.AbstractModel):
    """The rules of a rental as the other contestants have them; payloads are checked besides."""

    _name = "snapshot.handler.bench.rental"
    _inherit = "snapshot.handler"
    _description = "Rules of a Rental of a Benchmark"
    _snapshot_model = "bench.rental.snapshot"
    _transitions = {
        "RentalPlanned": Transition("draft"),
        "PriceChanged": Transition("draft"),
        "DemoStarted": Transition("draft", "demo"),
        "DemoExtended": Transition("demo"),
        "RentalConfirmed": Transition("demo", "confirmed"),
        "EquipmentDelivered": Transition("confirmed", "active"),
        "RentalExtended": Transition("active"),
        "DamageReported": Transition("active"),
        "EquipmentReturned": Transition("active", "returned"),
        "RentalInvoiced": Transition("returned"),
        "RentalClosed": Transition("returned", "closed"),
    }
    _payload_fields = {
        "RentalPlanned": {
            "partner_id": PayloadField("integer", minimum=1),
            "product_id": PayloadField("integer", minimum=1),
            "quantity": PayloadField("integer", minimum=1),
            "planned_start": PayloadField("date"),
            "planned_end": PayloadField("date"),
            "monthly_price": PayloadField("number", minimum=0),
        },
        "PriceChanged": {"monthly_price": PayloadField("number", required=True, minimum=0)},
        "DemoStarted": {"demo_end": PayloadField("date")},
        "DemoExtended": {"demo_end": PayloadField("date", required=True)},
        "RentalExtended": {"planned_end": PayloadField("date", required=True)},
        "DamageReported": {
            "description": PayloadField("text", required=True),
            "repair_cost": PayloadField("number", minimum=0),
            "charged": PayloadField("boolean"),
        },
        "RentalInvoiced": {"amount": PayloadField("number", required=True, minimum=0)},
    }


class BenchNamingHandler(models.AbstractModel):
    """The same rules, for events that name records: these must be there, and of the company."""

    _name = "snapshot.handler.bench.naming"
    _inherit = "snapshot.handler.bench.rental"
    _description = "Rules of a Rental of a Benchmark That Names Records"
    _snapshot_model = "bench.naming.snapshot"
