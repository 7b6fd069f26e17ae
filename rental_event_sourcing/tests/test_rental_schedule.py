"""The schedule: rows and bars of a period, what is free, filters, and moving a plan."""

import random
import time
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.rental_event_sourcing import availability
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_limits import without_limits
from .test_rental_order import USER, RentalCase


class ScheduleCase(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        here = {"allowed_company_ids": cls.env.company.ids}  # beside the shops of the demo data
        cls.schedule = cls.env["rental.schedule"].with_context(**here)
        cls.today = cls.store._business_today(cls.env.company.id, fields.Datetime.now())
        cls.product.write({"rental_ok": True, "default_code": "LFT-99", "barcode": "4901234567894"})
        cls.drone = cls.env["product.product"].create(
            {"name": "Drone", "rental_ok": True, "rental_counting": "serial"}
        )

    def day(self, number):
        return str(self.today + timedelta(days=number))

    def rental(self, start, end, *events, **vals):
        days = {"planned_start": self.day(start), "planned_end": self.day(end)}
        order = self.order(**{**days, **vals})
        for event in events:
            order._apply_event(*event if isinstance(event, tuple) else (event,))
        return order

    def unguarded(self):
        """Append as a process that knows no boundary, or an import of what is so on paper."""
        return patch.object(type(self.env["event.store"]), "_guarded_types", lambda _s: set())

    def units(self, *serials, product=None):
        product_id = (product or self.drone).id
        return self.env["rental.unit"].create(
            [{"product_id": product_id, "serial_number": serial} for serial in serials]
        )

    def read(self, first=0, last=13, schedule=None, **filters):
        schedule = self.schedule if schedule is None else schedule
        return schedule.read_period(self.day(first), self.day(last), filters)

    def row(self, product=None, **options):
        product = product or self.product
        found = [r for r in self.read(**options)["rows"] if r["product_id"] == product.id]
        self.assertLess(len(found), 2)
        return found[0] if found else None

    def bar(self, order, **options):
        found = [bar for bar in self.row(**options)["bars"] if bar["id"] == order.id]
        return found[0] if found else None


class TestRows(ScheduleCase):
    def test_a_product_is_a_row_and_a_rental_a_bar(self):
        self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 5})
        order = self.rental(2, 4, "RentalConfirmed", quantity=2)
        answer = self.read()
        self.assertEqual(answer["today"], str(self.today))
        row = self.row()
        self.assertEqual(row["free"], [5, 5, 3, 3, 3, *[5] * 9])
        self.assertEqual((row["owned"], row["counting"], row["units"]), (5, "quantity", []))
        self.assertEqual((row["name"], row["company"]), ("[LFT-99] Lift", ""))
        (bar,) = row["bars"]
        self.assertEqual(
            (bar["id"], bar["name"], bar["customer"]),
            (order.id, order.name, self.partner.name),
        )
        self.assertEqual((bar["start"], bar["end"]), (self.day(2), self.day(4)))
        self.assertEqual((bar["kind"], bar["quantity"], bar["version"]), ("confirmed", 2, 2))
        self.assertFalse(bar["conflict"])

    def test_a_draft_takes_nothing_but_may_be_too_many(self):
        self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 3})
        self.rental(2, 4, "RentalConfirmed", quantity=2)
        fits, too_many = self.rental(2, 3), self.rental(4, 9, quantity=2)
        self.assertEqual(self.row()["free"][:5], [3, 3, 1, 1, 1])
        self.assertFalse(self.bar(fits)["conflict"])
        self.assertTrue(self.bar(too_many)["conflict"])

    def test_more_out_than_owned_is_marked(self):
        self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 3})
        with self.unguarded():
            order = self.rental(2, 4, "RentalConfirmed", quantity=4)
        other = self.rental(6, 7, "RentalConfirmed", quantity=3)
        self.assertEqual(self.row()["free"][:8], [3, 3, -1, -1, -1, 3, 0, 0])
        self.assertTrue(self.bar(order)["conflict"])
        self.assertFalse(self.bar(other)["conflict"])

    def test_what_is_not_counted_is_never_too_few(self):
        order = self.rental(2, 4, "RentalConfirmed", quantity=900)
        self.assertEqual((self.row()["free"], self.row()["owned"]), (False, False))
        self.assertFalse(self.bar(order)["conflict"])

    def test_units_are_owned_and_free_unless_in_maintenance(self):
        units = self.units("D-1", "D-2", "D-3", "D-4")
        units[0]._apply_event("MaintenanceStarted", {"expected_end": self.day(2)})
        units[1]._apply_event("UnitRetired", {"reason": "Lost"})
        units[2]._apply_event("MaintenanceStarted")
        row = self.row(self.drone)
        self.assertEqual((row["owned"], row["free"][:4]), (3, [1, 1, 1, 2]))
        self.assertEqual([unit["name"] for unit in row["units"]], ["D-1", "D-3", "D-4"])
        self.assertEqual(row["units"][0]["blocked"], [str(self.today), self.day(2)])
        self.assertEqual(row["units"][1]["blocked"], [str(self.today), False])
        self.assertFalse(row["units"][2]["blocked"])

    def test_days_are_those_of_what_happened(self):
        out = ("RentalConfirmed", ("EquipmentDelivered", {"delivered_on": self.day(-8)}))
        late = self.rental(-9, -3, *out)
        back = self.rental(-9, 9, *out, ("EquipmentReturned", {"returned_on": self.day(0)}))
        long_gone = self.rental(-9, 9, *out, ("EquipmentReturned", {"returned_on": self.day(-1)}))
        bar = self.bar(late)
        self.assertEqual((bar["kind"], bar["status"]), ("overdue", "active"))
        self.assertEqual((bar["start"], bar["end"]), (self.day(-8), str(self.today)))
        self.assertEqual((bar["planned_start"], bar["planned_end"]), (self.day(-9), self.day(-3)))
        self.assertEqual(self.bar(back)["end"], self.day(0))
        self.assertIsNone(self.bar(long_gone))

    def test_without_an_end_it_goes_on_and_without_a_start_it_is_not_shown(self):
        self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 1})
        endless = self.order(planned_start=self.day(3))
        endless._apply_event("DemoStarted")
        self.env.company.rental_dates_required = False
        endless._apply_event("RentalConfirmed")
        undated = self.order()
        self.assertFalse(self.bar(endless)["end"])
        self.assertIsNone(self.bar(undated))
        self.assertEqual(self.row(first=100, last=101)["free"], [0, 0])

    def test_the_end_of_a_demo(self):
        order = self.order(planned_start=self.day(-9))
        order._apply_event("DemoStarted", {"demo_end": self.day(2)})
        self.assertEqual(self.bar(order)["end"], self.day(2))
        self.assertIsNone(self.bar(order, first=3))

    def test_what_a_product_of_another_company_has(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["rental.stock"].create(
            [
                {"product_id": self.product.id, "quantity": 4, "company_id": company.id}
                for company in (self.env.company, other)
            ]
        )
        clerk = make_user(self.env, "clerk", USER)
        self.rental(1, 2, "RentalConfirmed")
        self.assertEqual(self.row(schedule=self.schedule.with_user(clerk))["owned"], 4)
        clerk.company_ids |= other
        both = self.schedule.with_user(clerk).with_context(
            allowed_company_ids=[self.env.company.id, other.id]
        )
        rows = [r for r in self.read(schedule=both)["rows"] if r["product_id"] == self.product.id]
        self.assertEqual([row["company"] for row in rows], [self.env.company.name, "Elsewhere"])
        self.assertEqual([len(row["bars"]) for row in rows], [1, 0])
        elsewhere = both.with_context(allowed_company_ids=other.ids)
        self.assertFalse(self.row(schedule=elsewhere)["bars"])

    def test_record_rules_count(self):
        mine, theirs = self.rental(1, 2), self.rental(1, 2)
        clerk = make_user(self.env, "own", USER)
        mine.user_id = clerk
        self.env["ir.rule"].create(
            {
                "name": "Own rentals",
                "model_id": self.env["ir.model"]._get_id("rental.order"),
                "domain_force": f"[('user_id', '=', {clerk.id})]",
            }
        )
        bars = self.row(schedule=self.schedule.with_user(clerk))["bars"]
        self.assertEqual([bar["id"] for bar in bars], mine.ids)
        with self.assertRaises(AccessError):
            self.schedule.with_user(clerk).move(theirs.id, self.day(2), self.day(3), 1)

    def test_who_may_not_read_rentals_reads_no_schedule(self):
        reader = make_user(self.env, "reader", "user")
        with self.assertRaises(AccessError):
            self.read(schedule=self.schedule.with_user(reader))
        with self.assertRaises(AccessError):
            self.schedule.with_user(reader).move(self.rental(1, 2).id, self.day(2), self.day(3), 1)


class TestLines(ScheduleCase):
    def two_lines(self, *events):
        """Return a rental of two lifts and of two drones, of which one is named."""
        self.first, self.second = self.units("D-1", "D-2")
        lines = [
            {"product_id": self.product.id, "quantity": 2},
            {"product_id": self.drone.id, "quantity": 2, "unit_ids": [(6, 0, self.first.ids)]},
        ]
        return self.rental(
            0, 4, *events, product_id=None, line_ids=[(0, 0, line) for line in lines]
        )

    def test_each_line_is_a_bar(self):
        order = self.two_lines("RentalConfirmed")
        bars = self.bar(order), self.bar(order, product=self.drone)
        self.assertEqual([bar["key"] for bar in bars], [f"{order.id}/1", f"{order.id}/2"])
        self.assertEqual([bar["quantity"] for bar in bars], [2, 2])
        self.assertEqual([bar["units"] for bar in bars], [[], [self.first.name]])
        self.assertEqual(self.row(self.drone)["free"][:6], [0, 0, 0, 0, 0, 2])

    def test_what_is_back_is_taken_no_longer(self):
        both = [f"{self.drone.id}/D-1", f"{self.drone.id}/D-2"]
        out = ("EquipmentDelivered", {"lines": {"2": {"quantity": 2, "unit_ids": both}}})
        order = self.two_lines("RentalConfirmed", out)
        self.assertEqual(self.bar(order, product=self.drone)["units"], both)
        back = {"lines": {"2": {"quantity": 1, "unit_ids": both[:1]}}}
        order._apply_event("EquipmentReturned", back)
        bar = self.bar(order, product=self.drone)
        self.assertEqual((bar["quantity"], bar["units"]), (1, both[1:]))
        self.assertEqual(self.row(self.drone)["free"][:2], [1, 1])
        period = {"free_from": self.day(1), "free_to": self.day(2)}
        self.assertEqual([u["key"] for u in self.row(self.drone, **period)["units"]], both[:1])

    def test_a_unit_that_two_have_is_marked(self):
        order = self.two_lines("RentalConfirmed")
        line = {"product_id": self.drone.id, "unit_ids": [(6, 0, self.first.ids)]}
        with self.unguarded():
            others = [
                self.rental(*days, "RentalConfirmed", product_id=None, line_ids=[(0, 0, line)])
                for days in ((4, 5), (6, 7))
            ]
        self.units("D-3", "D-4", "D-5")
        marked = [self.bar(o, product=self.drone)["conflict"] for o in (order, *others)]
        self.assertEqual(marked, [True, True, False])

    def test_a_cell_begins_a_rental(self):
        unit = self.units("D-1")
        action = self.schedule.action_plan(self.drone.id, self.day(1), self.day(3), unit.id)
        planned = Form(self.env[action["res_model"]].with_context(**action["context"]))
        planned.partner_id = self.partner
        order = planned.save()
        self.assertEqual(
            (str(order.planned_start), str(order.planned_end)), (self.day(1), self.day(3))
        )
        self.assertEqual((order.line_ids.product_id, order.line_ids.quantity), (self.drone, 1))
        self.assertEqual(order.line_ids.unit_ids, unit)
        self.assertEqual(order.status, "draft")
        action = self.schedule.action_plan(self.product.id, self.day(1), self.day(3))
        ((_new, _id, line),) = action["context"]["default_line_ids"]
        self.assertEqual((line["price"], line["price_period"]), (500, "month"))
        with self.assertRaisesRegex(UserError, "There is no product with the id"):
            self.schedule.action_plan(2**31 - 1, self.day(1), self.day(3))


class TestSameAsTheBoundaries(ScheduleCase):
    """What the schedule calls free is what the boundaries let go, whatever happened before."""

    def story(self, seed):
        """Record a random story of lifts without and drones with serial numbers."""
        self.draw = random.Random(seed)
        without_limits(self.env)
        self.stock = self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 5})
        self.owned = self.units("D-1", "D-2", "D-3", "D-4")
        self.orders = [self.some_rental() for _number in range(8)]
        for order in self.orders:
            order._apply_event("RentalConfirmed", policy="record")
        for _number in range(40):
            self.step()

    def some_rental(self):
        drones = self.draw.sample(self.owned.ids, self.draw.randint(0, 2))
        lines = [
            {"product_id": self.product.id, "quantity": self.draw.randint(1, 3)},
            {"product_id": self.product.id, "quantity": 1},
            {"product_id": self.drone.id, "quantity": 2, "unit_ids": [(6, 0, drones)]},
        ]
        lines = self.draw.sample(lines, self.draw.randint(1, 3))
        start = self.draw.randint(-12, 6)
        end = start + self.draw.randint(0, 8)
        return self.rental(start, end, product_id=None, line_ids=[(0, 0, line) for line in lines])

    def step(self):
        """Record something at random; what is refused changes nothing, as ever."""
        order = self.draw.choice(self.orders)
        day = {"delivered_on": self.day(self.draw.randint(-12, 0))}
        parts = {
            line.line_key: {"quantity": self.draw.randint(1, line.quantity)}
            for line in order.line_ids[: self.draw.randint(1, 3)]
        }
        drones = self.draw.sample(self.owned.mapped("name"), self.draw.randint(1, 2))
        of_drones = order.line_ids.filtered(lambda line: line.product_id == self.drone)[:1]
        named = {of_drones.line_key or "1": {"unit_ids": drones}}
        unit = self.draw.choice(self.owned)
        until = {"expected_end": self.day(self.draw.randint(0, 6))}
        record, event_type, payload = self.draw.choice(
            [
                (order, "EquipmentDelivered", day),
                (order, "EquipmentDelivered", {**day, "lines": parts}),
                (order, "EquipmentDelivered", {**day, "lines": named}),
                (order, "EquipmentReturned", {}),
                (order, "EquipmentReturned", {"lines": parts}),
                (order, "EquipmentReturned", {"lines": {**parts, **named}}),
                (order, "DeliveryCorrected", {"reason": "slip"}),
                (order, "ReturnCorrected", {"reason": "slip"}),
                (order, "UnitsAssigned", {"lines": named}),
                (order, "PlanChanged", {"planned_end": self.day(self.draw.randint(-9, 9))}),
                (order, "RentalExtended", {"planned_end": self.day(self.draw.randint(-9, 9))}),
                (order, "RentalShortened", {"planned_end": self.day(self.draw.randint(-9, 9))}),
                (order, "RentalCancelled", {}),
                (unit, "MaintenanceStarted", self.draw.choice([{}, until])),
                (unit, "MaintenanceEnded", {}),
                (unit, "UnitRetired", {"reason": "Broken"}),
                (self.stock, "QuantityChanged", self.stock._change(-1, "lost")),
            ]
        )
        record._apply_event(event_type, payload, policy="record")

    def compare(self):
        """Ask both, for every day, of products and units."""
        today = self.store._business_today(self.env.company.id, fields.Datetime.now())
        first, last = today - timedelta(days=16), today + timedelta(days=12)
        company_id = self.env.company.id
        drones = company_id, self.drone.id
        self.env.flush_all()
        loaded = self.schedule._load(first, last)
        units = self.owned.filtered(lambda unit: unit.status != "retired")
        seen = 0
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            products = {
                str(product.id): loaded.free((company_id, product.id), day, day)[0]
                for product in (self.product, self.drone)
            }
            by_unit = {
                name: availability.free(loaded.unit_state(drones, name), day, day)
                for name in units.mapped("name")
            }
            seen += self.assert_same("rental.stock.boundary", products, day, today)
            seen += self.assert_same("rental.unit.boundary", by_unit, day, today)
        return seen

    def assert_same(self, boundary, free, day, today):
        """Compare what is free by key with what a boundary says; return how often it refuses."""
        wanted = {"days": [str(day), str(day), 1], "out": 0}
        bookings = dict.fromkeys(free, wanted)
        found = self.env[boundary]._look_up(self.env.company.id, "another", bookings, today)
        for key, (left, _owned, words) in found.items():
            expected = max(free[key], 0), free[key] < 1
            self.assertEqual((left, bool(words)), expected, (key, str(day), str(today)))
        self.assertEqual(found.keys(), free.keys())
        return sum(bool(words) for _left, _owned, words in found.values())

    def test_whatever_happened(self):
        late = refused = 0
        for seed in range(6):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self.story(seed)
                refused += self.compare()
                with freeze_time(f"{self.day(5)} 03:00:00"):
                    refused += self.compare()
                    late += sum(order.overdue for order in self.orders)
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertGreater(late, 2)
        self.assertGreater(refused, 100)


