from unittest.mock import patch

from odoo.addons.test_event_sourcing.common import EventCase


class TestBoundariesListed(EventCase):
    """What is said of boundaries where handlers are described."""

    def entry(self, model_name="booking"):
        self.env.invalidate_all()
        return self.env["event.handler"].search([("model_name", "=", model_name)])

    def test_which_decide_about_which_events(self):
        described = self.store.describe("booking")["events"]
        found = {event["event_type"]: event["boundaries"] for event in described}
        seat = {"boundary": "seat", "label": "One Booking per Seat"}
        visitor = {"boundary": "visitor", "label": "Two Bookings per Visitor"}
        self.assertEqual(
            found, {"Booked": [seat, visitor], "Moved": [seat], "Cancelled": [seat], "Noted": []}
        )
        for event in self.store.describe("counter")["events"]:
            self.assertEqual(event["boundaries"], [])
        listed = {row.event_type: row.boundary_labels for row in self.entry().event_type_ids}
        self.assertEqual(listed["Booked"], "One Booking per Seat, Two Bookings per Visitor")
        self.assertEqual(listed["Noted"], "")

    def test_problems_stand_with_those_of_handlers(self):
        self.assertFalse(self.entry().problems)
        boundary = self.env["seat.boundary"]
        self.patch(type(boundary), "_key_fields", {"Booked": "seat", "Sold": "seat"})
        self.assertIn(
            "One Booking per Seat: _key_fields names Sold, to which it does not subscribe.",
            self.entry().problems,
        )
        self.assertFalse(self.entry("ticket").problems)

    def test_hints_stand_there_too(self):
        boundary = self.env["seat.boundary"]
        self.patch(type(boundary), "_subscribes", {"booking": ("Booked", "Moved", "Sold")})
        self.assertIn("_subscribes names Sold, which the handler", self.entry().problems)

    def test_a_handler_that_is_switched_off_says_so_of_its_boundaries(self):
        registry = self.env["snapshot.handler.registry"]
        off = {"booking": "booking.snapshot.handler"}
        with patch.object(type(registry), "_off", lambda _self: off):
            self.assertIn(
                "Two Bookings per Visitor: No event of booking can be recorded",
                self.entry().problems,
            )
