from datetime import datetime
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.testing import lint_handler
from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler

from ..models import snapshot_handler_problems
from ..source import own_methods


class Careless:
    """Rules as somebody in a hurry writes them."""

    def _evolve(self, state, event):
        if event.event_type in ("Aded", "Added") or event.event_type == "Closd":
            return {**state, "day": self._day()}
        return state

    def _day(self):
        return str(fields.Date.today())

    def _check_new(self, event):
        """Asked of new events alone, so that it may look at a clock."""
        return fields.Datetime.now()


class TestLint(EventCase):
    """What replay could not rely on is found by trying."""

    def setUp(self):
        super().setUp()
        # The toy's own source names events that these tests take from its table.
        self.patch(snapshot_handler_problems, "own_methods", lambda _kinds: {})

    def lint(self, evolve):
        self.patch(CounterSnapshotHandler, "_transitions", {"Added": Transition("open")})
        self.patch(CounterSnapshotHandler, "_evolve", evolve)
        history = [("Added", {"amount": 1}), ("Added", {"amount": 2})]
        return lint_handler(self.env, "counter", [history])

    def test_a_good_handler_passes(self):
        def good(handler, state, event):
            return {**state, **event.payload}

        self.assertEqual(self.lint(good), [])
        self.assertFalse(self.store.search([("aggregate_id", "like", "lint%")]))

    def test_each_kind_of_fault(self):
        ticks = iter(range(1000))

        def change_argument(handler, state, event):
            state["seen"] = True
            return dict(state)

        def change_then_refuse(handler, state, event):
            state["seen"] = True
            raise UserError("no")

        for evolve, fault in (
            (lambda handler, state, event: {**state, "tick": next(ticks)}, "a clock or a random"),
            (
                lambda handler, state, event: {**state, "pair": (1, 2)},
                "JSON gives back differently",
            ),
            (lambda handler, state, event: {**state, "set": {1}}, "set is a set, which JSON"),
            (change_argument, "changes its arguments"),
            (change_then_refuse, "before it refuses"),
            (lambda handler, state, event: 1 / 0, "ZeroDivisionError"),
            (lambda handler, state, event: None, "_evolve returns None for Added"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, " ".join(self.lint(evolve)))

    def test_what_is_declared_wrongly_is_said_alone(self):
        handler = type(self.env["counter.snapshot.handler"])
        for attributes, part in (
            ({"_snapshot_model": "no.such"}, "no such model"),
            ({"_snapshot_model": "res.partner"}, "does not inherit snapshot.mixin"),
            ({"_transitions": {"Added": ("open", "open")}}, "write it like"),
        ):
            with self.subTest(part=part), patch.multiple(handler, **attributes):
                (said,) = lint_handler(self.env, "counter", [[("Added", {"amount": 1})]])
                self.assertIn(part, said)

    def test_the_source_is_read(self):
        handler = self.env["counter.snapshot.handler"]
        methods = own_methods([Careless])
        self.patch(snapshot_handler_problems, "own_methods", lambda _kinds: methods)
        found = handler.env["snapshot.handler.registry"]._lint(handler)
        said = "\n".join(sentence for _code, sentence in found)
        self.assertIn("_day calls today(), which gives something else another day", said)
        self.assertIn("compares event_type with Aded, which _transitions does not", said)
        self.assertIn("(Added?)", said)
        self.assertIn("event_type with Closd", said)
        self.assertNotIn("now()", said)

    def test_a_handler_that_chokes_on_an_empty_payload(self):
        self.patch(CounterSnapshotHandler, "_payload_fields", {})
        found = self.lint(lambda handler, state, event: {**state, "sum": event.payload["amount"]})
        self.assertIn("Added with an empty payload raises KeyError", found[0])

    def test_empty_payloads_are_tried_in_every_state_of_the_histories(self):
        self.patch(CounterSnapshotHandler, "_payload_fields", {})

        def later(handler, state, event):
            return {
                **state,
                "sum": event.payload.get("amount", 0) if not state.get("sum") else 1 / 0,
            }

        self.patch(CounterSnapshotHandler, "_transitions", {"Added": Transition("open")})
        self.patch(CounterSnapshotHandler, "_evolve", later)
        found = lint_handler(self.env, "counter", [[("Added", {"amount": 1})]])
        self.assertEqual(len(found), 1)
        self.assertIn("Added with an empty payload raises ZeroDivisionError", found[0])

    def test_events_are_appended_in_the_version_they_were_given(self):
        seen = []
        append_batch = type(self.store).append_batch

        def spy(store, calls=None):
            seen.extend(call["schema_version"] for call in calls)
            return append_batch(store, calls)

        self.patch(type(self.store), "append_batch", spy)
        old = EventData(
            "parcel", "P1", "Weighed", {"pounds": 1}, 1, datetime(2026, 1, 1), schema_version=1
        )
        self.assertEqual(lint_handler(self.env, "parcel", [[old]]), [])
        self.assertEqual(set(seen), {1})

    def test_lists_and_objects_come_back_as_they_were(self):
        handler = type(self.env["ticket.snapshot.handler"])
        self.patch(handler, "_transitions", {"Opened": Transition(), "Solved": Transition()})
        days = PayloadField("list", items=PayloadField("date"), minimum=2)
        self.patch(handler, "_payload_fields", {"Opened": {"days": days}})
        payload = {"days": ["2026-01-31", "2026-02-01"], "where": {"city": "京都", "floor": 3}}
        self.assertEqual(lint_handler(self.env, "ticket", [[("Opened", payload)]]), [])
