"""What a shop takes for a slip: no dates, a start long ago, too early a delivery, too many."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_base.from_code import FromCode
from odoo.addons.test_event_sourcing.common import EventCase

from .test_rental_numbers import NumbersCase


def without_limits(env):
    """Let the stories of a test be of any day and size."""
    env.company.write(
        {
            "rental_dates_required": False,
            "rental_backdate_days": 36500,
            "rental_early_days": 36500,
            "rental_max_quantity": 0,
        }
    )


class TestLimits(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Limits"})
        cls.product = cls.env["rental.order"].product_id.create({"name": "Scissor lift"})
        cls.today = cls.store._business_today(cls.env.company.id, fields.Datetime.now())

    def day(self, days):
        return str(self.today + timedelta(days=days))

    def order(self, **vals):
        dates = {"planned_start": self.day(1), "planned_end": self.day(20)}
        named = {"partner_id": self.partner.id, "product_id": self.product.id}
        return self.env["rental.order"].create({**named, **dates, **vals})

    def refused(self, order, event_type, sentence, rule, payload=None):
        event = order._apply_event(event_type, payload, policy="record")
        self.assertEqual(event.outcome, "rejected")
        self.assertRegex(event.error_message, sentence)
        self.assertEqual(event.broken_rule, f"{event_type}/{rule}")
        words = self.env["snapshot.handler.registry"]._rule_label("rental", event.broken_rule)
        self.assertTrue(words)

    def test_a_rental_without_dates_is_not_confirmed(self):
        for dates in ({"planned_start": False}, {"planned_end": False}):
            order = self.order(**dates)
            self.refused(order, "RentalConfirmed", "needs a planned start", "dates_missing")
        order = self.order(planned_end=False)
        self.env.company.rental_dates_required = False
        self.assertEqual(order._apply_event("RentalConfirmed").outcome, "applied")

    def test_the_dates_of_a_confirmed_rental_stay(self):
        order = self.order()
        order._apply_event("RentalConfirmed")
        with self.assertRaisesRegex(UserError, "needs a planned start"), self.env.cr.savepoint():
            order.planned_end = False
            self.env.flush_all()
        order.invalidate_recordset()
        order.write({"quantity": 2})

    def test_a_plan_that_begins_long_ago(self):
        self.order(planned_start=self.day(-30))
        with self.assertRaisesRegex(UserError, "in the past; choose"), self.env.cr.savepoint():
            self.order(planned_start=self.day(-31))
        order = self.order()
        with self.assertRaisesRegex(UserError, "in the past; choose"), self.env.cr.savepoint():
            order.write({"planned_start": self.day(-31)})
        self.env.company.rental_backdate_days = 100
        self.order(planned_start=self.day(-31))

    def test_what_is_told_late_counts_from_its_own_day(self):
        plan = {"partner_id": self.partner.id, "planned_start": "2020-02-01", "quantity": 1}
        old = self.store.append(
            *("rental", "LATE", "RentalPlanned", plan), timestamp="2020-01-31 10:00:00"
        )
        self.assertEqual(old["outcome"], "applied")

    def test_code_that_tells_what_was_plans_as_of_then(self):
        moment = FromCode("2020-01-31 10:00:00")
        plan = {"partner_id": self.partner.id, "product_id": self.product.id}
        dates = {"planned_start": "2020-02-01", "planned_end": "2020-03-01"}
        orders = self.env["rental.order"].sudo().with_context(event_timestamp=moment)
        self.assertEqual(str(orders.create({**plan, **dates}).planned_start), "2020-02-01")

    def test_a_delivery_half_a_year_before_the_plan(self):
        order = self.order(planned_start=self.day(180), planned_end=self.day(200))
        order._apply_event("RentalConfirmed")
        self.refused(order, "EquipmentDelivered", "long before the plan", "delivered_too_early")
        order._apply_event("PlanChanged", {"planned_start": self.day(8)})
        self.refused(order, "EquipmentDelivered", "long before the plan", "delivered_too_early")
        day = {"delivered_on": self.day(0)}
        self.refused(order, "EquipmentDelivered", "long before", "delivered_too_early", day)
        order._apply_event("PlanChanged", {"planned_start": self.day(7)})
        self.assertEqual(order._apply_event("EquipmentDelivered", day).outcome, "applied")

    def test_five_thousand_lifts(self):
        with self.assertRaisesRegex(UserError, "1000 pieces at most"), self.env.cr.savepoint():
            self.order(quantity=5000)
        order = self.order(quantity=1000)
        with self.assertRaisesRegex(UserError, "1000 pieces at most"), self.env.cr.savepoint():
            order.write({"quantity": 1001})
        order.invalidate_recordset()
        self.env.company.rental_max_quantity = 999
        self.refused(order, "RentalConfirmed", "999 pieces at most", "quantity_too_large")
        self.env.company.rental_max_quantity = 0
        self.order(quantity=5000)

    def test_what_was_applied_stays_applied(self):
        order = self.order(quantity=900, planned_start=self.day(-20))
        order._apply_event("RentalConfirmed")
        self.env.company.write({"rental_max_quantity": 1, "rental_backdate_days": 0})
        state = self.store.state_at("rental", order.name)["state"]
        self.assertEqual((state["status"], state["quantity"]), ("confirmed", 900))
        snapshot = order.snapshot_id
        snapshot.sudo()._rebuild() if hasattr(snapshot, "_rebuild") else None
        self.assertEqual(snapshot.quantity, 900)

    def test_no_piece_is_back_before_it_went_out(self):
        order = self.order(planned_start=self.day(-20), quantity=3)
        order._apply_event("RentalConfirmed")

        def moved(kind, day, quantity):
            key = "delivered_on" if kind == "Delivered" else "returned_on"
            lines = {"1": {"quantity": quantity}}
            return f"Equipment{kind}", {key: self.day(day), "lines": lines}

        def told(event_type, payload):
            self.assertEqual(order._apply_event(event_type, payload).outcome, "applied")

        def refused(event_type, payload):
            sentence = "The return is before the delivery"
            self.refused(order, event_type, sentence, "dates_out_of_order", payload)

        told(*moved("Delivered", -20, 1))
        told(*moved("Delivered", -10, 2))
        refused(*moved("Returned", -15, 2))
        told(*moved("Returned", -15, 1))
        # On its own day it could be the first one, which is back two days later.
        refused(*moved("Returned", -17, 1))
        refused(*moved("Returned", -11, 1))
        told(*moved("Returned", -10, 2))
        self.assertEqual(order.status, "returned")

    def test_a_unit_is_not_back_before_it_went_out(self):
        serial = self.env["product.product"].create({"name": "Drone", "rental_counting": "serial"})
        units = [{"product_id": serial.id, "serial_number": f"EB-{n}"} for n in range(2)]
        first, second = self.env["rental.unit"].create(units).mapped("name")
        order = self.order(product_id=serial.id, planned_start=self.day(-20), quantity=2)
        order._apply_event("RentalConfirmed")
        for unit, day in ((first, -20), (second, -10)):
            lines = {"1": {"unit_ids": [unit]}}
            payload = {"delivered_on": self.day(day), "lines": lines}
            self.assertEqual(order._apply_event("EquipmentDelivered", payload).outcome, "applied")
        payload = {"returned_on": self.day(-15), "lines": {"1": {"unit_ids": [second]}}}
        sentence = "The return is before the delivery"
        self.refused(order, "EquipmentReturned", sentence, "dates_out_of_order", payload)
        payload["lines"]["1"]["unit_ids"] = [first]
        self.assertEqual(order._apply_event("EquipmentReturned", payload).outcome, "applied")

    def test_what_moved_is_recorded_soon(self):
        order = self.order(planned_start=self.day(-30))
        order._apply_event("RentalConfirmed")
        for event_type, key in (
            ("EquipmentDelivered", "delivered_on"),
            ("EquipmentReturned", "returned_on"),
        ):
            for day in (1, -31, -400):
                if event_type == "EquipmentDelivered" or day > 0:  # else it is before the delivery
                    sentence = "with a day from .+ to .+, not with"
                    payload = {key: self.day(day)}
                    self.refused(order, event_type, sentence, "moved_on_other_day", payload)
            order._apply_event(event_type, {key: self.day(-30)})
        self.assertEqual(str(order.returned_on), self.day(-30))

    def test_limits_are_not_below_zero(self):
        with self.assertRaisesRegex(ValidationError, "cannot be below 0"):
            self.env.company.rental_early_days = -1

    def test_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.env["ir.module.module"]._load_module_terms(["rental_event_sourcing"], ["ja_JP"])
        order = self.order(planned_end=False).with_context(lang="ja_JP")
        answer = order._apply_event("RentalConfirmed", policy="record")
        self.assertIn("開始予定日と終了予定日", answer.error_message)


class TestNumbers(NumbersCase):
    def test_what_a_limit_refuses_uses_up_no_number(self):
        for vals in ({"quantity": 5000}, {"planned_start": "2020-01-01"}):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.plan(**vals)
        self.assertEqual(self.plan().name, "T00001")
