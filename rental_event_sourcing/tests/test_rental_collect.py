"""All that is due of rentals, charged in one dialog; what is wrong with it is said."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing.testing import rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_money import MoneyCase
from .test_rental_order import USER

DAMAGE = {"description": "Lens", "repair_cost": 30, "charged": True}


class TestDues(MoneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.rental_late_fee = 5
        cls.clerk = make_user(cls.env, "collecting-clerk", USER)

    def collect(self, orders):
        action = orders.with_user(self.clerk).action_collect()
        return self.env[action["res_model"]].with_user(self.clerk).browse(action["res_id"])

    def charges(self, wizard):
        return [
            (line.event_type, str(line.start), str(line.end), line.damage_number, line.amount)
            for line in wizard.line_ids
        ]

    def recorded(self, orders):
        """Return ``[(reference, event type, payload)]`` of what was charged for rentals."""
        kinds = ("RentalInvoiced", "LateFeeCharged", "DamageCharged")
        domain = [("aggregate_id", "in", orders.mapped("name")), ("event_type", "in", kinds)]
        return [
            (event.aggregate_id, event.event_type, event.payload)
            for event in self.store.search(domain, order="id")
        ]

    def test_periods_late_days_and_damages_of_one_rental(self):
        order = self.out(start=-60, end=-10)
        for payload in (DAMAGE, {**DAMAGE, "charged": False}, {**DAMAGE, "repair_cost": 12}):
            order._apply_event("DamageReported", payload)
        wizard = self.collect(order)
        self.assertEqual(
            self.charges(wizard),
            [
                ("RentalInvoiced", self.day(-60), self.day(-10), 0, 400),  # two months, two pieces
                ("LateFeeCharged", self.day(-9), self.day(0), 0, 100),
                ("DamageCharged", "False", "False", 1, 30),
                ("DamageCharged", "False", "False", 3, 12),
            ],
        )
        self.assertIn("542", wizard.total)
        wizard.line_ids[3].unlink()
        wizard.line_ids[0].amount = 390
        params = wizard.action_record()["params"]
        self.assertIn(f"3 charges of {order.name}: ", params["message"])
        key = f"{order.name}/7"
        self.assertEqual(
            self.recorded(order),
            [
                (
                    order.name,
                    "RentalInvoiced",
                    {
                        "amount": 390,
                        "period_start": self.day(-60),
                        "period_end": self.day(-10),
                        "collected_as": key,
                    },
                ),
                (
                    order.name,
                    "LateFeeCharged",
                    {
                        "amount": 100,
                        "late_from": self.day(-9),
                        "late_until": self.day(0),
                        "collected_as": key,
                    },
                ),
                (order.name, "DamageCharged", {"amount": 30, "damage": 1, "collected_as": key}),
            ],
        )
        self.assertEqual(order.owed_amount, 520)
        # What was left out is due as before.
        self.assertEqual([line[3] for line in self.charges(self.collect(order))], [3])

    def test_what_is_of_one_customer_has_one_key(self):
        other = self.env["res.partner"].create({"name": "Other"})
        one, two = self.out(end=30), self.out(end=30)
        three = self.order(
            partner_id=other.id,
            monthly_price=7,
            planned_start=self.day(-5),
            planned_end=self.day(5),
        )
        three._apply_event("RentalConfirmed")
        orders = one + two + three
        self.collect(orders).action_record()
        keys = {name: payload["collected_as"] for name, _type, payload in self.recorded(orders)}
        self.assertEqual(keys[one.name], keys[two.name])
        self.assertEqual(len(set(keys.values())), 2)
        notice = orders.with_user(self.clerk).action_collect()
        self.assertEqual(notice["params"]["title"], "Nothing is due")

    def test_months_that_have_begun_and_all_that_was_planned_of_what_is_back(self):
        order = self.out(start=-40, end=300)
        first = self.today - timedelta(days=40)
        (line,) = self.collect(order).line_ids
        self.assertEqual((line.start, line.end), (first, first + relativedelta(months=2, days=-1)))
        self.assertEqual(line.amount, 400)
        order._apply_event(
            "RentalInvoiced",
            {"amount": 200, "period_start": str(first), "period_end": self.day(-20)},
        )
        self.assertEqual(str(self.collect(order).line_ids.start), self.day(-19))
        order._apply_event("EquipmentReturned")
        (line,) = self.collect(order).line_ids
        self.assertEqual((str(line.start), str(line.end)), (self.day(-19), self.day(300)))
        order._apply_event("RentalClosed")
        self.assertFalse(order._dues())

    def test_nothing_is_due_before_it_begins_or_is_confirmed(self):
        later = self.order(planned_start=self.day(3), planned_end=self.day(9), monthly_price=5)
        later._apply_event("RentalConfirmed")
        draft = self.order(planned_start=self.day(-3), planned_end=self.day(9), monthly_price=5)
        self.assertFalse((later + draft)._dues())

    def test_without_days_it_is_due_once(self):
        order = self.order(monthly_price=7)
        order._apply_event("RentalConfirmed")
        self.collect(order).action_record()
        self.assertEqual(order.invoiced_amount, 7)
        self.assertFalse(order._dues())

    def test_a_second_dialog_is_told_that_it_was_charged_meanwhile(self):
        order = self.out()
        first, second = self.collect(order), self.collect(order)
        first.action_record()
        with self.assertRaisesRegex(UserError, "Invoice 1 is for"), self.env.cr.savepoint():
            second.action_record()
        self.assertEqual(len(self.recorded(order)), 2)

    def test_all_of_it_or_nothing(self):
        orders = self.out(end=30) + self.out(end=30)
        wizard = self.collect(orders)
        wizard.line_ids[1].amount = 0
        with self.assertRaisesRegex(UserError, "is not above 0"), self.env.cr.savepoint():
            wizard.action_record()
        self.assertFalse(self.recorded(orders))
        wizard.line_ids.unlink()
        with self.assertRaisesRegex(UserError, "Nothing is left"):
            wizard.action_record()

    def test_who_may(self):
        order = self.out()
        wizard = self.collect(order)
        other = make_user(self.env, "other-clerk", USER)
        with self.assertRaises(AccessError):
            wizard.with_user(other).action_record()
        reader = make_user(self.env, "reading", "user")
        with self.assertRaises(AccessError):
            order.with_user(reader).action_collect()
        with self.assertRaisesRegex(UserError, "at least one"):
            order.browse().action_collect()

    def test_of_three_years_every_month_and_no_more(self):
        # Of months from the 29th on, one has no such day.
        start, end = date(2023, 11, 29), date(2026, 11, 28)
        order = self.order(monthly_price=100, planned_start=start, planned_end=end)
        order._apply_event("RentalConfirmed")
        self.assertEqual(order.line_ids.amount, 3600)
        first = [self.record(order, "RentalInvoiced") for _month in range(36)]
        self.assertEqual({payload["amount"] for payload in first}, {100})
        self.assertEqual(first[15]["period_start"], "2025-02-28")
        self.assertEqual(first[16]["period_start"], "2025-03-29")
        self.assertEqual(first[-1]["period_end"], "2026-11-28")
        self.assertIn("already", self.wizard(order, "RentalInvoiced").forecast)
        self.assertFalse(order._dues())

    def test_invoices_of_parts_add_up_to_the_whole(self):
        plan = {"planned_start": "2026-01-31", "planned_end": "2026-06-10"}
        for period, price in (("day", 3), ("week", 20), ("month", 70), ("rental", 400)):
            line = {"product_id": self.product.id, "quantity": 2, "price": price}
            line["price_period"] = period
            vals = {"partner_id": self.partner.id, "line_ids": [(0, 0, line)], **plan}
            order = self.env["rental.order"].create(vals)
            parts = [(date(2026, 1, 31), date(2026, 2, 4)), (date(2026, 2, 5), date(2026, 3, 1))]
            parts.append((date(2026, 3, 2), date(2026, 6, 10)))
            amounts = [order._period_amount(*part) for part in parts]
            self.assertEqual(sum(amounts), order.line_ids.amount, period)


class TestCollectedEvents(EventCase):
    def test_the_key_is_no_part_of_the_state(self):
        plan = ("RentalPlanned", {"planned_start": "2025-11-01", "planned_end": "2025-12-20"})
        fee = {"late_from": "2025-12-21", "late_until": "2025-12-22", "amount": 9}
        rental = scenario(self.env, "rental").given(plan, "RentalConfirmed", "EquipmentDelivered")
        rental.when(("LateFeeCharged", {**fee, "collected_as": "R1/4"}))
        rental.then({"late_fees": {"1": fee}})
        rental.when(("RentalInvoiced", {"amount": 1, "collected_as": 5}))
        rental.then(rejected("Collected as"))
