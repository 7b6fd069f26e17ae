"""Invoices by period, credits, deposits, late fees and damages: rules, proposals, dialogs."""

from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.modules.module import get_module_path

from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase, migrate

from .test_rental_order import RentalCase

PLAN = ("RentalPlanned", {"planned_start": "2025-11-01", "planned_end": "2025-12-20"})
OUT = (PLAN, "RentalConfirmed", "EquipmentDelivered")
DECEMBER = {"period_start": "2025-12-01", "period_end": "2025-12-31"}
SCRATCH = ("DamageReported", {"description": "Scratch", "repair_cost": 100, "charged": True})


def invoiced(amount=100, **more):
    return ("RentalInvoiced", {"amount": amount, **more})


class TestInvoices(EventCase):
    def test_a_period_is_invoiced_once(self):
        rental = scenario(self.env, "rental").given(*OUT, invoiced(**DECEMBER))
        again = {"period_start": "2025-12-31", "period_end": "2026-01-30"}
        rental.when(invoiced(**again)).then(
            rejected("Invoice 1 is for 2025-12-01 to 2025-12-31 already; choose another period")
        )
        rental.when(invoiced(**again, again=True)).then(rejected("Reason is missing"))
        rental.when(invoiced(**again, again=True, reason=" ")).then(rejected("Reason is missing"))
        rental.when(invoiced(50, period_start="2025-11-01", period_end="2025-11-30"))
        rental.then({"invoiced_amount": 150})
        rental.when(invoiced(**again, again=True, reason="Lost in the mail"))
        rental.then({"invoiced_amount": 250, "owed_amount": 250})

    def test_a_period_whose_invoice_was_credited_in_full_is_free(self):
        credit = {"invoice": 1, "amount": 100, "reason": "Wrong customer"}
        rental = scenario(self.env, "rental").given(*OUT, invoiced(**DECEMBER))
        part = scenario(self.env, "rental").given(*OUT, invoiced(**DECEMBER))
        part.given(("InvoiceCorrected", {**credit, "amount": 99}))
        part.when(invoiced(**DECEMBER)).then(rejected("already"))
        rental.given(("InvoiceCorrected", credit)).when(invoiced(**DECEMBER))
        rental.then({"invoiced_amount": 200, "credited_amount": 100, "owed_amount": 100})

    def test_a_period_has_two_days_in_order(self):
        rental = scenario(self.env, "rental").given(*OUT)
        rental.when(invoiced(period_start="2025-12-01")).then(rejected("both, or neither"))
        rental.when(invoiced(period_start="2025-12-02", period_end="2025-12-01"))
        rental.then(rejected("The end is before the start"))
        # As it was recorded before periods were.
        rental.when(invoiced()).then({"invoiced_amount": 100})
        rental.when(invoiced()).then({"invoiced_amount": 200})

    def test_no_more_is_credited_than_was_invoiced(self):
        rental = scenario(self.env, "rental").given(*OUT, invoiced(0.3), invoiced(5))

        def credit(invoice, amount, reason="Early return"):
            payload = {"invoice": invoice, "amount": amount, "reason": reason}
            return rental.when(("InvoiceCorrected", payload))

        credit(3, 1).then(rejected("has no invoice 3; it has 2"))
        credit(1, 0.1, " ").then(rejected("Reason is missing"))
        credit(1, 0).then(rejected("cannot be zero"))
        credit(1, 0.4).then(rejected("Of invoice 1, 0.3 can still be credited"))
        credit(1, 0.1).then({"credited_amount": 0.1, "owed_amount": 5.2})
        credit(1, 0.21).then(rejected("Of invoice 1, 0.2 can still be credited"))
        credit(1, 0.2).then({"credited_amount": 0.3, "owed_amount": 5})
        credit(2, 5).then({"invoiced_amount": 5.3, "credited_amount": 5.3, "owed_amount": 0})

    def test_what_is_over_can_still_be_corrected(self):
        credit = ("InvoiceCorrected", {"invoice": 1, "amount": 1, "reason": "x"})
        for end in (("EquipmentReturned", "RentalClosed"), ()):
            begin = (PLAN, "RentalConfirmed", invoiced(1))
            way = (*begin, "EquipmentDelivered", *end) if end else (*begin, "RentalCancelled")
            scenario(self.env, "rental").given(*way).when(credit).then({"owed_amount": 0})


