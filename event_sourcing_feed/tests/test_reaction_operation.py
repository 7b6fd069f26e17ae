"""What belongs to one operation: correlation, cause, and UUIDs that come again."""

from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_feed.operation import Operation, current, operation
from odoo.addons.test_event_sourcing.common import EventCase

from .test_reaction import ReactionCase


def call(aggregate_id="C1", **more):
    return {
        "model_name": "counter",
        "aggregate_id": aggregate_id,
        "event_type": "Added",
        "payload": {"amount": 1},
        **more,
    }


class TestOperation(EventCase):
    def record_all_ways(self):
        """Record by append, a batch, create and a business record; return the events."""
        ticket = self.env["test.ticket"].create({"name": f"T{self.store.search([], limit=1).id}"})
        before = self.store.search([], order="id desc", limit=1).id or 0
        self.store.append(**call())
        self.store.append_batch([call(), call("C2")])
        self.store.create(call())
        self.store.create([call("C3")])
        ticket._apply_event("Opened", {"title": "x"})
        return self.store.search([("id", ">", before), ("event_type", "!=", "SystemErrorOccurred")])

    def test_events_of_an_operation_have_one_correlation(self):
        with self.store.operation("checkout") as correlation_id:
            events = self.record_all_ways()
        self.assertEqual(len(events), 6)
        self.assertEqual(set(events.mapped("correlation_id")), {correlation_id})
        self.assertTrue(correlation_id.startswith("checkout:"))
        self.assertEqual(set(events.mapped("causation_id")), {False})
        after = self.record_all_ways()
        self.assertNotIn(correlation_id, after.mapped("correlation_id"))

    def test_the_outer_one_counts(self):
        with self.store.operation("outer") as outer:
            with self.store.operation("inner") as inner:
                self.assertEqual(inner, outer)
            self.assertIsNotNone(current(self.env.cr))
        self.assertIsNone(current(self.env.cr))

    def test_two_operations_are_two(self):
        with self.store.operation("checkout") as first:
            pass
        with self.store.operation("checkout") as second:
            pass
        self.assertNotEqual(first, second)

    def test_it_ends_with_an_error(self):
        with self.assertRaises(ValueError), self.store.operation("checkout"):
            raise ValueError
        self.assertIsNone(current(self.env.cr))

    def test_what_a_caller_says_counts(self):
        with self.store.operation("checkout"):
            answer = self.store.append(**call(correlation_id="mine", event_uuid="given-1"))
        event = self.store.browse(answer["id"])
        self.assertEqual((event.correlation_id, event.event_uuid), ("mine", "given-1"))

    def test_code_that_changes_user_or_context_stays_in_it(self):
        with self.store.operation("checkout") as correlation_id:
            store = self.env(context={}, su=True)["event.store"]
            answer = store.append(**call())
        self.assertEqual(self.store.browse(answer["id"]).correlation_id, correlation_id)

    def test_a_name_is_a_text(self):
        with self.assertRaises(UserError), self.store.operation(["checkout"]):
            pass

    def test_nobody_calls_it_over_rpc(self):
        self.assertFalse(callable(type(self.store).operation))


class TestDerived(ReactionCase):
    def react(self, event, ways):
        def react(own, event):
            ways.append(TestOperation.record_all_ways(self))

        with self.reacting(react):
            self.consume(event)

    def test_what_a_reaction_records_says_what_led_to_it(self):
        event, ways = self.append("A", correlation_id="order-7"), []
        self.react(event, ways)
        (events,) = ways
        self.assertEqual(len(events), 6)
        self.assertEqual(set(events.mapped("correlation_id")), {"order-7"})
        self.assertEqual(set(events.mapped("causation_id")), {event.event_uuid})
        self.assertEqual(len(set(events.mapped("event_uuid"))), 6)

    def appended(self, event, *calls):
        def react(own, _event):
            found.extend(own.env["event.store"].append_batch(list(calls)))

        found = []
        with self.reacting(react):
            self.consume(event)
        return found

    def test_what_is_repeated_is_recognised(self):
        event = self.append("A")
        first = self.appended(event, call("X"), call("Y"))
        again = self.appended(event, call("X"), call("Y"))
        self.assertEqual([a["id"] for a in first], [a["id"] for a in again])
        self.assertEqual([a["duplicate"] for a in first + again], [False, False, True, True])

    def test_one_that_says_something_else_the_second_time_is_an_error(self):
        event = self.append("A")
        self.appended(event, call("X"))
        self.assertFalse(self.appended(event, call("Y")))
        self.assertIn("already used for a different event", self.task_of(event).error)

    def test_other_events_and_reactions_give_other_uuids(self):
        one, other = self.append("A"), self.append("B")
        found = self.appended(one, call("X")) + self.appended(other, call("X"))
        self.assertNotEqual(found[0]["event_uuid"], found[1]["event_uuid"])
        self.assertEqual([a["duplicate"] for a in found], [False, False])

    def test_without_the_secret_nobody_can_tell_them(self):
        event = self.append("A")
        (answer,) = self.appended(event, call("X"))
        origin = f"counter.reaction/{event.company_id}/{event.event_uuid}"
        for secret, same in ((self.store._operation_secret(), True), ("guess", False)):
            vals = {"event_uuid": None, "correlation_id": None, "causation_id": None}
            Operation("c", None, origin).name(vals, secret)
            self.assertEqual(vals["event_uuid"] == answer["event_uuid"], same)

    def test_within_an_operation_the_event_counts(self):
        event = self.append("A", correlation_id="order-7")
        with operation(self.env.cr, Operation("outer")):
            (answer,) = self.appended(event, call("X"))
            self.assertEqual(current(self.env.cr).correlation_id, "outer")
        self.assertEqual(self.store.browse(answer["id"]).correlation_id, "order-7")

    def test_an_attempt_that_breaks_a_rule_has_a_cause_too(self):
        event = self.append("A")
        (answer,) = self.appended(event, call("X", payload={"amount": -5}))
        self.assertEqual(answer["outcome"], "rejected")
        failure = self.failures("X")
        self.assertEqual(failure.failed_event_id.causation_id, event.event_uuid)
        self.assertTrue(self.store._feed_events_of([event.id], SQL("true")))
