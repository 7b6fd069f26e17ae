"""What one rental adds, without a database."""

from datetime import date, datetime
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.event_sourcing.event import EventData

from ..rental_share import MAX_MONTHS, Share

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
PLAN = {"product_id": 7, "quantity": 2, "planned_start": "2026-01-30", "planned_end": "2026-02-02"}


def fold(*steps, timezone="UTC"):
    share = Share()
    for version, step in enumerate(steps, 1):
        event_type, payload = (step, {}) if isinstance(step, str) else step
        event = EventData(
            model_name="rental",
            aggregate_id="R1",
            event_type=event_type,
            payload=payload,
            version=version,
            timestamp=datetime(2026, 1, 31, 16),
            timezone=timezone,
        )
        share = share.after(event)
    return share


def days(*steps, **options):
    months = fold(*steps, **options).months()
    return {month: found[1] for (_product, month), found in months.items()}


@tagged("post_install", "-at_install")
class TestShare(BaseCase):
    planned = ("RentalPlanned", PLAN)

    def test_it_counts_from_the_confirmation_on_in_each_of_its_months(self):
        self.assertEqual(days(self.planned), {})
        self.assertEqual(days(self.planned, "RentalConfirmed"), {JANUARY: 4, FEBRUARY: 4})
        found = fold(self.planned, "RentalConfirmed").months()
        self.assertEqual([begun for begun, _days, _revenue in found.values()], [1, 0])

    def test_corrections(self):
        begin = (self.planned, "RentalConfirmed")
        for steps, expected in (
            ([("PlanChanged", {"quantity": 1})], {JANUARY: 2, FEBRUARY: 2}),
            ([("PlanChanged", {"planned_start": "2026-02-01"})], {FEBRUARY: 4}),
            ([("PlanChanged", {"planned_end": None})], {JANUARY: 2}),
            ([("PlanChanged", {"planned_start": ""})], {}),
            ([("RentalExtended", {"planned_end": "2026-02-03"})], {JANUARY: 4, FEBRUARY: 6}),
            (["RentalCancelled"], {}),
            (["EquipmentDelivered"], {JANUARY: 2, FEBRUARY: 4}),
            ([("EquipmentDelivered", {"delivered_on": "2026-02-02"})], {FEBRUARY: 2}),
            (["EquipmentDelivered", "EquipmentReturned"], {JANUARY: 2}),
            (
                ["EquipmentDelivered", ("EquipmentReturned", {"returned_on": "2026-02-05"})],
                {JANUARY: 2, FEBRUARY: 10},
            ),
        ):
            with self.subTest(steps=steps):
                self.assertEqual(days(*begin, *steps), expected)

    def test_a_day_is_that_of_the_place(self):
        found = days(self.planned, "RentalConfirmed", "EquipmentDelivered", timezone="Asia/Tokyo")
        self.assertEqual(found, {FEBRUARY: 4})
        paid = fold(self.planned, ("RentalInvoiced", {"amount": 5}), timezone="Asia/Tokyo")
        self.assertEqual(paid.months(), {(7, FEBRUARY): (0, 0, Decimal(5))})

    def test_amounts_are_exact_and_stay_where_days_go(self):
        paid = [("RentalInvoiced", {"amount": amount}) for amount in (0.1, 0.2, 3)]
        share = fold(self.planned, "RentalConfirmed", *paid, "RentalCancelled")
        self.assertEqual(share.months(), {(7, JANUARY): (0, 0, Decimal("3.3"))})

    def test_what_is_credited_is_no_revenue(self):
        paid = [("RentalInvoiced", {"amount": 0.3}), ("InvoiceCorrected", {"amount": 0.1})]
        share = fold(self.planned, *paid)
        self.assertEqual(share.months(), {(7, JANUARY): (0, 0, Decimal("0.2"))})
        lines = {n: {"product_id": 6 + int(n), "quantity": 1, "price": 1} for n in "123"}
        plan = ("RentalPlanned", {**PLAN, "product_id": None, "quantity": None, "lines": lines})
        share = fold(plan, ("InvoiceCorrected", {"amount": 0.1}))
        parts = [revenue for _begun, _days, revenue in share.months().values()]
        self.assertEqual(parts, [Decimal("-0.1"), Decimal("0.0"), Decimal("0.0")])

    def test_each_line_counts_for_its_product(self):
        lines = {
            "1": {"product_id": 7, "quantity": 2, "price": 10},
            "2": {"product_id": 8, "quantity": 1, "price": 5},
            "3": {"product_id": 7, "quantity": 1},
        }
        plan = ("RentalPlanned", {**PLAN, "product_id": None, "quantity": None, "lines": lines})
        share = fold(plan, "RentalConfirmed", ("RentalInvoiced", {"amount": 101}))
        paid = {7: Decimal(81), 8: Decimal(20)}  # 20 : 5, and what rounding leaves
        self.assertEqual(
            share.months(),
            {
                **{
                    (product, JANUARY): (1, 2 * n, paid[product]) for product, n in ((7, 3), (8, 1))
                },
                **{(product, FEBRUARY): (0, 2 * n, 0) for product, n in ((7, 3), (8, 1))},
            },
        )
        fewer = fold(plan, "RentalConfirmed", ("PlanChanged", {"removed_lines": ["1", "3"]}))
        self.assertEqual(fewer.months(), {(8, JANUARY): (1, 2, 0), (8, FEBRUARY): (0, 2, 0)})
        other = ("ProductExchanged", {"line": "2", "product_id": 9})
        self.assertIn((9, JANUARY), fold(plan, "RentalConfirmed", other).months())

    def test_each_piece_counts_until_it_is_back(self):
        begin = (
            self.planned,
            "RentalConfirmed",
            ("EquipmentDelivered", {"delivered_on": "2026-01-30"}),
        )
        part = {"returned_on": "2026-01-31", "lines": {"1": {"quantity": 1}}}
        first, last = (
            ("EquipmentReturned", part),
            ("EquipmentReturned", {**part, "returned_on": "2026-02-01"}),
        )
        self.assertEqual(days(*begin, first), {JANUARY: 4, FEBRUARY: 2})
        self.assertEqual(days(*begin, first, last), {JANUARY: 4, FEBRUARY: 1})
        corrected = ("ReturnCorrected", {"reason": "slip"})
        self.assertEqual(days(*begin, first, last, corrected), {JANUARY: 4, FEBRUARY: 2})
        one = (
            "EquipmentDelivered",
            {"delivered_on": "2026-02-01", "lines": {"1": {"quantity": 1}}},
        )
        back = ("EquipmentReturned", {"returned_on": "2026-02-01"})
        begin = (self.planned, "RentalConfirmed", one)
        self.assertEqual(days(*begin, back), {FEBRUARY: 1})
        wrong = ("DeliveryCorrected", {"reason": "slip"})
        self.assertEqual(days(*begin, wrong), {JANUARY: 4, FEBRUARY: 4})

    def test_each_piece_counts_from_its_delivery_on(self):
        begin = (self.planned, "RentalConfirmed")
        first = (
            "EquipmentDelivered",
            {"delivered_on": "2026-01-31", "lines": {"1": {"quantity": 1}}},
        )
        # The other one is still to come, and kept for the planned days.
        self.assertEqual(days(*begin, first), {JANUARY: 3, FEBRUARY: 4})
        second = ("EquipmentDelivered", {"delivered_on": "2026-02-01"})
        self.assertEqual(days(*begin, first, second), {JANUARY: 1, FEBRUARY: 4})
        # The first one that went out is the first one that is back.
        part = ("EquipmentReturned", {"returned_on": "2026-02-01", "lines": {"1": {"quantity": 1}}})
        self.assertEqual(days(*begin, first, second, part), {JANUARY: 1, FEBRUARY: 3})

    def test_an_exchange_parts_the_days_of_two_products(self):
        exchange = ("ProductExchanged", {"line": "1", "product_id": 9})
        plan = ("RentalPlanned", {**PLAN, "planned_start": "2026-01-29"})
        out = ("EquipmentDelivered", {"delivered_on": "2026-01-29"})
        found = fold(plan, "RentalConfirmed", out, exchange).months()
        self.assertEqual(
            found, {(7, JANUARY): (1, 4, 0), (9, JANUARY): (1, 2, 0), (9, FEBRUARY): (0, 4, 0)}
        )
        back = ("EquipmentReturned", {"returned_on": "2026-02-01"})
        found = fold(plan, "RentalConfirmed", out, exchange, back).months()
        self.assertEqual(found[9, FEBRUARY], (0, 2, 0))
        wrong = ("DeliveryCorrected", {"reason": "slip"})
        found = fold(plan, "RentalConfirmed", out, exchange, wrong).months()
        self.assertEqual(found, {(9, JANUARY): (1, 6, 0), (9, FEBRUARY): (0, 4, 0)})

    def test_a_slip_in_a_year_costs_no_table(self):
        plan = {**PLAN, "planned_end": "9999-12-31"}
        self.assertEqual(len(days(("RentalPlanned", plan), "RentalConfirmed")), MAX_MONTHS)
        plan = {**PLAN, "planned_start": "9999-12-31", "planned_end": "9999-12-31"}
        self.assertEqual(days(("RentalPlanned", plan), "RentalConfirmed"), {date(9999, 12, 1): 2})

    def test_what_nobody_checked_is_passed_over(self):
        odd = {"product_id": True, "quantity": 2**40, "planned_start": 5, "planned_end": "soon"}
        share = fold(("RentalPlanned", odd), ("RentalInvoiced", {"amount": "much"}))
        self.assertEqual(share, Share())
        self.assertEqual(fold("RentalClosed"), Share())