class TestChargedBeside(EventCase):
    def test_a_deposit_goes_back_once(self):
        rental = scenario(self.env, "rental").given(PLAN)
        rental.when(("DepositTaken", {"amount": 0})).then(rejected("cannot be zero"))
        rental.when(("DepositTaken", {"amount": 20.5})).then({"deposit_held": 20.5})
        rental.given("RentalConfirmed", "RentalCancelled")
        rental.when(("DepositTaken", {"amount": 1})).then(rejected("No deposit can be taken"))
        back = "DepositReturned"
        rental.when((back, {"amount": 21})).then(rejected("is 20.5; return at most that"))
        rental.when((back, {"amount": 20, "reason": "Scratch"})).then({"deposit_held": 0.5})
        rental.when((back, {"amount": 0.5})).then({"deposit_held": 0})
        rental.when((back, {"amount": 0.5})).then(rejected("is 0.0; return"))

    def late(self, rental, first, last, amount=10):
        payload = {"late_from": first, "late_until": last, "amount": amount}
        return rental.when(("LateFeeCharged", payload))

    def test_a_late_day_is_charged_once_and_after_it_has_passed(self):
        rental = scenario(self.env, "rental").given(*OUT)
        self.late(rental, "2025-12-20", "2025-12-22").then(rejected("planned until 2025-12-20"))
        self.late(rental, "2025-12-25", "2025-12-22").then(rejected("end is before the start"))
        self.late(rental, "2025-12-21", "2026-03-01").then(rejected("until 2026-01-01"))
        self.late(rental, "2025-12-21", "2025-12-22", 0).then(rejected("cannot be zero"))
        self.late(rental, "2025-12-21", "2025-12-22").then({"late_fee_amount": 10})
        self.late(rental, "2025-12-22", "2025-12-24").then(
            rejected("2025-12-21 to 2025-12-22 is charged already")
        )
        self.late(rental, "2025-12-23", "2025-12-24").then({"owed_amount": 20})

    def test_no_day_after_the_return_is_late(self):
        delivered = ("EquipmentDelivered", {"delivered_on": "2025-11-01"})
        returned = ("EquipmentReturned", {"returned_on": "2025-12-23"})
        rental = scenario(self.env, "rental").given(PLAN, "RentalConfirmed", delivered, returned)
        self.late(rental, "2025-12-21", "2025-12-24").then(rejected("until 2025-12-23"))
        self.late(rental, "2025-12-21", "2025-12-23").then({"late_fee_amount": 10})

    def charge(self, rental, damage, amount, **more):
        return rental.when(("DamageCharged", {"damage": damage, "amount": amount, **more}))

    def test_a_damage_is_charged_as_reported_or_with_a_reason(self):
        free = ("DamageReported", {"description": "Wear", "repair_cost": 50, "charged": False})
        rental = scenario(self.env, "rental").given(*OUT, SCRATCH, free)
        self.charge(rental, 3, 1).then(rejected("no damage 3; 2 were reported"))
        self.charge(rental, 1, 0).then(rejected("cannot be zero"))
        self.charge(rental, 1, 101).then(rejected("was to pay 100, of which 0 is charged"))
        self.charge(rental, 1, 60).then({"damage_billed": 60, "owed_amount": 60})
        self.charge(rental, 1, 41).then(rejected("was to pay 100, of which 60 is charged"))
        self.charge(rental, 1, 40).then({"damage_billed": 100})
        self.charge(rental, 2, 1).then(rejected("was to pay 0"))
        self.charge(rental, 2, 1, reason="It was on purpose").then({"damage_billed": 101})

    def test_the_handler_passes_the_lint(self):
        credit = ("InvoiceCorrected", {"invoice": 1, "amount": 10, "reason": "x"})
        fee = {"late_from": "2025-12-21", "late_until": "2025-12-22", "amount": 9.9}
        whole = [
            PLAN,
            ("DepositTaken", {"amount": 20.1}),
            "RentalConfirmed",
            "EquipmentDelivered",
            invoiced(99.9, **DECEMBER),
            invoiced(99.9, **DECEMBER),
            credit,
            ("LateFeeCharged", fee),
            ("LateFeeCharged", fee),
            SCRATCH,
            ("DamageCharged", {"damage": 1, "amount": 100}),
            ("DepositReturned", {"amount": 20.1}),
            ("DepositReturned", {"amount": 20.1}),
        ]
        self.assertEqual(lint_handler(self.env, "rental", [whole]), [])


