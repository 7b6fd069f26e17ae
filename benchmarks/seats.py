"""Bookings of seats, the same for everybody: the work, the rule, and who broke it."""

import random
import time

SEATS = [f"seat-{n:04}" for n in range(1000)]
TABLE = ["table"]  # all want this one
HALL = ["hall"]
TRIES = 5  # after so many Odoo gives up
# Each commit takes so many microseconds more; those that wait meanwhile share it.
SLOW_DISK = "SET commit_siblings = 0; SET commit_delay = {}"


def places(seat):
    """Return how many may have it at a time."""
    return {"table": 6, "hall": 1000}.get(seat, 1)


def taken_after(taken, event_type, booking):
    """Return who has a seat after an event, as a list."""
    others = [each for each in taken if each != booking]
    return [*others, booking] if event_type == "Booked" else others


def given_twice(events):
    """Return how often a seat was given that had no place left.

    :param events: ``(event_type, booking, seat)`` in the order in which they were decided
    """
    wrong, seats = 0, {}
    for event_type, booking, seat in events:
        taken = seats.get(seat, [])
        wrong += event_type == "Booked" and len(taken) >= places(seat)
        seats[seat] = taken_after(taken, event_type, booking)
    return wrong


class Client:
    """One of many who book seats and give them back.

    :param decide: function of event type, booking and seat that appends once; returns whether it
        was applied, False for one that the rule refused
    :param conflict: the exception, or a tuple of them, after which it is tried again
    """

    def __init__(self, decide, conflict):
        self.decide, self.conflict = decide, conflict
        self.result = {"count": 0, "refused": 0, "again": 0, "given_up": 0}

    def append(self, event_type, booking, seat):
        """Append until it is applied, or refused by the rule; return which of both."""
        tries = 1
        while True:
            try:
                applied = self.decide(event_type, booking, seat)
                break
            except self.conflict:
                tries += 1
        self.result["again"] += tries - 1
        self.result["given_up"] += tries > TRIES
        self.result["count" if applied else "refused"] += 1
        return applied

    def book(self, tag, seats, seconds):
        """Book one seat after the other and release each again, until the time is over."""
        chance, number, began = random.Random(tag), 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            number += 1
            booking, seat = f"{tag}-{number}", chance.choice(seats)
            if self.append("Booked", booking, seat):
                self.append("Released", booking, seat)
        return {**self.result, "seconds": time.perf_counter() - began}

    def race(self, tag, count, begin, pace):
        """Book so many seats, each at a moment that was agreed with the others.

        :param float begin: when it begins, as ``time.time()``
        :param float pace: seconds from one seat to the next
        """
        for number in range(count):
            time.sleep(max(0.0, begin + number * pace - time.time()))
            self.append("Booked", f"{tag}-{number}", SEATS[number])
        return {**self.result, "seconds": time.time() - begin}
