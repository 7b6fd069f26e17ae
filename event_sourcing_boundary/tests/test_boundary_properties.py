"""Any story of boundaries: a batch equals one by one, and reading anew equals live."""

from contextlib import ExitStack
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.event_sourcing.exceptions import StreamFoldError
from odoo.addons.event_sourcing.tests.test_properties import CALM
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.event_sourcing_boundary.models import event_boundary_status

from .test_boundaries import BoundaryCase

SEATS = st.sampled_from(["PA1", "PA2", "PA3", None])
VISITORS = st.sampled_from(["Ann", "Bob", None])
TYPES = ["Booked", "Booked", "Moved", "Cancelled", "Noted", "Left", "Reserved"]
OF_STAYS = ["Planned", "Confirmed", "Confirmed", "Ended"]
TYPES += OF_STAYS
STORIES = st.lists(
    st.tuples(
        st.sampled_from(["PB1", "PB2", "PB3"]),
        st.sampled_from(TYPES),
        SEATS,
        VISITORS,
    ),
    max_size=12,
)


class TestBoundaryProperties(BoundaryCase):
    def calls(self, story):
        for number, (name, event_type, seat, visitor) in enumerate(story):
            given = {"seat": seat, "visitor": visitor}
            call = self.booking(name, event_type, **{k: v for k, v in given.items() if v})
            if event_type == "Left":
                call["model_name"] = "queue"
            if event_type in OF_STAYS:
                call["model_name"] = "stay"
            if event_type == "Planned":
                call["payload"] = {"room": seat or "PA1", "nights": 3 + number % 5}
            yield {**call, "event_uuid": f"bp-{number}", "timestamp": "2026-01-01 00:00:00"}

    def undone(self, function):
        savepoint = self.env.cr.savepoint()
        try:
            return function()
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def known(self):
        """Return entries, versions and states of all keys."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT boundary, key, version, state, rules FROM event_boundary_state"
            " WHERE version > 0 ORDER BY 1, 2"
        )
        states = [(*row[:3], canonical(row[3]), row[4]) for row in self.env.cr.fetchall()]
        self.env.cr.execute(
            "SELECT entry.boundary, entry.key, entry.version, event.aggregate_id, event.version,"
            "       entry.details"
            "  FROM event_boundary_event AS entry"
            "  JOIN event_store AS event ON event.id = entry.event_id ORDER BY 1, 2, 3"
        )
        return states, self.env.cr.fetchall()

    def outcomes(self, answers):
        return [(a["version"], a["outcome"], a["message"]) for a in answers]

    def in_batch(self, calls):
        return self.outcomes(self.store.append_batch(calls)), self.known()

    def one_by_one(self, calls):
        return self.outcomes([self.store.append(**call) for call in calls]), self.known()

    def singly(self, calls):
        def refuse(handler, events, *args):
            raise StreamFoldError([events[0][1].stream])

        with ExitStack() as stack:
            for name in ("booking", "queue", "stay"):
                handler = type(self.store._find_handler(name))
                stack.enter_context(patch.object(handler, "_fold_together", refuse))
            return self.in_batch(calls)

    def read_anew(self, calls):
        outcomes, live = self.in_batch(calls)
        for status in self.env["event.boundary.status"].search(
            [("boundary", "in", ["seat", "visitor", "room"])]
        ):
            for table in ("event_boundary_event", "event_boundary_state"):
                self.env.cr.execute(f"DELETE FROM {table} WHERE boundary = %s", [status.boundary])
            status.write({"state": "reading", "position": 0})
            while status.state in ("reading", "folding"):
                status._work()
            self.assertEqual((status.state, status.message), ("ready", False))
        self.env.invalidate_all()
        self.assertEqual(self.known(), live)
        return outcomes, live

    @settings(CALM, max_examples=15)
    @given(STORIES, st.integers(1, 3))
    def test_however_a_story_is_told_or_read_it_is_the_same(self, story, chunk):
        calls = list(self.calls(story))
        told = self.undone(lambda: self.one_by_one(calls))
        self.assertEqual(self.undone(lambda: self.in_batch(calls)), told)
        self.assertEqual(self.undone(lambda: self.singly(calls)), told)
        streams = type(self.env["event.boundary.status"])._streams
        with (
            patch.object(event_boundary_status, "CHUNK", chunk),
            patch.object(streams, "__defaults__", (chunk,)),
        ):
            self.assertEqual(self.undone(lambda: self.read_anew(calls)), told)
