"""What a boundary notes of an event and a key beside the event: details of its aggregate."""

from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.testing import lint_boundary, rejected, scenario
from odoo.addons.event_sourcing_boundary.tests.test_boundaries import BoundaryCase


class TestBoundaryDetails(BoundaryCase):
    def stay(self, name, event_type, **payload):
        return {**self.booking(name, event_type, **payload), "model_name": "stay"}

    def plan(self, name, room="R1", nights=4):
        return self.stay(name, "Planned", room=room, nights=nights)

    def confirm(self, name, **payload):
        """Plan and confirm a stay; return what became of the confirmation."""
        return self.tell(self.plan(name, **payload), self.stay(name, "Confirmed"))[-1]

    def details(self, key):
        """Return ``[(aggregate id, event type, details)]`` of a key, in order."""
        found = self.env["event.boundary.event"].search(
            [("boundary", "=", "room"), ("key", "=", key)], order="version"
        )
        return [(e.event_id.aggregate_id, e.event_id.event_type, e.details) for e in found]

    def test_an_empty_payload_is_decided_by_the_plan(self):
        self.assertEqual(self.confirm("T1"), ("applied", ""))
        self.assertEqual(self.confirm("T2", nights=6), ("applied", ""))
        self.assertEqual(self.confirm("T3", nights=1), ("rejected", "R1 is full."))
        self.assertEqual(self.confirm("T4", room="R2"), ("applied", ""))
        self.assertEqual(self.seat("R1", "room"), {"stays": {"T1": 4, "T2": 6}})
        expected = [("T1", "Confirmed", {"nights": 4}), ("T2", "Confirmed", {"nights": 6})]
        self.assertEqual(self.details("R1"), expected)

    def test_who_leaves_a_key_has_no_details_there(self):
        self.confirm("T1")
        self.tell(self.plan("T1", room="R2", nights=9))
        self.assertEqual(self.seat("R1", "room"), {"stays": {}})
        self.assertEqual(self.seat("R2", "room"), {"stays": {"T1": 9}})
        self.tell(self.stay("T1", "Ended"))
        moved, ended = ("T1", "Planned"), ("T1", "Ended", False)
        first = ("T1", "Confirmed", {"nights": 4})
        self.assertEqual(self.details("R1"), [first, (*moved, False)])
        self.assertEqual(self.details("R2"), [(*moved, {"nights": 9}), ended])

    def test_a_plan_that_changes_later_is_not_what_was_decided_before(self):
        for day, call in enumerate(
            (self.plan("T1"), self.stay("T1", "Confirmed"), self.plan("T1", nights=7)), 1
        ):
            self.tell({**call, "timestamp": f"2026-03-0{day} 10:00:00"})
        at = self.seat("R1", "room", timestamp="2026-03-02 12:00:00")
        self.assertEqual(at, {"stays": {"T1": 4}})
        self.assertEqual(self.seat("R1", "room", version=1), at)
        self.assertEqual(self.seat("R1", "room"), {"stays": {"T1": 7}})

    def test_an_event_without_details_is_noted_without_any(self):
        self.book("B1", "A1")
        self.env.cr.execute("SELECT details FROM event_boundary_event WHERE key = 'A1'")
        self.assertEqual(self.env.cr.fetchall(), [(None,)])

    def test_details_that_are_no_object_are_a_fault(self):
        kind = type(self.env["room.boundary"])
        for found in ({"R1": 5}, {"R1": [1]}, {"": {}}, {"R1": {"nights": object()}}):
            with (
                patch.object(kind, "_keys", lambda self, event, state, found=found: found),
                mute_logger("odoo.addons.event_sourcing.models.event_store_failure"),
            ):
                self.assertEqual(self.tell(self.plan("T9"), policy="record")[0][0], "failed")

    def test_a_story(self):
        plan = ("stay/T1", "Planned", {"room": "R1", "nights": 8})
        other = ("stay/T2", "Planned", {"room": "R1", "nights": 3})
        story = scenario(self.env, boundary="room").given(plan, ("stay/T1", "Confirmed"), other)
        story.when(("stay/T2", "Confirmed")).then(rejected("R1 is full"))
        story.when(("stay/T1", "Ended")).then({"R1": {"stays": {}}})
        story.when(("stay/T2", "Confirmed")).then({"R1": {"stays": {"T2": 3}}})
        history = [plan, ("stay/T1", "Confirmed"), other, ("stay/T2", "Confirmed")]
        self.assertEqual(lint_boundary(self.env, "room", [history]), [])

    def test_the_lint_hears_of_details_that_are_changed(self):
        kind = type(self.env["room.boundary"])
        evolve = kind._evolve

        def careless(self, state, event, key):
            after = evolve(self, state, event, key)
            event.details["nights"] = 1
            return after

        plan = ("stay/T1", "Planned", {"room": "R1", "nights": 8})
        with patch.object(kind, "_evolve", careless):
            found = lint_boundary(self.env, "room", [[plan, ("stay/T1", "Confirmed")]])
        self.assertIn("Confirmed changes its arguments", found[0])

    def test_an_update_adds_details_to_what_was_noted_without(self):
        self.book("B1", "A1")
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE event_boundary_event DROP COLUMN details")
        models = ["event.boundary.event"]
        self.env.registry.init_models(self.env.cr, models, {"module": "event_sourcing"}, False)
        self.env.flush_all()
        self.assertEqual(self.confirm("T1"), ("applied", ""))
        self.assertEqual(self.details("R1"), [("T1", "Confirmed", {"nights": 4})])
        self.assertEqual(self.book("B2", "A1"), ("rejected", "A1 is taken by B1."))

    def test_words_for_a_key_may_be_read_from_records(self):
        company = self.env["res.company"].create({"name": "Sato's Rooms"})

        def _key_label(self, key):
            return f"{key} of {self.env['res.company'].browse(company.id).name}"

        def refuse(self, state, event, key):
            raise RuleViolation(self._key_label(key), "room_full")

        kind = type(self.env["room.boundary"])
        self.env.flush_all()
        story = scenario(self.env, boundary="room").given(
            ("stay/T1", "Planned", {"room": "R1", "nights": 8})
        )
        with patch.object(kind, "_key_label", _key_label), patch.object(kind, "_check_new", refuse):
            story.when(("stay/T1", "Confirmed")).then(rejected("R1 of Sato's Rooms"))
