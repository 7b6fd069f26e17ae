"""Nothing is charged twice, and nothing forgotten: credits, extensions, other terms, late days."""

from datetime import date

from odoo.addons.event_sourcing.testing import rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase

from .test_rental_money import MoneyCase, invoiced


class TestPeriods(MoneyCase):
    def planned(self, start, end, *lines):
        plan = {"partner_id": self.partner.id, "planned_start": start, "planned_end": end}
        lines = [(0, 0, {"product_id": self.product.id, "quantity": 1, **line}) for line in lines]
        order = self.env["rental.order"].create({**plan, "line_ids": lines})
        order._apply_event("RentalConfirmed")
        return order

    def charge(self, order):
        """Charge all that is due of a rental; return it as ``[(first, last day, amount)]``."""
        found = [(str(due["start"]), str(due["end"]), due["amount"]) for due in order._dues()]
        if found:
            wizard = order.action_collect()
            self.env[wizard["res_model"]].browse(wizard["res_id"]).action_record()
        self.assertFalse(order._dues())
        return found

    def test_a_period_whose_invoice_was_credited_is_due_again(self):
        order = self.planned(self.day(-100), self.day(-10), {"price": 100})
        for _month in range(3):
            self.record(order, "RentalInvoiced")
        first = order._folded_states()[order]["invoices"]["1"]
        credit = {"invoice": 1, "amount": 100, "reason": "Wrong customer"}
        order._apply_event("InvoiceCorrected", credit)
        wizard = self.wizard(order, "RentalInvoiced")
        days = (first["period_start"], first["period_end"])
        self.assertEqual((str(wizard.period_start), str(wizard.period_end)), days)
        self.assertEqual(wizard.amount, 100)
        self.assertEqual(self.charge(order), [(*days, 100)])
        self.assertEqual(order.owed_amount, 300)

    def test_days_before_and_between_invoices_are_due(self):
        order = self.planned(self.day(-29), self.day(0), {"price": 10, "price_period": "day"})
        for first, last in ((-20, -15), (-10, -5)):
            days = {"period_start": self.day(first), "period_end": self.day(last)}
            order._apply_event("RentalInvoiced", {"amount": 60, **days})
        stretches = [(-29, -21, 90), (-14, -11, 40), (-4, 0, 50)]
        self.assertEqual(
            self.charge(order), [(self.day(a), self.day(b), amount) for a, b, amount in stretches]
        )
        self.assertEqual(order.owed_amount, 300)

    def test_an_extension_within_a_paid_month_proposes_the_next_one(self):
        order = self.planned("2026-01-01", "2026-01-15", {"price": 100})
        self.record(order, "RentalInvoiced")
        order._apply_event("RentalExtended", {"planned_end": "2026-02-20"})
        payload = self.record(order, "RentalInvoiced")
        days = {"period_start": "2026-01-16", "period_end": "2026-02-20"}
        self.assertEqual(payload, {"amount": 100, **days})
        order._apply_event("RentalExtended", {"planned_end": "2026-02-28"})
        # All of it is paid: the last one is proposed, and it says so.
        self.assertIn("Invoice 2 is for", self.wizard(order, "RentalInvoiced").forecast)

    def test_an_extension_with_the_products_price_costs_the_difference(self):
        self.product.write({"rental_price_month": 100, "rental_price_week": 30})
        order = self.planned("2026-01-01", "2026-01-31", {})
        self.assertEqual(order.line_ids.price_period, "month")
        self.assertEqual(self.charge(order), [("2026-01-01", "2026-01-31", 100)])
        order._apply_event("RentalExtended", {"planned_end": "2026-02-14"})
        order.action_take_prices()
        self.assertEqual((order.line_ids.price_period, order.line_ids.price), ("rental", 160))
        self.assertEqual(self.charge(order), [("2026-02-01", "2026-02-14", 60)])
        order._apply_event("RentalExtended", {"planned_end": "2026-04-30"})
        order.action_take_prices()
        self.assertEqual((order.line_ids.price_period, order.line_ids.price), ("month", 100))
        self.assertEqual(self.charge(order), [("2026-02-15", "2026-04-30", 240)])
        self.assertEqual((order.owed_amount, order.amount), (400, 400))

    def test_a_line_that_is_added_after_an_invoice_is_not_forgotten(self):
        order = self.planned(self.day(-40), self.day(10), {"price": 100})
        self.record(order, "RentalInvoiced")
        crane = self.env["product.product"].create({"name": "Crane"})
        line = {"product_id": crane.id, "price": 7, "price_period": "rental"}
        order.write({"line_ids": [(0, 0, line)]})
        self.record(order, "RentalInvoiced")
        self.assertEqual((order.owed_amount, order.amount), (207, 207))

    def test_each_stretch_knows_those_before_it(self):
        order = self.planned(self.day(-29), self.day(0), {"price": 300, "price_period": "rental"})
        days = {"period_start": self.day(-20), "period_end": self.day(-11)}
        order._apply_event("RentalInvoiced", {"amount": 50, **days})
        # The first day was not invoiced, so nothing of the price was.
        self.assertEqual(self.charge(order), [(self.day(-29), self.day(-21), 300)])


