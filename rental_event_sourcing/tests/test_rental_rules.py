"""The rules of a rental, each from every status, with its sentence."""

from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario
from odoo.addons.rental_event_sourcing.models.rental_snapshot import STATUSES
from odoo.addons.test_event_sourcing.common import EventCase

# How to get into a status, and what an event needs to be complete.
WAY = {
    "draft": [],
    "demo": ["DemoStarted"],
    "confirmed": ["RentalConfirmed"],
    "active": ["RentalConfirmed", "EquipmentDelivered"],
    "returned": ["RentalConfirmed", "EquipmentDelivered", "EquipmentReturned"],
    "closed": ["RentalConfirmed", "EquipmentDelivered", "EquipmentReturned", "RentalClosed"],
    "cancelled": ["RentalCancelled"],
}
COMPLETE = {
    "DemoExtended": {"demo_end": "2026-12-01"},
    "RentalExtended": {"planned_end": "2026-12-31"},
    "PriceChanged": {"monthly_price": 100},
    "DamageReported": {"description": "scratch"},
    "RentalInvoiced": {"amount": 50},
    "ContractAgreed": {"agreed_by": "Keiko Tanaka"},
    "ReturnReminded": {"reminded_for": "2026-12-31"},
    "DepositTaken": {"amount": 5},
    "UnitsAssigned": {"lines": {"1": {"unit_ids": ["7/A"]}}},
    "DeliveryCorrected": {"reason": "slip"},
    "ReturnCorrected": {"reason": "slip"},
    "RentalShortened": {"planned_end": "2026-06-01"},
    "ProductExchanged": {"line": "1", "product_id": 8},
}
PLANNED = (
    "RentalPlanned",
    {
        "planned_start": "2026-01-01",
        "planned_end": "2026-11-30",
        "lines": {"1": {"product_id": 7, "quantity": 2}},
    },
)
# The table, written out again on purpose: (event, from, to).
TABLE = {
    "DemoStarted": ("draft", "demo"),
    "DemoCancelled": ("demo", "cancelled"),
    "DemoExtended": ("demo", None),
    "RentalConfirmed": ("draft demo", "confirmed"),
    "RentalCancelled": ("draft demo confirmed", "cancelled"),
    "UnitsAssigned": ("draft demo confirmed active", None),
    "EquipmentDelivered": ("confirmed", "active"),  # active, too, while something is left
    "DeliveryCorrected": ("active", "confirmed"),  # or active, while something is out
    "RentalExtended": ("confirmed active", None),
    "RentalShortened": ("confirmed active", None),
    "ProductExchanged": ("confirmed active", None),
    "PriceChanged": ("draft demo confirmed active", None),
    "DamageReported": ("active returned", None),
    "EquipmentReturned": ("active", "returned"),  # or active, while something is out
    "ReturnCorrected": ("returned", "active"),  # active, too, where a part came back
    "RentalInvoiced": ("confirmed active returned", None),
    "RentalClosed": ("returned", "closed"),
    "RentalPlanned": ("draft", None),
    "PlanChanged": ("draft demo confirmed", None),
    "ContractAgreed": ("confirmed active", None),
    "ReturnReminded": ("active", None),
    "DepositTaken": ("draft demo confirmed active", None),
}
# What refers to an event before it; see test_rental_money.
REFERRING = {"InvoiceCorrected", "DepositReturned", "LateFeeCharged", "DamageCharged"}


class TestTransitions(EventCase):
    def test_every_event_from_every_status(self):
        handler = self.env["rental.snapshot.handler"]
        self.assertEqual(set(handler._transitions), set(TABLE) | REFERRING)
        self.assertEqual(set(WAY), {status for status, _label in STATUSES})
        for event_type, (sources, target) in TABLE.items():
            for status, way in WAY.items():
                with self.subTest(event_type=event_type, status=status):
                    rental = scenario(self.env, "rental").given(PLANNED, *way)
                    rental.when((event_type, COMPLETE.get(event_type, {})))
                    if status in sources.split():
                        rental.then({"status": target or status})
                    else:
                        rental.then(rejected())

    def test_a_payload_cannot_set_the_status(self):
        for event_type in TABLE:
            payload = {**COMPLETE.get(event_type, {}), "status": "closed"}
            source, target = TABLE[event_type]
            status = source.split()[0]
            rental = scenario(self.env, "rental").given(PLANNED, *WAY[status])
            rental.when((event_type, payload)).then({"status": target or status})

    def test_unknown_keys_stay_out_of_the_state(self):
        event = ("DemoStarted", {"monthly_price": 1, "colour": "red"})
        answer = self.store.append("rental", "X-KEYS", *event)
        state = self.store.state_at("rental", "X-KEYS")["state"]
        self.assertEqual(set(state), {"status", "demo_start"})
        self.assertEqual(self.store.browse(answer["id"]).payload, event[1])

    def test_the_refusal_of_a_second_cancellation(self):
        rental = scenario(self.env, "rental").given("DemoStarted").when("DemoCancelled")
        rental.then({"status": "cancelled"}).when("DemoCancelled")
        rental.then(rejected("not in a demo at present, so the demo cannot be cancelled"))

    def test_the_refusal_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        answer = self.store.with_context(lang="ja_JP").append("rental", "X-JA", "DemoCancelled", {})
        self.assertEqual(answer["message"], "現在デモ状態ではないため、キャンセルできません")

    def test_the_handler_passes_the_lint(self):
        plan = {
            "partner_id": self.env.user.partner_id.id,
            "quantity": 2,
            "planned_start": "2026-02-01",
            "planned_end": "2026-03-01",
            "monthly_price": 10.1,
        }
        whole = [
            ("RentalPlanned", plan),
            ("DemoStarted", {"demo_end": "2026-02-01"}),
            ("DemoExtended", {"demo_end": "2026-02-10"}),
            ("DemoExtended", {"demo_end": "2026-02-01"}),
            ("PlanChanged", {"planned_end": None, "quantity": 3}),
            "RentalConfirmed",
            ("PriceChanged", {"monthly_price": 9.9}),
            "EquipmentDelivered",
            ("RentalExtended", {"planned_end": "2026-05-01"}),
            ("RentalInvoiced", {"amount": 0.1}),
            ("RentalInvoiced", {"amount": 0.2}),
            ("DamageReported", {"description": "傷", "repair_cost": 5.5}),
            "EquipmentReturned",
            "RentalClosed",
            "DemoCancelled",
        ]
        histories = [whole, ["DemoStarted", "DemoCancelled", "DemoCancelled"], *WAY.values()]
        self.assertEqual(lint_handler(self.env, "rental", histories), [])


