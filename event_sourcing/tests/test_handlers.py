from dataclasses import replace

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models import event_store_failure
from odoo.addons.event_sourcing.testing import rejected, scenario
from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler


class TestTransitions(EventCase):
    def test_the_table_gives_the_status(self):
        counter = scenario(self.env, "counter").given(("Added", {"amount": 1}))
        counter.when("Closed").then({"status": "closed", "total": 1})
        counter.when("Closed").then(
            rejected("“Closed” is not possible while the status is “Closed”")
        )
        counter.when("Reopened").then({"status": "open"})

    def test_a_payload_cannot_set_the_status(self):
        event = ("Added", {"amount": 1, "status": "closed"})
        scenario(self.env, "counter").when(event).then({"status": "open"})
        scenario(self.env, "prefixed").when(("Any", {"status": "x"})).then({"status": "x"})

    def test_of_several_targets_the_fold_says_which(self):
        table = {
            **CounterSnapshotHandler._transitions,
            "Added": Transition("open", ("open", "closed")),
        }
        self.patch(CounterSnapshotHandler, "_transitions", table)
        evolve = CounterSnapshotHandler._evolve

        def full(handler, state, event):
            after = evolve(handler, state, event)
            return {**after, "status": event.payload.get("note") or "open"}

        self.patch(CounterSnapshotHandler, "_evolve", full)
        counter = scenario(self.env, "counter")
        counter.when(("Added", {"amount": 1})).then({"status": "open", "total": 1})
        counter.when(("Added", {"amount": 2, "note": "closed"})).then({"status": "closed"})
        counter.when(("Added", {"amount": 1})).then(rejected("not possible"))
        # A status that the table does not offer is a mistake of the handler's, and stored nowhere.
        with mute_logger(event_store_failure.__name__):
            answer = self.store.append("counter", "C-ELSE", "Added", {"amount": 1, "note": "lost"})
        self.assertEqual(answer["outcome"], "failed")
        self.assertIn("leads to one of ('open', 'closed')", answer["message"])

    def test_an_event_that_the_table_does_not_name_is_refused(self):
        counter = scenario(self.env, "counter").when("Unheard")
        counter.then(rejected("counter knows no event Unheard; use one of: Added, Closed"))

    def test_payload_fields_are_checked(self):
        for payload, reason in (
            ({}, "Amount is missing"),
            ({"amount": "1"}, "Amount must be a whole number"),
            ({"amount": True}, "must be a whole number"),
            ({"amount": 1, "day": "2026-02-30"}, "Day must be a date such as 2026-01-31"),
            ({"amount": 1, "day": 5}, "must be a date"),
        ):
            scenario(self.env, "counter").when(("Added", payload)).then(rejected(reason))

    def test_problem_of_each_kind(self):
        for kind, good, bad in (
            ("text", "東", 5),
            ("date", "2026-01-31", "2026-01-31 00:00:00"),
            ("date", "2026-01-31", "2026-W05-1"),
            ("date", "2026-01-31", "20260131xx"),
            ("datetime", "2026-01-31T09:30:00", "2026-W05-1 09:30"),
            ("datetime", "2026-01-31 09:30:00", "soon"),
            ("integer", 5, 5.5),
            ("number", 5.5, "5"),
            ("boolean", False, 0),
        ):
            self.assertIsNone(PayloadField(kind).problem(good))
            self.assertEqual(PayloadField(kind).problem(bad), "type")
            self.assertIsNone(PayloadField(kind).problem(None))
            self.assertEqual(PayloadField(kind, required=True).problem(None), "missing")
        self.assertEqual(PayloadField("number", minimum=0).problem(-0.5), "minimum")
        self.assertIsNone(PayloadField("number", minimum=0).problem(0))
        self.assertEqual(Transition("a").sources, ("a",))
        with self.assertRaisesRegex(ValueError, "knows no kind 'int'; use one of"):
            PayloadField("int")

    def test_upcasting_leaves_stored_rows_as_they_are(self):
        def upcast(handler, event):
            if event.schema_version == 1 and "sum" in event.payload:
                return replace(event, payload={"amount": event.payload["sum"]}, schema_version=2)
            return event

        handler = type(self.env["counter.snapshot.handler"])
        self.patch(handler, "_upcast", upcast)
        self.patch(handler, "_schema_versions", {"Added": 2})
        old = self.store.create(
            {
                "model_name": "counter",
                "aggregate_id": "C1",
                "event_type": "Added",
                "payload": {"sum": 4},
                "schema_version": 1,
            }
        )
        new = self.store.create(
            {
                "model_name": "counter",
                "aggregate_id": "C1",
                "event_type": "Added",
                "payload": {"amount": 2},
            }
        )
        self.assertEqual((old.outcome, old.payload, old.schema_version), ("applied", {"sum": 4}, 1))
        self.assertEqual((new.outcome, new.schema_version), ("applied", 2))
        self.assertEqual(self.snapshot().total, 6)
        self.assertEqual(self.store.state_at("counter", "C1")["version"], 2)


class TestTestingTools(EventCase):
    def test_scenario_fails_when_it_should(self):
        counter = scenario(self.env, "counter").when(("Added", {"amount": 1}))
        with self.assertRaisesRegex(AssertionError, "differ: {'total': \\(1, 2\\)}"):
            counter.then({"total": 2})
        with self.assertRaisesRegex(AssertionError, "not refused"):
            counter.then(rejected())
        counter.when(("Added", {"amount": -9}))
        with self.assertRaisesRegex(AssertionError, "refused: The total"):
            counter.then({"total": 1})
        with self.assertRaisesRegex(AssertionError, "not 'other words'"):
            counter.then(rejected("other words"))
        with self.assertRaises(UserError):
            scenario(self.env, "counter").given("Closed", "Closed")
        with self.assertRaisesRegex(AssertionError, "no handler serves nobody"):
            scenario(self.env, "nobody")

    def test_a_scenario_stores_nothing(self):
        before = self.store.search_count([])
        scenario(self.env, "counter").given(("Added", {"amount": 1})).when("Closed")
        self.assertEqual(self.store.search_count([]), before)

    def test_a_key_that_is_not_there_is_told_from_an_empty_one(self):
        counter = scenario(self.env, "counter").when(("Added", {"amount": 1}))
        with self.assertRaisesRegex(AssertionError, r"'nokey': \(not there, None\)"):
            counter.then({"nokey": None})


class TestMixin(EventCase):
    def test_models_that_hold_snapshots_are_indexed(self):
        self.env.cr.execute(
            "SELECT 1 FROM pg_indexes WHERE indexname = 'counter_snapshot_aggregate_uniq'"
        )
        self.assertTrue(self.env.cr.fetchone())
        self.assertIsInstance(self.env["counter.snapshot"], models.BaseModel)

    def test_a_snapshot_is_not_duplicated(self):
        self.add()
        with self.assertRaisesRegex(UserError, "cannot be duplicated"):
            self.snapshot().copy()