class TestFilters(ScheduleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["product.category"].create({"name": "Flying"})
        cls.drone.categ_id = cls.category
        cls.other = cls.env["res.partner"].create({"name": "Zephyr Stages"})

    def ids(self, **filters):
        return {bar["id"] for row in self.read(**filters)["rows"] for bar in row["bars"]}

    def products(self, **filters):
        return {row["product_id"] for row in self.read(**filters)["rows"]}

    def test_by_product_category_customer_and_status(self):
        lift = self.rental(1, 2)
        drone = self.rental(1, 2, "RentalConfirmed", product_id=self.drone.id)
        nordic = self.rental(3, 4, partner_id=self.other.id)
        gone = self.rental(3, 4, "RentalCancelled")
        self.assertLessEqual({lift.id, drone.id, nordic.id}, self.ids())
        self.assertNotIn(gone.id, self.ids())
        self.assertEqual(self.ids(statuses=["cancelled"]) & {lift.id, gone.id}, {gone.id})
        self.assertEqual(self.products(category_id=self.category.id), {self.drone.id})
        self.assertEqual(self.products(product_id=self.product.id), {self.product.id})
        self.assertEqual(self.products(partner_id=self.other.id), {self.product.id})
        self.assertEqual(self.ids(partner_id=self.other.id), {nordic.id})
        self.assertEqual(self.ids(statuses=["confirmed"], category_id=self.category.id), {drone.id})
        options = self.read(product_id=self.drone.id)["options"]
        self.assertIn([self.other.id, "Zephyr Stages"], options["partners"])
        self.assertIn([self.product.id, "[LFT-99] Lift"], options["products"])
        self.assertIn("Flying", str(options["categories"]))

    def test_by_code_serial_number_customer_and_reference(self):
        self.units("SER-77", "SER-78")
        lift = self.rental(1, 2, partner_id=self.other.id)
        self.rental(1, 2)
        for words in ("lft-99", "4901234567894", "[LFT-99] LIFT"):
            self.assertEqual(self.products(search=words), {self.product.id}, words)
        row = self.row(self.drone, search="ser-77")
        self.assertEqual([unit["name"] for unit in row["units"]], ["SER-77"])
        for words in ("zephyr", lift.name):
            self.assertEqual(self.ids(search=words), {lift.id}, words)
        self.assertFalse(self.products(search="nothing of the kind"))

    def test_free_from_to(self):
        units = self.units("D-1", "D-2")
        units[0]._apply_event("MaintenanceStarted", {"expected_end": self.day(3)})
        self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 5})
        self.rental(50, 60, "RentalConfirmed", quantity=4)
        period = {"free_from": self.day(55), "free_to": self.day(58)}
        self.assertEqual(self.row(**period)["free_then"], 1)
        self.assertEqual(len(self.row(**period)["free"]), 14)
        self.assertIsNone(self.row(**period, free_quantity=2))
        later = {"free_from": self.day(61), "free_to": self.day(61)}
        self.assertEqual(self.row(**later, free_quantity=5)["free_then"], 5)
        self.assertEqual(self.row(self.drone, **period, free_quantity=2)["free_then"], 2)
        soon = {"free_from": self.day(3), "free_to": self.day(4)}
        row = self.row(self.drone, **soon)
        self.assertEqual([unit["name"] for unit in row["units"]], ["D-2"])

    def test_what_is_no_question_is_a_sentence(self):
        for arguments, sentence in (
            (("soon", self.day(1)), "start must be a day such as 2026-03-01, not 'soon'."),
            ((None, self.day(1)), "start must be a text"),
            ((self.day(1), self.day(0)), "A period ends on its first day or later"),
            ((self.day(0), self.day(400)), "400 days at most"),
            ((self.day(0), self.day(1), {"colour": 1}), "A schedule can be filtered by: statuses"),
            ((self.day(0), self.day(1), [1]), "A schedule can be filtered by: statuses"),
            ((self.day(0), self.day(1), {"statuses": ["x"]}), "Rentals know no status 'x'"),
            ((self.day(0), self.day(1), {"partner_id": "x"}), "partner_id must be a whole number"),
            ((self.day(0), self.day(1), {"free_from": self.day(1)}), "free_to must be a text"),
        ):
            with self.subTest(arguments=arguments), self.assertRaises(UserError) as caught:
                self.schedule.read_period(*arguments)
            self.assertIn(sentence, str(caught.exception))
        self.schedule.read_period(self.day(0), self.day(399))