class TestPayloads(EventCase):
    def refuse(self, status, event_type, payload, reason, *before):
        rental = scenario(self.env, "rental").given(*before, *WAY[status])
        rental.when((event_type, payload)).then(rejected(reason))

    def label(self, key):
        """Return what people call a key: a sentence says no other name."""
        return self.env["rental.snapshot.handler"]._payload_label(key)

    def test_required_keys(self):
        for status, event_type, key in (
            ("demo", "DemoExtended", "demo_end"),
            ("active", "RentalExtended", "planned_end"),
            ("active", "PriceChanged", "monthly_price"),
            ("active", "DamageReported", "description"),
            ("active", "RentalInvoiced", "amount"),
        ):
            self.refuse(status, event_type, {}, f"{self.label(key)} is missing")

    def test_blank_words_describe_no_damage(self):
        self.refuse("active", "DamageReported", {"description": " 　"}, "Description is missing")

    def test_only_dates_can_be_emptied(self):
        plan = {"partner_id": 1, "quantity": 2, "planned_end": "2026-04-01", "monthly_price": 5}
        planned = ("RentalPlanned", plan)
        for key in ("partner_id", "product_id", "quantity", "monthly_price"):
            self.refuse(
                "draft", "PlanChanged", {key: None}, f"{self.label(key)} is missing", planned
            )
        rental = scenario(self.env, "rental").given(planned)
        rental.when(("PlanChanged", {"planned_end": None})).then({**plan, "planned_end": None})

    def test_amounts_are_not_negative(self):
        for status, event_type, payload, key in (
            ("active", "PriceChanged", {"monthly_price": -1}, "monthly_price"),
            ("active", "RentalInvoiced", {"amount": -0.01}, "amount"),
            ("active", "DamageReported", {"description": "x", "repair_cost": -5}, "repair_cost"),
            ("draft", "RentalPlanned", {"monthly_price": -5}, "monthly_price"),
        ):
            self.refuse(status, event_type, payload, f"{self.label(key)} must be at least 0")
        self.refuse("draft", "RentalPlanned", {"quantity": 0}, "Quantity must be at least 1")

    def test_types(self):
        for status, event_type, payload, reason in (
            ("draft", "DemoStarted", {"demo_end": "soon"}, "must be a date"),
            ("active", "RentalInvoiced", {"amount": "50"}, "must be a number"),
            ("active", "RentalInvoiced", {"amount": True}, "must be a number"),
            ("draft", "RentalPlanned", {"quantity": 1.5}, "must be a whole number"),
            ("active", "DamageReported", {"description": 5}, "must be a text"),
            ("demo", "DemoCancelled", {"reason": ["x"]}, "must be a text"),
        ):
            self.refuse(status, event_type, payload, reason)

    def test_dates_are_in_order(self):
        plan = {"planned_start": "2026-03-01", "planned_end": "2026-02-01"}
        backwards = "The end is before the start."
        self.refuse("draft", "RentalPlanned", plan, backwards)
        planned = ("RentalPlanned", {"planned_start": "2026-03-01", "planned_end": "2026-04-01"})
        earlier = {"planned_end": "2026-02-01"}
        self.refuse("draft", "PlanChanged", earlier, backwards, planned)
        self.refuse("draft", "DemoStarted", {"demo_end": "2025-01-01"}, "before it starts")
        earlier = {"returned_on": "2025-01-01"}
        self.refuse("active", "EquipmentReturned", earlier, "The return is before the delivery.")
        extended = ("DemoStarted", {"demo_end": "2026-06-01"})
        rental = scenario(self.env, "rental").given(extended)
        for day in ("2026-06-01", "2026-05-31"):
            rental.when(("DemoExtended", {"demo_end": day})).then(rejected("must end later"))
        rental.when(("DemoExtended", {"demo_end": "2026-06-02"})).then({"demo_end": "2026-06-02"})
        self.refuse("confirmed", "RentalExtended", {"planned_end": "2026-04-01"}, "later", planned)

    def test_amounts_add_up(self):
        rental = scenario(self.env, "rental").given(*WAY["active"])
        rental.given(
            ("RentalInvoiced", {"amount": 0.1}),
            ("DamageReported", {"description": "a", "repair_cost": 3}),
        )
        rental.when(("RentalInvoiced", {"amount": 0.2})).then({"invoiced_amount": 0.3})
        rental.when(("DamageReported", {"description": "b"}))
        rental.then({"damage_count": 2, "damage_cost": 3, "last_damage": "b"})
