"""What invoices of parts of a rental come to, against a count of every single day."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as some

from odoo.tests import BaseCase, tagged

from odoo.addons.rental_event_sourcing import charges, pricing

STARTS = some.dates(date(2024, 1, 1), date(2027, 12, 31))
PRICES = {"day": 3, "week": 20, "month": 70.5, "rental": 400}
LINES = some.builds(
    lambda period, quantity: {
        "price_period": period,
        "price": PRICES[period],
        "quantity": quantity,
    },
    some.sampled_from(list(PRICES)),
    some.integers(1, 3),
)
CUTS = some.lists(some.integers(1, 150), unique=True, max_size=6).map(sorted)


def days_of(start, cuts, length):
    """Return ``[(first, last)]`` of days that are cut into parts."""
    stops = [cut for cut in cuts if cut < length] + [length]
    firsts = [0, *stops[:-1]]
    return [
        (start + timedelta(days=first), start + timedelta(days=stop - 1))
        for first, stop in zip(firsts, stops, strict=True)
    ]


def begun(period, start, last):
    """Return how many periods begin on the days up to the last one, counted one by one."""
    count = 0
    while start + relativedelta(**{f"{period}s": count}) <= last:
        count += 1
    return count


def whole(line, start, last):
    """Return what a line costs from the planned start until a day."""
    period = line["price_period"]
    count = 1 if period == "rental" else begun(period, start, last)
    return Decimal(repr(line["price"])) * line["quantity"] * count


class Invoices(dict):
    """Invoices by number, as a state has them, of one line."""

    def add(self, line, start, first, last):
        """Invoice some days of the line; return the amount."""
        charge = charges.charge("1", line, start, first, last, self)
        days = {"period_start": str(first), "period_end": str(last)}
        note = charges.as_noted(charge)
        # Other lines make an invoice of it, also where this one comes to nothing.
        self[str(len(self) + 1)] = {"amount": 9999, **days, "lines": {"1": note}}
        return charge["amount"]


@tagged("post_install", "-at_install")
class TestCharges(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(STARTS, some.integers(1, 150), CUTS, LINES, some.randoms())
    def test_parts_add_up_in_any_order_and_after_credits(self, start, length, cuts, line, random):
        parts = days_of(start, cuts, length)
        random.shuffle(parts)
        invoices, total = Invoices(), 0
        for number, part in enumerate(parts, 1):
            total += invoices.add(line, start, *part)
            if random.random() < 0.3:  # credited in full, and invoiced again
                total -= Decimal(repr(invoices[str(len(invoices))]["lines"]["1"]["amount"]))
                invoices[str(len(invoices))]["credited"] = 9999
                total += invoices.add(line, start, *part)
            taken = [days for *days, _invoice in charges.standing(invoices)]
            self.assertEqual(len(taken), number)
        last = start + timedelta(days=length - 1)
        self.assertEqual(list(charges.uncovered(start, last, taken)), [])
        self.assertEqual(total, whole(line, start, last))

    @settings(max_examples=300, deadline=None)
    @given(STARTS, some.integers(1, 150), CUTS, some.lists(LINES, min_size=1, max_size=7))
    def test_other_terms_charge_what_is_missing_and_never_twice(self, start, length, cuts, lines):
        parts, invoices = days_of(start, cuts, length), Invoices()
        lines = (lines + lines[-1:] * len(parts))[: len(parts)]
        total = before = 0
        for number, (part, line) in enumerate(zip(parts, lines, strict=True)):
            if number and line != lines[number - 1]:
                before = total  # charged under other terms
            total += invoices.add(line, start, *part)
        self.assertEqual(total, max(before, whole(lines[-1], start, parts[-1][1])))

    def test_a_new_price_is_one_for_days_to_come(self):
        start, invoices = date(2026, 1, 31), Invoices()
        line = {"price_period": "month", "price": 100, "quantity": 2}
        january = (start, date(2026, 2, 27))
        self.assertEqual(invoices.add(line, start, *january), 200)
        line["price"] = 80
        self.assertEqual(invoices.add(line, start, date(2026, 2, 28), date(2026, 3, 30)), 160)
        # Invoiced once more, a period costs what it costs.
        self.assertEqual(charges.charge("1", line, start, *january, invoices)["amount"], 160)

    def test_a_line_that_came_later_is_charged_from_the_start(self):
        start, invoices = date(2026, 1, 1), Invoices()
        line = {"price_period": "month", "price": 100, "quantity": 1}
        invoices.add(line, start, start, date(2026, 1, 31))
        march = (date(2026, 2, 1), date(2026, 3, 31))
        self.assertEqual(charges.charge("2", line, start, *march, invoices)["amount"], 300)
        whole = {**line, "price_period": "rental"}
        self.assertEqual(charges.charge("2", whole, start, *march, invoices)["amount"], 100)

    def test_an_extension_that_is_priced_anew_costs_the_difference(self):
        start, invoices = date(2026, 1, 1), Invoices()
        line = {"price_period": "month", "price": 100, "quantity": 1}
        self.assertEqual(invoices.add(line, start, start, date(2026, 1, 31)), 100)
        line = {"price_period": "rental", "price": 150, "quantity": 1}  # a month and two weeks
        self.assertEqual(invoices.add(line, start, date(2026, 2, 1), date(2026, 2, 14)), 50)
        line = {"price_period": "month", "price": 100, "quantity": 1}
        self.assertEqual(invoices.add(line, start, date(2026, 2, 15), date(2026, 3, 31)), 150)

    @settings(max_examples=300, deadline=None)
    @given(
        some.integers(0, 20),
        some.integers(0, 20),
        some.lists(some.tuples(some.integers(-5, 30), some.integers(0, 9)), max_size=5),
    )
    def test_what_no_period_covers(self, first, length, periods):
        def day(number):
            return date(2026, 1, 10) + timedelta(days=number)

        taken = [(day(begin), day(begin + more)) for begin, more in periods]
        found = list(charges.uncovered(day(first), day(first + length), taken))
        days = [day(first + number) for number in range(length + 1)]
        free = [each for each in days if not any(begin <= each <= end for begin, end in taken)]
        told = [each for begin, end in found for each in days if begin <= each <= end]
        self.assertEqual(told, free)
        self.assertTrue(all(begin <= end for begin, end in found))
        for (_begin, end), (begin, _end) in pairwise(found):
            self.assertGreater(begin - end, timedelta(days=1))

    def test_the_last_day_of_all(self):
        end = date.max
        self.assertEqual(list(charges.uncovered(end, end, [(end, end)])), [])
        self.assertEqual(
            list(charges.uncovered(date(2026, 1, 1), end, [(date(2026, 1, 1), end)])), []
        )

    def test_what_no_number_holds_is_not_noted(self):
        note = {"quantity": 1, "price_period": "day"}
        self.assertIsNone(charges.as_noted({**note, "amount": Decimal("1e400")}))
        self.assertEqual(charges.as_noted({**note, "amount": Decimal("0.5")})["amount"], 0.5)


@tagged("post_install", "-at_install")
class TestMonths(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(STARTS, some.integers(1, 30))
    def test_whole_months_go_from_a_day_to_the_one_before_it(self, start, count):
        end = pricing.last_of_months(start, count)
        self.assertEqual(end, start + relativedelta(months=count) - timedelta(days=1))
        self.assertEqual(pricing.whole_months(start, end), count)
        self.assertEqual(pricing.periods("month", start, end), count)
        self.assertIsNone(pricing.whole_months(start, end + timedelta(days=1)))

    def test_there_is_a_last_day(self):
        self.assertEqual(pricing.last_of_months(date(9999, 12, 1), 3), date.max)
