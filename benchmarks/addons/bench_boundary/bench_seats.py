from odoo import models

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.transitions import Transition

TRANSITIONS = {
    "Booked": Transition("new", "booked"),
    "Released": Transition("booked", "released"),
}


class BookingSnapshotHandler(models.AbstractModel):
    """A booking of a seat, which a boundary finds in the payload."""

    _name = "bench_booking.snapshot.handler"
    _inherit = "snapshot.handler"
    _description = "Rules of a Booking"
    _initial_status = "new"
    _transitions = TRANSITIONS


class StatedBookingSnapshotHandler(models.AbstractModel):
    """The same, with a boundary that asks the booking's state for the seat."""

    _name = "bench_booking_stated.snapshot.handler"
    _inherit = "snapshot.handler"
    _description = "Rules of a Booking Whose State Names the Seat"
    _initial_status = "new"
    _transitions = TRANSITIONS


class HallBookingSnapshotHandler(models.AbstractModel):
    """The same in a hall, about which one key knows hundreds of bookings."""

    _name = "bench_booking_hall.snapshot.handler"
    _inherit = "snapshot.handler"
    _description = "Rules of a Booking of a Place in a Hall"
    _initial_status = "new"
    _transitions = TRANSITIONS


class FreeBookingSnapshotHandler(models.AbstractModel):
    """The same without a boundary, and without the rule."""

    _name = "bench_booking_free.snapshot.handler"
    _inherit = "snapshot.handler"
    _description = "Rules of a Booking of Whatever Seat"
    _initial_status = "new"
    _transitions = TRANSITIONS


class NaiveBookingSnapshotHandler(models.AbstractModel):
    """The same rule without a boundary: its handler looks, and then it is written."""

    _name = "bench_booking_naive.snapshot.handler"
    _inherit = "snapshot.handler"
    _description = "Rules of a Booking That Looks and Hopes"
    _initial_status = "new"
    _transitions = TRANSITIONS

    def _check_new(self, event):
        self.env.cr.execute(
            "SELECT FROM event_snapshot WHERE model_name = %s AND state->>'seat' = %s"
            " AND state->>'status' = 'booked'",
            [event.model_name, event.payload["seat"]],
        )
        if event.event_type == "Booked" and self.env.cr.rowcount:
            raise RuleViolation("The seat is taken.", "taken")


class SeatBoundary(models.AbstractModel):
    """A seat is taken by one booking at a time, a table by six."""

    _name = "bench_seat.boundary"
    _inherit = "event.boundary"
    _description = "One Booking per Seat, Six per Table"
    _subscribes = {"bench_booking": ("Booked", "Released")}
    _key_fields = {"Booked": "seat", "Released": "seat"}

    def _check_new(self, state, event, key):
        places = 6 if key.startswith("table") else 1
        if event.event_type == "Booked" and len(state.get("taken", ())) >= places:
            raise RuleViolation("The seat is taken.", "taken")

    def _evolve(self, state, event, key):
        others = [each for each in state.get("taken", ()) if each != event.aggregate_id]
        return {"taken": [*others, event.aggregate_id] if event.event_type == "Booked" else others}


class StatedSeatBoundary(models.AbstractModel):
    """The same rule; which seat it is, only the state of the booking tells."""

    _name = "bench_seat_stated.boundary"
    _inherit = "bench_seat.boundary"
    _description = "One Booking per Seat That the State Names"
    _subscribes = {"bench_booking_stated": ("Booked", "Released")}
    _key_fields = {}

    def _keys(self, event, state):
        return [state["seat"]] if state.get("seat") else []


class HallBoundary(models.AbstractModel):
    """A hall is taken by a thousand bookings at a time, and knows the days of each."""

    _name = "bench_hall.boundary"
    _inherit = "event.boundary"
    _description = "A Thousand Bookings per Hall"
    _subscribes = {"bench_booking_hall": ("Booked", "Released")}
    _key_fields = {"Booked": "seat", "Released": "seat"}

    def _check_new(self, state, event, key):
        if event.event_type == "Booked" and len(state.get("taken", ())) >= 1000:
            raise RuleViolation("The hall is full.", "taken")

    def _evolve(self, state, event, key):
        taken = {k: days for k, days in state.get("taken", {}).items() if k != event.aggregate_id}
        if event.event_type == "Booked":
            taken[event.aggregate_id] = ["2026-03-01", "2026-03-14", 1]
        return {"taken": taken}