class MoneyCase(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.store._business_today(cls.env.company.id, fields.Datetime.now())

    def day(self, days):
        return str(self.today + timedelta(days=days))

    def out(self, start=-60, end=-10, quantity=2):
        order = self.order(
            quantity=quantity,
            monthly_price=100,
            planned_start=self.day(start),
            planned_end=self.day(end),
        )
        order._apply_event("RentalConfirmed")
        order._apply_event("EquipmentDelivered", {"delivered_on": self.day(start)})
        return order

    def wizard(self, orders, event_type, **answers):
        context = orders.action_choose(event_type)["context"]
        wizard = self.env["rental.event.wizard"].with_context(**context)
        return wizard.create({**wizard.default_get(list(wizard._fields)), **answers})

    def record(self, order, event_type, **answers):
        """Record what a dialog proposes, with answers; return the payload."""
        params = self.wizard(order, event_type, **answers).action_record()["params"]
        self.assertEqual(params["type"], "success", params)
        domain = [("aggregate_id", "=", order.name), ("outcome", "=", "applied")]
        event = self.store.search(domain, order="version desc", limit=1)
        self.assertEqual(event.event_type, event_type)
        return event.payload


class TestDialogs(MoneyCase):
    def test_months_are_proposed_one_after_the_other_and_then_it_asks(self):
        order = self.order(
            planned_start=self.day(-20), planned_end=self.day(25), monthly_price=100, quantity=2
        )
        order._apply_event("RentalConfirmed")
        first = self.record(order, "RentalInvoiced")
        self.assertEqual((first["period_start"], first["amount"]), (self.day(-20), 200))
        second = self.record(order, "RentalInvoiced")
        self.assertEqual(second["period_end"], self.day(25))
        self.assertGreater(second["period_start"], first["period_end"])
        wizard = self.wizard(order, "RentalInvoiced")
        self.assertEqual(str(wizard.period_end), self.day(25))
        self.assertIn("Invoice 2 is for", wizard.forecast)
        with self.assertRaisesRegex(UserError, "say why"):
            wizard.action_record()
        self.assertEqual(order.invoiced_amount, 400)
        again = self.record(order, "RentalInvoiced", again=True, reason="Lost")
        self.assertEqual((again["again"], again["reason"]), (True, "Lost"))
        self.assertEqual((order.invoiced_amount, order.owed_amount), (600, 600))

    def test_an_amount_follows_the_period(self):
        wizard = self.wizard(self.out(), "RentalInvoiced")
        wizard.period_end = fields.Date.add(wizard.period_start, months=2, days=-1)
        wizard._onchange_period()
        self.assertEqual(wizard.amount, 400)
        wizard.period_end = fields.Date.add(wizard.period_start, months=2)
        wizard._onchange_period()
        self.assertEqual(wizard.amount, 600)

    def test_lines_are_charged_by_their_periods(self):
        crane = self.env["product.product"].create({"name": "Crane"})
        lines = [
            {"product_id": self.product.id, "quantity": 2, "price": 10, "price_period": "day"},
            {"product_id": crane.id, "quantity": 1, "price": 50, "price_period": "week"},
            {"product_id": crane.id, "quantity": 3, "price": 100, "price_period": "rental"},
        ]
        order = self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "line_ids": [(0, 0, line) for line in lines],
                "planned_start": "2026-02-01",
                "planned_end": "2026-03-31",
            }
        )
        order._apply_event("RentalConfirmed")
        found = order.snapshot_id._invoice_lines(date(2026, 2, 1), date(2026, 2, 8))
        self.assertEqual([line["product"] for line in found], [self.product, crane, crane])
        self.assertEqual([line["quantity"] for line in found], [2, 1, 3])
        self.assertEqual([line["amount"] for line in found], [160, 100, 300])
        first = self.record(order, "RentalInvoiced")  # 28 days, 4 weeks, and once for the whole
        self.assertEqual((first["period_end"], first["amount"]), ("2026-02-28", 560 + 200 + 300))
        second = self.record(order, "RentalInvoiced")  # 31 days, 5 weeks
        self.assertEqual((second["period_end"], second["amount"]), ("2026-03-31", 620 + 250))

    def test_a_late_day_is_charged_for_what_is_still_out(self):
        self.env.company.rental_late_fee = 5
        order = self.out(end=-2)
        back = {"lines": {"1": {"quantity": 1}}, "returned_on": self.day(-3)}
        order._apply_event("EquipmentReturned", back)
        self.assertEqual(self.wizard(order, "LateFeeCharged").amount, 10)  # two days, one piece

    def test_a_rental_without_dates_is_invoiced_without_a_period(self):
        order = self.order(monthly_price=7)
        order._apply_event("RentalConfirmed")
        self.assertEqual(self.record(order, "RentalInvoiced"), {"amount": 7})

    def test_what_can_still_be_credited_is_proposed(self):
        order = self.out()
        self.assertFalse(order.credit_possible)
        self.record(order, "RentalInvoiced")
        self.assertTrue(order.credit_possible)
        wizard = self.wizard(order, "InvoiceCorrected", amount=50)
        self.assertFalse(wizard.forecast)  # a reason is still to be given
        self.assertRegex(wizard.entries, r"^1: .*200.* credited .*0")
        with self.assertRaisesRegex(UserError, "Reason is missing"):
            wizard.action_record()
        wizard.reason = "Early return"
        wizard.action_record()
        payload = self.record(order, "InvoiceCorrected", reason="The rest")
        self.assertEqual((payload["invoice"], payload["amount"]), (1, 150))
        self.assertEqual((order.credited_amount, order.owed_amount), (200, 0))
        self.assertFalse(order.credit_possible)

    def test_a_deposit(self):
        order = self.out()
        self.assertEqual(self.wizard(order, "DepositTaken").amount, 0)
        with self.assertRaisesRegex(UserError, "cannot be zero"):
            self.wizard(order, "DepositTaken").action_record()
        self.record(order, "DepositTaken", amount=80)
        self.assertEqual(order.deposit_held, 80)
        self.assertEqual(self.record(order, "DepositReturned"), {"amount": 80})
        self.assertEqual(order.deposit_held, 0)

    def test_late_days_cost_what_the_rates_say(self):
        self.env.company.rental_late_fee = 5
        order = self.out(end=-10)
        self.assertTrue(order.late_fee_possible)
        payload = self.record(order, "LateFeeCharged")
        expected = {"late_from": self.day(-9), "late_until": self.day(0), "amount": 100}
        self.assertEqual(payload, expected)  # ten days, two pieces
        self.assertFalse(order.late_fee_possible)
        self.assertFalse(self.wizard(order, "LateFeeCharged").late_from)
        self.product.rental_late_fee = 7
        other = self.out(end=-10)
        other._apply_event("EquipmentReturned", {"returned_on": self.day(-7)})
        wizard = self.wizard(other, "LateFeeCharged")
        self.assertEqual((str(wizard.late_until), wizard.amount), (self.day(-7), 42))
        wizard.late_until = wizard.late_from
        wizard._onchange_late()
        self.assertEqual(wizard.amount, 14)

    def test_a_rate_is_not_below_zero(self):
        with self.assertRaisesRegex(ValidationError, "cannot be below 0"):
            self.env.company.rental_late_fee = -1
        with self.assertRaisesRegex(ValidationError, "cannot be below 0"):
            self.product.rental_late_fee = -1

    def test_the_damage_that_is_still_to_pay_is_proposed(self):
        order = self.out()
        self.assertFalse(order.damage_possible)
        for name, cost in (("Lens", 30), ("Handle", 20)):
            payload = {"description": name, "repair_cost": cost, "charged": True}
            order._apply_event("DamageReported", payload)
        self.assertTrue(order.damage_possible)
        self.assertIn("2: Handle, customer pays", self.wizard(order, "DamageCharged").entries)
        for number, cost in ((1, 30), (2, 20)):
            self.assertEqual(
                self.record(order, "DamageCharged"), {"damage": number, "amount": cost}
            )
        self.assertEqual((order.damage_billed, order.owed_amount), (50, 50))

    def test_many_at_once(self):
        orders = self.out() + self.out()
        wizard = self.wizard(orders, "RentalInvoiced")
        self.assertEqual((wizard.amount, wizard.possible_count), (200, 2))
        self.assertFalse(wizard.entries)
        wizard.action_record()
        self.assertEqual(orders.mapped("owed_amount"), [200, 200])

    def test_columns_can_be_summed(self):
        orders = self.out() + self.out()
        orders._apply_event("RentalInvoiced", {"amount": 12.5})
        orders[0]._apply_event("DepositTaken", {"amount": 3})
        domain = [("id", "in", orders.snapshot_id.ids)]
        sums = ["owed_amount:sum", "deposit_held:sum", "credited_amount:sum"]
        found = self.env["rental.snapshot"]._read_group(domain, [], sums)
        self.assertEqual(found, [(25.0, 3.0, 0.0)])

    def test_what_was_invoiced_before_is_owed(self):
        order = self.out()
        order._apply_event("RentalInvoiced", {"amount": 12.5})
        snapshot = order.snapshot_id
        before = snapshot.read(["state", "owed_amount"])
        self.env.flush_all()
        self.env.cr.execute("UPDATE rental_snapshot SET owed_amount = NULL")
        self.migrate()
        snapshot.invalidate_recordset()
        self.assertEqual(snapshot.read(["state", "owed_amount"]), before)
        snapshot.action_rebuild()
        self.assertEqual(snapshot.read(["state", "owed_amount"]), before)

    def migrate(self):
        path = f"{get_module_path('rental_event_sourcing')}/migrations/2.1.0/post-owed.py"
        migrate(self.env.cr, path, "2.0.0")