class TestMove(ScheduleCase):
    def last(self, order):
        return self.store.search(
            [("model_name", "=", "rental"), ("aggregate_id", "=", order.name)],
            order="id desc",
            limit=1,
        )

    def test_a_plan_is_moved_by_an_event(self):
        order = self.rental(2, 4, "RentalConfirmed")
        answer = self.schedule.move(order.id, self.day(5), self.day(7), 2)
        self.assertEqual(answer["version"], 3)
        self.assertIn(order.name, answer["message"])
        event = self.last(order)
        self.assertEqual((event.event_type, event.version), ("PlanChanged", 3))
        self.assertEqual(event.payload, {"planned_start": self.day(5), "planned_end": self.day(7)})
        self.assertEqual(str(order.planned_start), self.day(5))
        self.assertEqual(self.bar(order)["version"], 3)

    def test_only_what_moves_is_in_the_event(self):
        order = self.rental(2, 4)
        self.schedule.move(order.id, self.day(2), self.day(7), 1)
        self.assertEqual(self.last(order).payload, {"planned_end": self.day(7)})
        self.assertEqual(self.schedule.move(order.id, self.day(2), self.day(7), 2)["version"], 2)
        self.assertEqual(order.event_count, 2)

    def test_what_is_out_is_extended(self):
        order = self.rental(-2, 4, "RentalConfirmed", "EquipmentDelivered")
        self.schedule.move(order.id, self.day(-2), self.day(7), 3)
        event = self.last(order)
        self.assertEqual((event.event_type, event.outcome), ("RentalExtended", "applied"))

    def test_what_is_out_is_shortened(self):
        order = self.rental(-2, 4, "RentalConfirmed", "EquipmentDelivered")
        self.schedule.move(order.id, self.day(-2), self.day(3), 3)
        event = self.last(order)
        self.assertEqual((event.event_type, event.outcome), ("RentalShortened", "applied"))

    def test_a_refusal_is_a_sentence_and_leaves_nothing(self):
        order = self.rental(-2, 4, "RentalConfirmed", "EquipmentDelivered")
        count = order.event_count
        for days in ((-1, 5), (3, 2)):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.schedule.move(order.id, *map(self.day, days), count)
        self.assertEqual(order.event_count, count)
        draft = self.rental(1, 2)
        with self.assertRaisesRegex(UserError, "The end is before the start"):
            self.schedule.move(draft.id, self.day(4), self.day(2), 1)

    def test_what_has_changed_meanwhile_is_told(self):
        order = self.rental(2, 4)
        order._apply_event("PriceChanged", {"monthly_price": 9})
        with self.assertRaisesRegex(UserError, f"{order.name} has changed .*: Price changed"):
            self.schedule.move(order.id, self.day(5), self.day(7), 1)
        with self.assertRaisesRegex(UserError, "There is no rental with the id"):
            self.schedule.move(2**31 - 1, self.day(5), self.day(7), 1)


