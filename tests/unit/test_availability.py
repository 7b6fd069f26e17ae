"""Free days, against a count of every single day."""

import random
import time
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from odoo.tests import BaseCase, tagged

from odoo.addons.rental_event_sourcing import availability

FIRST = date(2026, 2, 20)  # over the end of a month
SPAN = 40  # how many days are counted one by one; after the last booking nothing changes


def day(number):
    return str(FIRST + timedelta(days=number))


def intervals(prefix):
    interval = some.tuples(some.integers(0, 20), some.integers(0, 9), some.integers(0, 3))
    made = interval.map(lambda drawn: [day(drawn[0]), day(drawn[0] + drawn[1]), drawn[2]])
    return some.dictionaries(some.integers(0, 9).map(lambda n: f"{prefix}{n}"), made, max_size=8)


STATES = some.fixed_dictionaries(
    {
        "owned": some.integers(0, 6),
        "bookings": intervals("R"),
        "late": intervals("R"),
        "blocked": intervals("M"),
    }
)


def free_on(state, text):
    """Return how many are free on one day, counted one by one."""
    lists = [days for kind in availability.KINDS for days in state[kind].values()]
    return state["owned"] - sum(count for begin, end, count in lists if begin <= text <= end)


@tagged("post_install", "-at_install")
class TestAvailability(BaseCase):
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(STATES, some.integers(0, 20), some.integers(0, 12))
    def test_free_is_the_least_of_all_days(self, state, start, length):
        expected = min(free_on(state, day(start + number)) for number in range(length + 1))
        self.assertEqual(availability.free(state, day(start), day(start + length)), expected)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(STATES, some.integers(0, 20), some.integers(1, 9), some.integers(1, 4))
    def test_next_free_is_the_first_day_that_naive_counting_finds(self, state, start, days, wanted):
        expected = next(
            (
                day(begin)
                for begin in range(start, SPAN)
                if all(free_on(state, day(begin + n)) >= wanted for n in range(days))
            ),
            None,
        )
        self.assertEqual(availability.next_free(state, days, wanted, day(start)), expected)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(STATES, some.integers(0, 20), some.integers(0, 9), some.integers(1, 4))
    def test_what_is_in_the_way_is_there_on_the_first_day_that_is_short(
        self, state, start, length, wanted
    ):
        found = availability.conflict(state, day(start), day(start + length), wanted)
        days = [day(start + number) for number in range(length + 1)]
        short = next((text for text in days if free_on(state, text) < wanted), None)
        if short is None:
            self.assertIsNone(found)
            return
        for kind in availability.KINDS:
            there = sorted(
                (begin, key, end)
                for key, (begin, end, count) in state[kind].items()
                if begin <= short <= end and count
            )
            if there:
                begin, key, end = there[0]
                self.assertEqual(found, (key, begin, end))
                return
        self.assertIsNone(found)  # too few are owned at all

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(STATES, some.integers(0, 20), some.integers(0, 9))
    def test_a_booking_that_is_released_leaves_nothing(self, state, start, length):
        taken = availability.booked(state, "new", day(start), day(start + length), 2)
        for number in range(SPAN):
            out = 2 if start <= number <= start + length else 0
            self.assertEqual(free_on(taken, day(number)), free_on(state, day(number)) - out)
        self.assertEqual(availability.released(taken, "new"), state)

    def test_a_unit_goes_on_where_its_last_day_is_not_known(self):
        state = {"owned": 1, "blocked": {"repair": [day(3), None, 1]}}
        self.assertEqual(availability.free(state, day(0), day(2)), 1)
        self.assertEqual(availability.free(state, day(0)), 0)
        self.assertEqual(availability.next_free(state, 3, 1, day(0)), day(0))
        self.assertIsNone(availability.next_free(state, 4, 1, day(0)))
        self.assertEqual(availability.conflict(state, day(1), day(3)), ("repair", day(3), None))

    def test_an_empty_state_owns_nothing(self):
        self.assertEqual(availability.free({}, day(0), day(1)), 0)
        self.assertIsNone(availability.conflict({"owned": 1}, day(0), day(1)))
        self.assertIsNone(availability.next_free({}, 1, 1, day(0)))

    def test_dates_are_as_good_as_texts(self):
        state = availability.booked({"owned": 1}, "R1", FIRST, FIRST)
        self.assertEqual(state["bookings"], {"R1": [day(0), day(0), 1]})
        self.assertEqual(availability.conflict(state, FIRST, FIRST), ("R1", day(0), day(0)))

    def test_what_is_no_period_is_refused(self):
        for wrong in ((day(2), day(1)), ("soon", day(1)), (None, day(1)), ("2026-02-30", None)):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                availability.free({"owned": 1}, *wrong)
        with self.assertRaises(ValueError):
            availability.next_free({"owned": 1}, 0, 1, day(0))

    def test_ten_thousand_bookings(self):
        draw = random.Random(17)
        bookings = {}
        for number in range(10_000):
            begin = draw.randint(0, 1000)
            bookings[f"R{number}"] = [day(begin), day(begin + draw.randint(0, 30)), 1]
        state = {"owned": 200, "bookings": bookings}
        started = time.perf_counter()
        availability.free(state, day(300), day(330))
        availability.next_free(state, 14, 3, day(0))
        availability.conflict(state, day(300), day(330))
        self.assertLess(time.perf_counter() - started, 0.5)
