"""Lines: what is rented of which product, written through the rental, one event per save."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.models import event_store_failure
from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.rental_event_sourcing.former_products import fold_anew
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_order import USER, RentalCase

DAYS = {"planned_start": "2026-02-01", "planned_end": "2026-03-31"}
TWO = {
    "1": {"product_id": 7, "quantity": 3, "price": 100, "price_period": "month"},
    "2": {"product_id": 8, "quantity": 1, "price": 20, "price_period": "day"},
}
PLANNED = ("RentalPlanned", {**DAYS, "lines": TWO})


class FormerRules:
    """How version 2 folded what is planned, delivered and paid; written out again on purpose."""

    KEYS = ("partner_id", "product_id", "quantity", "planned_start", "planned_end", "monthly_price")
    WAYS = {
        "RentalConfirmed": (("draft", "demo"), "confirmed"),
        "RentalCancelled": (("draft", "demo", "confirmed"), "cancelled"),
        "EquipmentDelivered": (("confirmed",), "active"),
        "EquipmentReturned": (("active",), "returned"),
        "RentalClosed": (("returned",), "closed"),
        "DemoStarted": (("draft",), "demo"),
        "PriceChanged": (("draft", "demo", "confirmed", "active"), None),
        "PlanChanged": (("draft", "demo", "confirmed"), None),
        "RentalPlanned": (("draft",), None),
        "RentalInvoiced": (("confirmed", "active", "returned"), None),
    }

    def __init__(self):
        self.state = {"status": "draft"}

    def take(self, event_type, payload):
        """Return whether the event is possible, and take it."""
        sources, target = self.WAYS[event_type]
        if self.state["status"] not in sources:
            return False
        self.state |= {key: payload[key] for key in self.KEYS if key in payload}
        self.state["status"] = target or self.state["status"]
        if event_type == "EquipmentDelivered":
            self.state["delivered_on"] = payload["delivered_on"]
        if event_type == "EquipmentReturned":
            self.state["returned_on"] = payload["returned_on"]
        if event_type == "RentalInvoiced":
            self.state["invoiced_amount"] = self.state.get("invoiced_amount", 0) + payload["amount"]
        return True


plans = st.fixed_dictionaries(
    {},
    optional={
        "partner_id": st.integers(1, 9),
        "product_id": st.integers(1, 9),
        "quantity": st.integers(1, 9),
        "planned_start": st.sampled_from(("2026-01-01", "2026-01-05")),
        "planned_end": st.sampled_from(("2026-02-01", "2026-03-05")),
        "monthly_price": st.integers(0, 900),
    },
)
steps = st.one_of(
    st.tuples(st.sampled_from(("RentalPlanned", "PlanChanged")), plans),
    st.tuples(
        st.sampled_from(("DemoStarted", "RentalConfirmed", "RentalCancelled", "RentalClosed")),
        st.just({}),
    ),
    st.tuples(
        st.just("PriceChanged"), st.builds(lambda p: {"monthly_price": p}, st.integers(0, 9))
    ),
    st.tuples(st.just("EquipmentDelivered"), st.just({"delivered_on": "2026-01-07"})),
    st.tuples(st.just("EquipmentReturned"), st.just({"returned_on": "2026-02-07"})),
    st.tuples(st.just("RentalInvoiced"), st.builds(lambda a: {"amount": a}, st.integers(1, 9))),
)


class TestVersion2(EventCase):
    """A plan with one product is read as one with one line."""

    # What is said beside what was said then.
    NEW = {"lines", "movements", "invoices", "owed_amount", "demo_start", "cancel_reason"}

    def event(self, version, event_type, payload, schema_version=2):
        moment = datetime(2026, 1, 1, 9)
        return EventData(
            *("rental", "R1", event_type, payload, version, moment), schema_version=schema_version
        )

    @settings(max_examples=200, deadline=None)
    @given(st.lists(steps, max_size=12))
    def test_every_history_gives_the_statuses_dates_and_amounts_of_then(self, story):
        handler = self.env["rental.snapshot.handler"]
        then, state = FormerRules(), handler._initial_state()
        for version, (event_type, payload) in enumerate(story, 1):
            plan = event_type in ("RentalPlanned", "PlanChanged")
            try:
                state = handler._fold(
                    state, self.event(version, event_type, payload, 2 if plan else 1)
                )
                taken = True
            except UserError:
                taken = False
            self.assertEqual(taken, then.take(event_type, payload), (event_type, state))
            now = {key: value for key, value in state.items() if key not in self.NEW}
            self.assertEqual(now, then.state)

    def test_the_product_is_a_line_and_what_was_agreed_stays(self):
        handler = self.env["rental.snapshot.handler"]
        plan = {"partner_id": 1, "product_id": 7, "quantity": 2, "monthly_price": 9, "lines": "odd"}
        known = handler._upcast(self.event(1, "RentalPlanned", plan))
        line = {"product_id": 7, "quantity": 2, "price": 9}
        line |= {"price_period": "month", "price_typed": True}
        self.assertEqual(known.payload, {"partner_id": 1, "lines": {"1": line}})
        known = handler._upcast(self.event(1, "PlanChanged", {"product_id": 7}, 1))
        self.assertEqual(known.payload, {"lines": {"1": {"former_product_id": 7}}})

    def test_a_former_client_still_writes_what_it_knows(self):
        product = self.env["product.product"].create({"name": "Lift"})
        plan = {"product_id": product.id, "quantity": 2, "monthly_price": 9}
        for key, version in (("V2", 2), ("V3", 3)):
            answer = self.store.append("rental", key, "RentalPlanned", plan, schema_version=version)
            self.assertEqual(answer["outcome"], "applied")
            answer = self.store.append(
                "rental", key, "PlanChanged", {"quantity": 5}, schema_version=version
            )
            self.assertEqual(answer["outcome"], "applied")
        states = [self.store.state_at("rental", key)["state_json"] for key in ("V2", "V3")]
        self.assertEqual(*states)
        self.assertEqual(self.store.state_at("rental", "V2")["state"]["lines"]["1"]["quantity"], 5)


class TestRules(EventCase):
    def planned(self, *more):
        return scenario(self.env, "rental").given(PLANNED, *more)

    def test_a_plan_says_what_it_changes_of_a_line(self):
        rental = self.planned().when(("PlanChanged", {"lines": {"2": {"quantity": 4}}}))
        rental.then({"quantity": 7, "product_id": 7, "status": "draft"})
        rental.when(("PlanChanged", {"lines": {"3": {"product_id": 9, "quantity": 1}}}))
        rental.then({"quantity": 8})
        rental.when(("PlanChanged", {"removed_lines": ["1", "3"]}))
        rental.then({"quantity": 4, "product_id": 8})
        rental.when(("PlanChanged", {"removed_lines": ["2"]}))
        rental.then(rejected("needs a line with a product"))

    def test_what_stands_beside_lines_is_of_the_only_one(self):
        one = ("RentalPlanned", {"lines": {"4": TWO["1"]}})
        rental = scenario(self.env, "rental").given(one)
        rental.when(("PlanChanged", {"quantity": 9})).then({"quantity": 9, "monthly_price": 100})
        rental.when(("PriceChanged", {"monthly_price": 80})).then({"monthly_price": 80})
        for event in (
            ("PlanChanged", {"quantity": 9}),
            ("PriceChanged", {"monthly_price": 9}),
        ):
            self.planned().when(event).then(rejected("several lines; say which one is meant: 1, 2"))
        rental = self.planned().when(("PriceChanged", {"lines": {"2": {"price": 15}}}))
        self.assertEqual(rental._state["lines"]["2"]["price"], 15)

    def test_bad_lines_are_refused_in_a_sentence(self):
        for lines, reason in (
            ({"1": {"quantity": 0}}, "Lines, 1: Quantity must be at least 1."),
            ({"1": {"price": -1}}, "Lines, 1: Price must be at least 0."),
            ({"1": {"price_period": "year"}}, "Price period must be one of: day, week, month"),
            ({"9": {"quantity": 1}}, "Line 9: Product is missing."),
            ({"9": {"product_id": 1}}, "Line 9: Quantity is missing."),
            ({"1": 5}, "must be a set of named values"),
            ({"1": None}, "is missing"),
            ([], "must be a set of named values"),
        ):
            self.planned().when(("PlanChanged", {"lines": lines})).then(rejected(reason))
        self.planned().when(("PlanChanged", {"removed_lines": ["7"]})).then(
            rejected("The rental has no line 7; it has: 1, 2.")
        )
        for event_type in ("PriceChanged", "UnitsAssigned"):
            said = {"9": {"price": 1, "unit_ids": []}}
            self.planned().when((event_type, {"lines": said})).then(rejected("has no line 9"))

    def test_units_are_of_the_product_and_in_one_line(self):
        def assign(**units):
            lines = {key.strip("l"): {"unit_ids": ids} for key, ids in units.items()}
            return ("UnitsAssigned", {"lines": lines})

        rental = self.planned().when(assign(l1=["7/A", "7/B"], l2=["8/A"]))
        rental.then({"status": "draft"})
        rental.when(assign(l2=["7/A"])).then(rejected("7/A stands in line 1 and in line 2"))
        rental.when(assign(l2=["7/C"])).then(rejected("7/C is not of the product of line 2"))
        rental.when(assign(l2=["8/A", "8/B"])).then(rejected("of 1 pieces, but 2 units"))
        rental.when(assign(l1=[])).then({"status": "draft"})
        self.assertEqual(rental._state["lines"]["1"]["unit_ids"], [])

    def test_a_product_is_exchanged(self):
        begin = ["RentalConfirmed", ("EquipmentDelivered", {"lines": {"1": {"quantity": 2}}})]
        exchange = ("ProductExchanged", {"line": "1", "product_id": 9, "reason": "failed"})
        rental = self.planned(*begin).when(exchange).then({"product_id": 9, "status": "active"})
        self.assertEqual(rental._state["lines"]["1"]["delivered"], 2)
        rental.when(exchange).then(rejected("has this product already"))
        unknown = ("ProductExchanged", {"line": "5", "product_id": 9})
        rental.when(unknown).then(rejected("has no line 5"))
        rental.given(("EquipmentReturned", {"lines": {"1": {"quantity": 1}}}))
        again = ("ProductExchanged", {"line": "1", "product_id": 7})
        rental.when(again).then(rejected("A part of line 1 is back already"))

    def test_no_more_units_are_exchanged_than_are_out(self):
        begin = ["RentalConfirmed", ("EquipmentDelivered", {"lines": {"1": {"quantity": 2}}})]
        exchange = {"line": "1", "product_id": 9, "unit_ids": ["9/A", "9/B", "9/C"]}
        rental = self.planned(*begin).given(("ProductExchanged", exchange))
        self.assertEqual(rental._state["lines"]["1"]["out"], ["9/A", "9/B"])
        rental.when(("EquipmentDelivered", {"lines": {"1": {"quantity": 1}}})).then({})
        self.assertEqual(rental._state["lines"]["1"]["out"], ["9/A", "9/B", "9/C"])

    def test_a_rental_is_shortened(self):
        rental = self.planned("RentalConfirmed")
        rental.when(("RentalShortened", {"planned_end": "2026-03-01"}))
        rental.then({"planned_end": "2026-03-01"})
        rental.when(("RentalShortened", {"planned_end": "2026-03-01"}))
        rental.then(rejected("2026-03-01 is not before 2026-03-01"))
        rental.when(("RentalShortened", {"planned_end": "2026-01-01"}))
        rental.then(rejected("The end is before the start."))

    def test_two_hundred_lines(self):
        lines = {
            str(number): {"product_id": 7, "quantity": 1, "price": number}
            for number in range(1, 201)
        }
        rental = scenario(self.env, "rental").given(("RentalPlanned", {"lines": lines}))
        rental.given("RentalConfirmed").when("EquipmentDelivered").then({"quantity": 200})
        self.assertEqual({x["delivered"] for x in rental._state["lines"].values()}, {1})

    def test_the_handler_passes_the_lint(self):
        part = {"lines": {"1": {"quantity": 2}}}
        story = [
            PLANNED,
            ("PlanChanged", {"lines": {"3": {"product_id": 9, "quantity": 1}}}),
            ("PlanChanged", {"removed_lines": ["3"]}),
            "RentalConfirmed",
            ("EquipmentDelivered", part),
            ("DeliveryCorrected", {"reason": "x"}),
            "EquipmentDelivered",
            ("EquipmentReturned", part),
            "EquipmentReturned",
            ("ReturnCorrected", {"reason": "x"}),
            "EquipmentReturned",
        ]
        self.assertEqual(lint_handler(self.env, "rental", [story]), [])


class LineCase(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crane = cls.env["product.product"].create({"name": "Crane", "rental_price_month": 900})

    def two(self, **vals):
        """Return a rental of 3 lifts and a crane."""
        return self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "line_ids": [
                    (0, 0, {"product_id": self.product.id, "quantity": 3}),
                    (0, 0, {"product_id": self.crane.id, "price": 40, "price_period": "day"}),
                ],
                **vals,
            }
        )

    def last(self, order):
        return self.store.search([("aggregate_id", "=", order.name)], limit=1)


class TestOrderLines(LineCase):
    def test_a_rental_is_planned_with_its_lines(self):
        order = self.two()
        event = self.last(order)
        lifts = {"product_id": self.product.id, "quantity": 3, "price": 500}
        crane = {"product_id": self.crane.id, "quantity": 1, "price": 40, "price_typed": True}
        self.assertEqual(
            event.payload["lines"],
            {"1": {**lifts, "price_period": "month"}, "2": {**crane, "price_period": "day"}},
        )
        self.assertEqual(event.schema_version, 3)
        self.assertEqual((order.product_id, order.quantity), (self.product, 4))
        self.assertEqual(order.line_ids.mapped("line_key"), ["1", "2"])
        self.assertEqual(order.line_ids.mapped("amount"), [1500, 40])
        self.assertEqual(order.line_ids.mapped("price_typed"), [False, True])
        self.assertEqual(order.monthly_price, 0)
        self.assertEqual(order.lines_text, "3 × Lift, 1 × Crane")
        snapshot = self.env["rental.snapshot"].search([("aggregate_id", "=", order.name)])
        self.assertEqual(snapshot.lines_text, order.lines_text)

    def test_all_that_a_save_changes_is_one_event(self):
        order = self.two()
        first, second = order.line_ids
        order.write(
            {
                "planned_end": "2026-05-01",
                "line_ids": [
                    (1, first.id, {"quantity": 5}),
                    (2, second.id, 0),
                    (0, 0, {"product_id": self.crane.id, "quantity": 2}),
                ],
            }
        )
        self.assertEqual(len(self.history(order)), 2)
        crane = {"product_id": self.crane.id, "quantity": 2, "price": 900, "price_period": "month"}
        payload = self.last(order).payload
        self.assertEqual(payload.pop("planned_end"), "2026-05-01")
        self.assertEqual(
            payload, {"lines": {"1": {"quantity": 5}, "3": crane}, "removed_lines": ["2"]}
        )
        self.assertEqual(order.line_ids.mapped("line_key"), ["1", "3"])
        self.assertEqual(order.quantity, 7)
        self.assertFalse(second.exists())

    def test_a_line_written_by_itself_is_an_event_too(self):
        order = self.two()
        line = order.line_ids[0]
        line.quantity = 2
        self.assertEqual(self.last(order).payload, {"lines": {"1": {"quantity": 2}}})
        made = line.create(
            {"order_id": order.id, "product_id": self.crane.id, "quantity": 1, "price": 1}
        )
        self.assertEqual((made.line_key, made.price_typed), ("3", True))
        made.unlink()
        self.assertEqual(self.last(order).payload, {"removed_lines": ["3"]})
        self.assertEqual(len(self.history(order)), 4)
        line.write({"quantity": 2})
        self.assertEqual(len(self.history(order)), 4)

    @mute_logger("odoo.sql_db", event_store_failure.__name__)
    def test_a_refusal_is_a_sentence_and_nothing_is_half_written(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        foreign = self.env["product.product"].create({"name": "X", "company_id": theirs.id})
        order = self.two()
        line = order.line_ids[0]
        for sentence, vals in (
            ("Quantity must be at least 1", {"quantity": 0}),
            ("at most 2147483647", {"quantity": 2**31}),
            ("another company", {"product_id": foreign.id}),
            ("needs a product", {"product_id": False}),
        ):
            with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
                order.write({"line_ids": [(1, line.id, vals)], "notes": "x"})
            order.invalidate_recordset()
            line.invalidate_recordset()
            self.assertEqual((line.quantity, line.product_id), (3, self.product))
            self.assertFalse(order.notes)
        with self.assertRaisesRegex(UserError, "needs a line"), self.env.cr.savepoint():
            order.write({"line_ids": [(5, 0, 0)]})
        order._apply_event("RentalCancelled")
        with self.assertRaisesRegex(UserError, "plan of a cancelled"), self.env.cr.savepoint():
            line.quantity = 4
        self.assertEqual(len(self.history(order)), 2)
        answer = self.store.append(
            *("rental", "X-FOREIGN", "RentalPlanned"),
            {"lines": {"1": {"product_id": foreign.id, "quantity": 1}}},
        )
        self.assertEqual(answer["outcome"], "rejected")
        self.assertIn("cannot be used by the company of this event", answer["message"])

    def test_a_rental_of_several_lines_says_so(self):
        order = self.two()
        for vals in ({"quantity": 9}, {"product_id": self.crane.id}, {"monthly_price": 1}):
            with self.assertRaisesRegex(UserError, "several lines"), self.env.cr.savepoint():
                order.write(vals)
        order.write({"quantity": order.quantity, "product_id": order.product_id.id})
        self.assertEqual(len(self.history(order)), 1)
        one = self.order(quantity=2)
        one.write({"quantity": 5, "monthly_price": 7})
        line = {"quantity": 5, "price": 7, "price_typed": True}
        self.assertEqual(self.last(one).payload, {"lines": {"1": line}})

    def test_a_rental_without_a_product_is_none(self):
        for vals in ({}, {"line_ids": [(0, 0, {"quantity": 1})]}):
            with self.assertRaisesRegex(UserError, "needs a line with a product"):
                with self.env.cr.savepoint():
                    self.env["rental.order"].create({"partner_id": self.partner.id, **vals})

    def test_lines_follow_the_events(self):
        order = self.two()
        order._apply_event("RentalConfirmed")
        self.store.append("rental", order.name, "EquipmentDelivered", {"lines": {"1": {}}})
        self.assertEqual(order.line_ids.mapped("delivered"), [3, 0])
        self.store.append(
            "rental", order.name, "EquipmentReturned", {"lines": {"1": {"quantity": 1}}}
        )
        self.assertEqual(order.line_ids.mapped("returned"), [1, 0])
        self.assertEqual(order.status, "active")
        copy = order.copy()
        self.assertEqual(copy.line_ids.mapped("line_key"), ["1", "2"])
        self.assertEqual(copy.line_ids.mapped("delivered"), [0, 0])
        self.assertEqual(copy.line_ids.mapped("price"), [500, 40])
        self.assertEqual(len(self.history(copy)), 1)

    def test_the_form_proposes_the_price_until_it_is_typed(self):
        clerk = make_user(self.env, "lines-clerk", USER)
        with Form(self.env["rental.order"].with_user(clerk)) as form:
            form.partner_id = self.partner
            with form.line_ids.new() as line:
                line.product_id = self.product
                self.assertEqual((line.price, line.price_typed), (500, False))
                line.product_id = self.crane
                self.assertEqual(line.price, 900)
                line.price = 850
                self.assertTrue(line.price_typed)
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.quantity = 2
        order = form.record
        self.assertEqual(order.line_ids.mapped("price"), [850, 500])
        self.assertEqual(order.line_ids.mapped("price_typed"), [True, False])
        self.assertEqual(len(self.history(order)), 1)
        with Form(order) as form:
            with form.line_ids.edit(1) as line:
                line.quantity = 6
        self.assertEqual(self.last(order).payload, {"lines": {"2": {"quantity": 6}}})

    def test_lines_stop_at_the_company(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        stranger = make_user(self.env, "lines-stranger", USER, company=theirs)
        line = self.two().line_ids[0].with_user(stranger)
        with self.assertRaises(AccessError):
            line.read(["quantity"])
        with self.assertRaises(AccessError):
            line.write({"quantity": 1})
        self.assertFalse(line.search([("id", "=", line.id)]))

    def test_a_product_that_is_out_can_be_archived_and_comes_back(self):
        order = self.two()
        order._apply_event("RentalConfirmed")
        order._apply_event("EquipmentDelivered")
        self.product.active = False
        event = order._apply_event("EquipmentReturned")
        self.assertEqual((event.outcome, order.status), ("applied", "returned"))
        self.assertEqual(order.line_ids[0].product_id, self.product)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.crane.unlink()

    def test_two_hundred_lines(self):
        order = self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "line_ids": [(0, 0, {"product_id": self.product.id})] * 200,
            }
        )
        self.assertEqual((len(order.line_ids), order.quantity), (200, 200))
        self.assertEqual(order.line_ids[-1].line_key, "200")
        order.line_ids[-1].quantity = 2
        self.assertEqual(self.last(order).payload, {"lines": {"200": {"quantity": 2}}})

    def test_the_update_makes_the_lines_of_rentals_that_had_none(self):
        order = self.two()
        one = self.order(quantity=2)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM rental_order_line")
        self.env.cr.execute("UPDATE rental_snapshot SET state = state - 'lines'")
        self.env.invalidate_all()
        fold_anew(self.env)
        self.env.invalidate_all()
        self.assertEqual(order.line_ids.mapped("quantity"), [3, 1])
        self.assertEqual(one.line_ids.mapped("quantity"), [2])
        replayed = self.store.state_at("rental", order.name)
        self.assertEqual(canonical(order.snapshot_id.state), replayed["state_json"])