class TestNotes(EventCase):
    PLAN = {"planned_start": "2026-01-01", "planned_end": "2026-03-31"}
    LINE = {"product_id": 7, "quantity": 2, "price": 10, "price_period": "day"}
    JANUARY = {"period_start": "2026-01-01", "period_end": "2026-01-31"}

    def test_an_invoice_of_days_notes_what_its_lines_come_to(self):
        plan = ("RentalPlanned", {**self.PLAN, "lines": {"1": self.LINE}})
        rental = scenario(self.env, "rental").given(plan, "RentalConfirmed")
        rental.when(invoiced(600, **self.JANUARY))
        note = {"amount": 620, "quantity": 2, "price_period": "day"}
        invoice = {"amount": 600, "version": 3, **self.JANUARY}
        rental.then({"invoices": {"1": invoice}, "invoiced_lines": {"1": {"1": note}}})
        rental.when(invoiced(5)).then({"owed_amount": 605, "invoiced_lines": {"1": {"1": note}}})
        rental.when(invoiced(**self.JANUARY)).then(rejected("Invoice 1 is for"))


class TestLateFees(MoneyCase):
    def setUp(self):
        super().setUp()
        self.env.company.rental_late_fee = 5

    def back(self, order, day, lines):
        order._apply_event("EquipmentReturned", {"returned_on": self.day(day), "lines": lines})

    def fee(self, order):
        return self.record(order, "LateFeeCharged")

    def test_what_was_back_in_time_is_not_late(self):
        crane = self.env["product.product"].create({"name": "Crane", "rental_late_fee": 100})
        lines = [{"product_id": p.id, "quantity": 2} for p in (self.product, crane, crane)]
        order = self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "planned_start": self.day(-20),
                "planned_end": self.day(-10),
                "line_ids": [(0, 0, line) for line in lines],
            }
        )
        order._apply_event("RentalConfirmed")
        out = {"1": {"quantity": 2}, "2": {"quantity": 2}}  # the third never goes out
        order._apply_event("EquipmentDelivered", {"delivered_on": self.day(-20), "lines": out})
        self.back(order, -10, {"2": {}})
        fee = self.fee(order)
        self.assertEqual((fee["late_from"], fee["late_until"]), (self.day(-9), self.day(0)))
        self.assertEqual(fee["amount"], 5 * 2 * 10)

    def test_each_piece_is_late_until_it_is_back(self):
        order = self.out(end=-10, quantity=3)
        self.back(order, -10, {"1": {"quantity": 1}})
        self.back(order, -7, {"1": {"quantity": 1}})  # three days late
        self.assertEqual(self.wizard(order, "LateFeeCharged").amount, 5 * (3 + 10))
        self.back(order, -4, {"1": {"quantity": 1}})  # six days late
        self.assertEqual(self.fee(order)["amount"], 5 * (3 + 6))
        self.assertFalse(order.late_fee_possible)

    def test_late_days_before_those_that_are_charged_are_due(self):
        order = self.out(end=-10)
        fee = {"late_from": self.day(-6), "late_until": self.day(-5), "amount": 20}
        order._apply_event("LateFeeCharged", fee)
        dues = [due for due in order._dues() if due["event_type"] == "LateFeeCharged"]
        found = [(str(due["start"]), str(due["end"]), due["amount"]) for due in dues]
        expected = [(self.day(-9), self.day(-7), 30), (self.day(-4), self.day(0), 50)]
        self.assertEqual(found, expected)
        self.assertEqual(self.fee(order)["amount"], 30)
        self.assertEqual(self.fee(order)["amount"], 50)
        self.assertEqual(order.late_fee_amount, 100)


class TestDialogs(MoneyCase):
    def test_an_extension_by_a_month_ends_with_the_month(self):
        for start, end, expected in (
            ("2026-02-01", "2026-02-28", "2026-03-31"),
            ("2026-01-31", "2026-02-27", "2026-03-30"),
            ("2026-01-01", "2026-01-31", "2026-02-28"),
            ("2026-01-10", "2026-01-20", "2026-02-20"),
        ):
            order = self.order(planned_start=start, planned_end=end)
            order._apply_event("RentalConfirmed")
            wizard = self.wizard(order, "RentalExtended")
            self.assertEqual(str(wizard.planned_end), expected, start)

    def test_a_copy_of_a_month_is_one_month(self):
        order = self.order(planned_start="2026-01-01", planned_end="2026-01-31", monthly_price=9)
        for today, end in (
            (date(2026, 2, 1), date(2026, 2, 28)),
            (date(2026, 4, 15), date(2026, 5, 14)),
        ):
            days = {order.company_id.id: (today, today)}
            self.patch(type(order), "_due_days", lambda _self, days=days: days)
            twin = order.copy()
            self.assertEqual((twin.planned_start, twin.planned_end), (today, end))
            self.assertEqual(twin.amount, 9)
        order.line_ids.price_period = "day"
        twin = order.copy()
        self.assertEqual((twin.planned_end - twin.planned_start).days, 30)

    def test_a_price_keeps_its_period(self):
        weekly, monthly = self.order(monthly_price=50), self.order(monthly_price=50)
        weekly.line_ids.price_period = "week"
        wizard = self.wizard(weekly, "PriceChanged")
        self.assertEqual(wizard.monthly_price, 50)
        wizard.monthly_price = 60
        wizard.action_record()
        self.assertEqual((weekly.line_ids.price, weekly.line_ids.price_period), (60, "week"))
        wizard = self.wizard(weekly + monthly, "PriceChanged", monthly_price=70)
        self.assertIn(f"{weekly.name}: Its price is not one per month", wizard.forecast)
        wizard.action_record()
        self.assertEqual((weekly + monthly).line_ids.mapped("price"), [60, 70])
