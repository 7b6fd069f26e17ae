"""Whether there is enough for a rental, against a count of every single day."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from odoo.tests import BaseCase, tagged

from odoo.addons.rental_event_sourcing import availability, bookings

FIRST = date(2026, 3, 20)  # clocks change within
SPAN = 30


def day(number):
    return str(FIRST + timedelta(days=number))


PERIODS = some.tuples(some.integers(0, 20), some.integers(0, 9)).map(
    lambda drawn: (drawn[0], drawn[0] + drawn[1])
)
RENTALS = some.lists(some.tuples(PERIODS, some.integers(1, 3)), max_size=8)


def booking(period, quantity, out=0):
    return {"days": [day(period[0]), day(period[1]), quantity], "out": out}


def told(owned, rentals):
    """Return a state into which rentals came one after the other, those that were not refused."""
    state, taken = {"owned": owned}, {}
    for number, (period, quantity) in enumerate(rentals):
        wanted = booking(period, quantity)
        if bookings.shortage_of_days(state, f"R{number}", wanted, FIRST) is None:
            state = bookings.with_booking(state, f"R{number}", wanted)
            taken[number] = period, quantity
    return state, taken


def count(taken, number):
    """Return how many are out on one day."""
    return sum(q for (first, last), q in taken.values() if first <= number <= last)


@tagged("post_install", "-at_install")
class TestBookings(BaseCase):
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(some.integers(0, 4), RENTALS)
    def test_never_too_many_and_none_refused_for_nothing(self, owned, rentals):
        _state, taken = told(owned, rentals)
        self.assertTrue(all(count(taken, number) <= owned for number in range(SPAN)))
        for number, (period, quantity) in enumerate(rentals):
            if number not in taken:
                before = {n: v for n, v in taken.items() if n < number}
                most = max(count(before, day) for day in range(period[0], period[1] + 1))
                self.assertGreater(most + quantity, owned)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(some.integers(1, 4), RENTALS, PERIODS, some.integers(1, 4))
    def test_what_is_said_of_a_shortage_is_so(self, owned, rentals, period, quantity):
        state, taken = told(owned, rentals)
        short = bookings.shortage_of_days(state, "new", booking(period, quantity), FIRST)
        if short is None:
            return
        self.assertEqual(short.owned, owned)
        self.assertLess(short.free, quantity)
        if short.key is None:
            self.assertGreater(quantity, owned)
        else:
            first, last, number = state["bookings"][short.key]
            self.assertEqual((short.start, short.end, short.count), (first, last, number))
            self.assertTrue(first <= day(period[1]) and last >= day(period[0]))
        if short.next_free:
            length = period[1] - period[0]
            begin = (date.fromisoformat(short.next_free) - FIRST).days
            for number in range(begin, begin + length + 1):
                self.assertLessEqual(count(taken, number) + quantity, owned)
        else:
            self.assertGreater(quantity, owned)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(RENTALS, PERIODS, PERIODS, some.integers(1, 3))
    def test_to_take_no_more_is_never_refused(self, rentals, before, after, quantity):
        state = bookings.with_booking(told(3, rentals)[0], "own", booking(before, quantity))
        state["owned"] = 0  # all are lost meanwhile
        short = bookings.shortage_of_days(state, "own", booking(after, quantity), FIRST)
        within = before[0] <= after[0] and after[1] <= before[1]
        self.assertEqual(short is None, within)

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(RENTALS)
    def test_who_leaves_leaves_nothing(self, rentals):
        state, taken = told(3, rentals)
        for number in taken:
            state = bookings.with_booking(state, f"R{number}", None)
        self.assertEqual((state.get("bookings", {}), state.get("out", {})), ({}, {}))

    def test_what_is_late_is_away_until_the_day_of_the_question(self):
        state = bookings.with_booking({"owned": 3}, "R1", booking((0, 5), 3, out=2))

        def short(first, today):
            wanted = booking((first, first + 2), 2)
            return bookings.shortage_of_days(state, "R2", wanted, day(today))

        self.assertIsNone(short(6, today=5))  # not late yet
        found = short(6, today=6)
        self.assertEqual((found.key, found.start, found.end), ("R1", day(0), day(5)))
        self.assertEqual((found.late, found.count, found.free), (True, 2, 1))
        self.assertEqual(found.next_free, day(7))
        self.assertIsNone(short(7, today=6))
        self.assertTrue(short(7, today=9).late)
        self.assertIsNone(short(20, today=9))

    def test_what_is_with_somebody_else_does_not_go_out_whatever_was_planned(self):
        state = bookings.with_booking({"owned": 1}, "R1", booking((4, 5), 1, out=1))
        out = booking((8, 9), 1, out=1)
        for number in (0, 5, 8, 20):
            short = bookings.shortage_on_hand(state, "R2", out, day(number))
            self.assertEqual((short.key, short.start, short.count), ("R1", day(4), 1))
            self.assertIsNone(bookings.shortage_on_hand(state, "R1", out, day(number)))

    def test_a_repair_that_is_not_done_goes_on_until_the_day_of_the_question(self):
        state = bookings.with_blocked({"owned": 1}, "U1", [day(0), day(3)])
        wanted = booking((5, 6), 1)
        self.assertIsNone(bookings.shortage_of_days(state, "R", wanted, day(4)))
        short = bookings.shortage_of_days(state, "R", wanted, day(5))
        self.assertEqual((short.key, short.blocked, short.late), ("U1", True, True))
        out = booking((5, 6), 1, out=1)
        self.assertTrue(bookings.shortage_on_hand(state, "R", out, day(9)).blocked)
        state = bookings.with_blocked(state, "U1")
        self.assertIsNone(bookings.shortage_of_days(state, "R", wanted, day(5)))

    def test_without_a_last_day(self):
        endless = {"days": [day(3), None, 1], "out": 0}
        state = bookings.with_booking({"owned": 1}, "R1", endless)
        short = bookings.shortage_of_days(state, "R2", booking((20, 22), 1), FIRST)
        self.assertEqual((short.key, short.end, short.next_free), ("R1", None, None))
        state = bookings.with_booking({"owned": 1}, "R1", booking((5, 6), 1))
        short = bookings.shortage_of_days(state, "R2", endless, FIRST)
        self.assertEqual((short.key, short.next_free), ("R1", None))

    def test_lines_of_a_rental(self):
        line = {"product_id": 7, "quantity": 3, "delivered": 2, "returned": 1, "out": ["7/B"]}
        moved = {"kind": "returned", "day": day(4), "lines": {"1": {"unit_ids": ["7/A"]}}}
        state = {
            "status": "active",
            "planned_start": day(2),
            "planned_end": day(9),
            "delivered_on": day(1),
            "lines": {
                "1": {**line, "unit_ids": ["7/A", "7/B", "7/C"]},
                "2": {**line, "quantity": 1, "delivered": 0, "returned": 0, "out": []},
                "3": {**line, "product_id": None, "former_product_id": 3},
            },
            "movements": {"4": moved},
        }
        days = [day(1), day(9)]
        self.assertEqual(bookings.by_product(state), {7: {"days": [*days, 3], "out": 1}})
        self.assertEqual(
            bookings.by_unit(state),
            {
                "7/B": {"days": [*days, 1], "out": 1},
                "7/C": {"days": [day(2), day(9), 1], "out": 0},
            },
        )
        for status in ("draft", "demo", "returned", "closed", "cancelled"):
            self.assertEqual(bookings.by_product({**state, "status": status}), {})
            self.assertEqual(bookings.by_unit({**state, "status": status}), {})

    def test_a_booking_is_what_availability_reads(self):
        state = bookings.with_booking({"owned": 2}, "R1", booking((0, 5), 2))
        self.assertEqual(availability.free(state, day(5)), 0)
        self.assertEqual(availability.free(state, day(6)), 2)