class TestMoveToAnotherRow(ScheduleCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = self.units("D-1", "D-2")
        self.crane = self.env["product.product"].create(
            {"name": "Crane", "rental_ok": True, "rental_counting": "serial"}
        )
        self.hook = self.units("C-1", product=self.crane)

    def rent(self, *events, days=(2, 4), **line):
        line = {"product_id": self.drone.id, "unit_ids": [(6, 0, self.first.ids)], **line}
        return self.rental(*days, *events, product_id=None, line_ids=[(0, 0, line)])

    def drop(self, order, unit_to, product=None, days=(2, 4), **place):
        """Drop the bar of the first line from the row of D-1 onto another one."""
        product = product or self.drone
        place = {"line": "1", "unit_from": self.first.name, "unit_to": unit_to, **place}
        place["product_id"] = product.id
        version = order.event_count
        self.schedule.move(order.id, *map(self.day, days), version, place)
        event = self.store.search([("aggregate_id", "=", order.name)], order="id desc", limit=1)
        self.assertEqual((event.version, event.outcome), (version + 1, "applied"))
        return event.event_type, event.payload

    def refused(self, order, sentence, *args, **place):
        count = order.event_count
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            self.drop(order, *args, **place)
        self.assertEqual(order.event_count, count)

    def test_another_unit_is_assigned(self):
        order = self.rent("RentalConfirmed")
        assigned = {"lines": {"1": {"unit_ids": [self.second.name]}}}
        self.assertEqual(self.drop(order, self.second.name), ("UnitsAssigned", assigned))
        self.assertEqual(order.line_ids.unit_ids, self.second)
        assigned["lines"]["1"]["unit_ids"] = []
        back = self.drop(order, "", unit_from=self.second.name)  # to those without a unit
        self.assertEqual(back, ("UnitsAssigned", assigned))

    def test_other_days_as_well(self):
        order = self.rent("RentalConfirmed")
        event_type, payload = self.drop(order, self.second.name, days=(5, 7))
        self.assertEqual(event_type, "PlanChanged")
        self.assertEqual(payload["lines"], {"1": {"unit_ids": [self.second.name]}})
        self.assertEqual(payload["planned_start"], self.day(5))

    def test_another_product_is_exchanged_or_planned(self):
        taken = {"product_id": self.crane.id, "unit_ids": [self.hook.name]}
        for status, expected in (
            ((), ("PlanChanged", {"lines": {"1": taken}})),
            (("RentalConfirmed",), ("ProductExchanged", {"line": "1", **taken})),
        ):
            order = self.rent(*status)
            self.assertEqual(self.drop(order, self.hook.name, self.crane), expected)
            self.assertEqual(order.line_ids.unit_ids, self.hook)
            order._apply_event("RentalCancelled")

    def test_the_price_follows_product_and_days(self):
        self.drone.rental_price_day = 10
        self.crane.write({"rental_price_day": 30, "rental_price_week": 100})
        order = self.rent()
        self.assertEqual((order.line_ids.price, order.line_ids.price_typed), (10, False))
        _type, payload = self.drop(order, self.hook.name, self.crane)
        self.assertEqual(payload["lines"]["1"]["price"], 30)
        version = order.event_count
        self.schedule.move(order.id, self.day(2), self.day(8), version)
        line = order.line_ids
        self.assertEqual((line.price, line.price_period, line.amount), (100, "week", 100))

    def test_what_does_not_fit_is_refused(self):
        other = self.rent("RentalConfirmed", unit_ids=[(6, 0, self.second.ids)])
        order = self.rent("RentalConfirmed")
        self.refused(order, f"D-2 is booked by {other.name}", self.second.name)
        self.refused(order, "has no line 7 any more", self.second.name, line="7")
        with self.assertRaisesRegex(UserError, "A row is given by: line"):
            self.schedule.move(order.id, self.day(2), self.day(4), 2, {"colour": 1})
        many = self.rent(quantity=2)
        self.refused(many, "is 2 × Drone; exchange the product in", self.hook.name, self.crane)

    def test_what_the_customer_has_is_not_assigned_but_exchanged(self):
        order = self.rent("RentalConfirmed", "EquipmentDelivered", days=(0, 4))
        sentence = "The customer has the unit D-1; take it back"
        self.refused(order, sentence, self.second.name, days=(0, 4))
        event_type, _payload = self.drop(order, self.hook.name, self.crane, days=(0, 4))
        self.assertEqual(event_type, "ProductExchanged")
        self.assertEqual(order.line_ids.out_unit_ids, self.hook)


class TestSize(ScheduleCase):
    """What a schedule costs does not depend on how much there is to show."""

    def fill(self, count):
        """Have so many units and twice as many rentals more; as they are after their events."""
        products = self.env["product.product"].create(
            [
                {"name": f"P{count}-{n}", "rental_ok": True, "rental_counting": "serial"}
                for n in range(max(count // 25, 1))
            ]
        )
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {n}"} for n in range(max(count // 10, 1))]
        )
        made = [products[n % len(products)] for n in range(count)]
        vals = [
            {"product_id": product.id, "serial_number": f"S{n}"} for n, product in enumerate(made)
        ]
        self.env["rental.unit"].create(vals)
        self.env["rental.order"].create(
            [
                {
                    "partner_id": partners[n % len(partners)].id,
                    "product_id": made[n % count].id,
                    "planned_start": self.day(n * 7 % 90),
                    "planned_end": self.day(n * 7 % 90 + 6),
                }
                for n in range(2 * count)
            ]
        )

    def measured(self):
        """Return the statements of a quarter, its bars, and the seconds of the processor."""
        clerk = make_user(self.env, f"c{self.env['res.users'].search_count([])}", USER)
        schedule = self.schedule.with_user(clerk)
        self.read(0, 90, schedule)  # what Odoo remembers of rights is not of the schedule
        self.env.flush_all()
        self.env.invalidate_all()
        before, begin = self.cr.sql_log_count, time.process_time()
        rows = self.read(0, 90, schedule)["rows"]
        seconds = time.process_time() - begin
        bars = sum(len(row["bars"]) for row in rows)
        return self.cr.sql_log_count - before, bars, seconds

    def test_the_number_of_statements_is_the_same_for_10_and_500_units(self):
        self.fill(10)
        few, few_bars, _seconds = self.measured()
        self.fill(500)
        many, many_bars, seconds = self.measured()
        print(f"schedule: {many} statements, {many_bars} bars, {seconds:.3f} s of the processor")
        self.assertGreaterEqual(many_bars - few_bars, 1000)
        self.assertEqual(few, many)
