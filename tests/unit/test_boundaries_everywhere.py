"""Every way to a new event leads through boundaries: by hand, again, and by what reacts."""

from unittest.mock import patch

from odoo.tools import SQL, mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.test_event_sourcing.common import EventCase

QUIET = mute_logger(EventStoreFailure.__module__)
TAKEN = "EA1 is taken by E1."


class TestEveryWay(EventCase):
    def setUp(self):
        super().setUp()
        self.book("E1")

    def book(self, name, **payload):
        return self.store.append("booking", name, "Booked", {"seat": "EA1", **payload})

    def judged(self, name):
        """Return the outcomes of a booking's events, and why the last one was refused."""
        failures = self.failures(name, "booking")
        return self.stream(name, "booking"), failures[-1:].error_message

    def by(self):
        return self.env["event.boundary"].state_at("seat", "EA1")["state"]["by"]

    def free(self):
        self.store.append("booking", "E1", "Cancelled")

    def test_an_event_that_is_recorded_by_hand(self):
        def record(name):
            wizard = self.env["event.store.record.wizard"].create(
                {
                    "aggregate_type": "booking",
                    "aggregate_id": name,
                    "event_type_id": self.env["snapshot.handler.event.type"]
                    .search([("model_name", "=", "booking"), ("event_type", "=", "Booked")])
                    .id,
                    "entry": "json",
                    "payload_json": '{"seat": "EA1"}',
                }
            )
            wizard.action_record()
            return wizard.event_id

        event = record("E2")
        self.assertEqual(event.outcome, "rejected")
        self.assertEqual(self.judged("E2"), ([(1, "rejected")], TAKEN))
        self.free()
        self.assertEqual(record("E3").outcome, "applied")
        self.assertEqual(self.by(), "E3")

    @QUIET
    def test_what_failed_and_is_applied_again(self):
        boundary = type(self.env["visitor.boundary"])
        answer = self.book("E2", visitor="BUG")
        self.assertEqual(answer["outcome"], "rejected")
        self.free()
        failed = [self.store.browse(self.book(n, visitor="BUG")["id"]) for n in ("E2", "E3")]
        self.assertEqual([event.outcome for event in failed], ["failed", "failed"])
        with patch.object(boundary, "_evolve", lambda self, state, event, key: {}):
            for event in failed:
                event.action_apply_again()
        retries = [event.retry_event_id for event in failed]
        self.assertEqual([event.outcome for event in retries], ["applied", "rejected"])
        self.assertEqual(self.judged("E3")[1], "EA1 is taken by E2.")
        self.assertEqual(self.by(), "E2")

    def event_of(self, model_name, name, event_type, **payload):
        answer = self.store.append(model_name, name, event_type, payload)
        return self.store._feed_events_of([answer["id"]], SQL("true"))[0]

    def test_what_a_reaction_records(self):
        def react(reaction, event):
            reaction.env["event.store"].append(
                "booking", event.aggregate_id, "Booked", {"seat": "EA1"}
            )

        reaction = self.env["counter.reaction"]
        sub = self.env["event.subscription"].search([("consumer", "=", "counter.reaction")])
        with patch.object(type(reaction), "_react", react):
            event = self.event_of("counter", "E2", "Added", amount=1)
            reaction.sudo()._consume(sub, [event])
            self.assertEqual(self.judged("E2"), ([(1, "rejected")], TAKEN))
            self.free()
            event = self.event_of("counter", "E3", "Added", amount=1)
            reaction.sudo()._consume(sub, [event])
        self.assertEqual(self.by(), "E3")

    def test_what_a_process_decides(self):
        def decide(process, state, event):
            booking = {"model_name": "booking", "aggregate_id": event.aggregate_id}
            return [{**booking, "event_type": "Booked", "payload": {"seat": "EA1"}}]

        process = self.env["trip.process"].sudo()
        sub = self.env["event.subscription"].search([("consumer", "=", "trip.process")])
        with patch.object(type(process), "_decide", decide):
            process._consume(sub, [self.event_of("trip", "E2", "TripBooked")])
            self.assertEqual(self.judged("E2"), ([(1, "rejected")], TAKEN))
            self.free()
            process._consume(sub, [self.event_of("trip", "E3", "TripBooked")])
        self.assertEqual(self.by(), "E3")
