"""Prices of rentals, against every way of covering every single day."""

from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as some

from odoo.tests import BaseCase, tagged

from odoo.addons.rental_event_sourcing import pricing

STARTS = some.dates(date(2024, 1, 1), date(2027, 12, 31))
LENGTHS = some.integers(0, 400)
MONEY = some.decimals(0, 90, places=2)
PRICES = some.dictionaries(some.sampled_from(pricing.PERIODS), MONEY, min_size=1)


def after(day, period, count=1):
    """Return the day after so many periods, as another library counts."""
    return day + relativedelta(**{f"{period}s": count})


def cheapest(start, end, prices):
    """Return the least cost of months, then weeks, then days, each counted one by one."""
    found = []
    for months in range(16 if "month" in prices else 1):
        after_months = after(start, "month", months)
        for weeks in range(60 if "week" in prices else 1):
            rest = max((end - after_months).days + 1 - 7 * weeks, 0)
            if rest and "day" not in prices:
                continue
            counts = {"month": months, "week": weeks, "day": rest}
            found.append(sum(prices.get(name, 0) * count for name, count in counts.items()))
    return min(found)


@tagged("post_install", "-at_install")
class TestPricing(BaseCase):
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(STARTS, LENGTHS, PRICES)
    def test_no_way_to_cover_the_days_is_cheaper(self, start, length, prices):
        end = start + timedelta(days=length)
        price = pricing.best_price(start, end, prices)
        self.assertEqual(price.amount, cheapest(start, end, prices))
        self.assertEqual(price.amount, sum(prices[period] * count for period, count in price.parts))
        covered = start
        for period, count in price.parts:
            self.assertGreater(count, 0)
            covered = after(covered, period, count)
        self.assertGreater(covered, end)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(STARTS, LENGTHS, PRICES)
    def test_never_dearer_than_one_kind_of_period(self, start, length, prices):
        end = start + timedelta(days=length)
        best = pricing.best_price(start, end, prices).amount
        for period, amount in prices.items():
            line = {"quantity": 1, "price": amount, "price_period": period}
            self.assertLessEqual(best, pricing.line_amount(line, start, end))

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(STARTS, LENGTHS, some.integers(1, 60), PRICES)
    def test_a_later_end_is_never_cheaper(self, start, length, more, prices):
        ends = [start + timedelta(days=days) for days in (length, length + more)]
        sooner, later = [pricing.best_price(start, end, prices).amount for end in ends]
        self.assertLessEqual(sooner, later)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(STARTS, LENGTHS, some.sampled_from(pricing.PERIODS))
    def test_a_period_that_has_begun_counts_in_full(self, start, length, period):
        end = start + timedelta(days=length)
        count = pricing.periods(period, start, end)
        self.assertGreater(after(start, period, count), end)
        self.assertLessEqual(after(start, period, count - 1), end)

    def test_how_it_is_said(self):
        prices = {"day": 3000, "week": 7500, "month": 30000}
        price = pricing.best_price("2026-03-01", "2026-04-14", prices)
        self.assertEqual(price, pricing.Price(Decimal(45000), (("month", 1), ("week", 2))))
        # A whole month for the same money is one period, not four.
        price = pricing.best_price("2026-03-01", "2026-03-28", prices)
        self.assertEqual(price.parts, (("month", 1),))
        self.assertEqual(pricing.best_price("2026-03-01", "2026-03-02", prices).amount, 6000)

    def test_a_month_from_the_last_day(self):
        prices = {"month": 100}
        for end, months in (("2026-02-27", 1), ("2026-02-28", 2), ("2026-03-30", 2)):
            self.assertEqual(pricing.best_price("2026-01-31", end, prices).amount, 100 * months)
        # In a leap year February has a day more.
        self.assertEqual(pricing.periods("month", "2024-01-31", "2024-02-28"), 1)

    def test_numbers_are_exact(self):
        line = {"quantity": 3, "price": 0.1, "price_period": "day"}
        amount = pricing.line_amount(line, "2026-01-01", "2026-01-03")
        self.assertEqual(amount, Decimal("0.9"))
        price = pricing.best_price("2026-01-01", "2026-01-03", {"day": 0.1})
        self.assertEqual(price.amount, Decimal("0.3"))

    def test_a_price_for_the_whole_rental_needs_no_days(self):
        line = {"quantity": 2, "price": 45000, "price_period": "rental"}
        for days in ((None, None), ("2026-01-01", "2026-12-31")):
            self.assertEqual(pricing.line_amount(line, *days), 90000)
        line["price_period"] = "month"
        self.assertIsNone(pricing.line_amount(line, "2026-01-01", None))
        self.assertEqual(pricing.line_amount(line, "2026-01-01", "2026-12-31"), 1_080_000)

    def test_without_a_price_there_is_no_best(self):
        self.assertIsNone(pricing.best_price("2026-01-01", "2026-01-31", {}))
        self.assertIsNone(pricing.best_price("2026-01-01", "2026-01-31", {"day": None}))
        line = {"quantity": 2, "price_period": "day"}
        self.assertIsNone(pricing.line_amount(line, "2026-01-01", "2026-01-31"))

    def test_the_last_day_of_the_calendar(self):
        self.assertEqual(pricing.periods("month", "9999-12-01", "9999-12-31"), 1)
        price = pricing.best_price("9999-11-30", date.max, {"month": 5, "day": 1})
        self.assertEqual(price.amount, 7)

    def test_odd_input(self):
        with self.assertRaisesRegex(ValueError, "before it starts"):
            pricing.best_price("2026-01-02", "2026-01-01", {"day": 1})
        with self.assertRaisesRegex(ValueError, "is no day"):
            pricing.best_price(1, "2026-01-01", {"day": 1})
        with self.assertRaisesRegex(ValueError, "no period of a price"):
            pricing.periods("year", "2026-01-01", "2026-01-02")
