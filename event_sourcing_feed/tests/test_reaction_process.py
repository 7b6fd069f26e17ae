"""Processes: a state that follows from events alone, commands, and timeouts."""

import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tools import SQL, mute_logger

from odoo.addons.event_sourcing.exceptions import EventsArchived
from odoo.addons.event_sourcing_feed.time_limit import TimeLimitExceeded
from odoo.addons.test_event_sourcing.common import EventCase


class TestProcess(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.process = cls.env["trip.process"].sudo()
        cls.sub = cls.env["event.subscription"].search([("consumer", "=", "trip.process")])

    def record(self, event_type="TripBooked", aggregate_id="T1", **options):
        answer = self.store.append("trip", aggregate_id, event_type, **options)
        return self.event(answer["id"])

    def event(self, event_id):
        return self.store._feed_events_of([event_id], SQL("true"))[0]

    def give(self, *events):
        self.process._consume(self.sub, list(events))
        self.assertFalse(self.env["event.reaction.task"].search([("line", "like", "process/")]))

    def instance(self, key="T1"):
        return self.env["event.process.instance"].search([("key", "=", key)])

    def events(self, *model_names):
        found = self.store.search([("model_name", "in", model_names)], order="id")
        return found.filtered(lambda e: e.aggregate_id == "T1")

    def come(self):
        """Let the timeout come, long after."""
        timeout = self.instance().timeout_ids
        timeout.due = fields.Datetime.now() - timedelta(hours=1)
        self.env.flush_all()
        self.assertTrue(timeout._lock())
        timeout._come()

    def test_it_remembers_per_instance(self):
        self.give(self.record(), self.record(aggregate_id="T2"), self.record("TripPaid"))
        self.assertEqual(self.instance().state["events"], ["TripBooked", "TripPaid"])
        self.assertEqual(self.instance("T2").state["events"], ["TripBooked"])
        self.assertEqual((self.instance().ended, self.instance("T2").ended), (True, False))

    def test_its_default_instance_is_the_operation(self):
        event = self.record(correlation_id="order-7")
        self.assertEqual(self.env["event.process"]._process_key(event), "order-7")

    def test_a_timeout_is_an_event_when_it_comes(self):
        booked = self.record(correlation_id="order-7", timestamp="2026-01-01 09:00:00")
        self.give(booked)
        timeout = self.instance().timeout_ids
        self.assertEqual(str(timeout.due), "2026-01-08 09:00:00")
        self.come()
        event = self.events("trip.payment")
        self.assertEqual(
            (event.event_type, event.payload, event.correlation_id, event.causation_id),
            ("PaymentOverdue", {"trip": "T1"}, "order-7", booked.event_uuid),
        )
        self.assertFalse(self.instance().timeout_ids)

    def test_what_it_decides_is_recorded_with_its_cause(self):
        self.give(self.record(correlation_id="order-7"))
        self.come()
        overdue = self.events("trip.payment")
        self.give(self.event(overdue.id))
        cancelled = self.events("trip")[-1]
        self.assertEqual(
            (cancelled.event_type, cancelled.correlation_id, cancelled.causation_id),
            ("TripCancelled", "order-7", overdue.event_uuid),
        )

    def test_a_timeout_is_cancelled_when_the_process_has_ended(self):
        self.give(self.record())
        self.assertTrue(self.instance().timeout_ids)
        self.give(self.record("TripPaid"))
        self.assertFalse(self.instance().timeout_ids)

    def test_after_its_end_it_decides_nothing(self):
        self.give(self.record(), self.record("TripPaid"), self.record())
        self.assertFalse(self.instance().timeout_ids)
        self.assertEqual(len(self.instance().state["events"]), 3)

    def test_an_event_that_comes_late_is_put_in_its_place(self):
        notes = [self.record(payload={"note": note}) for note in ("a", "b", "c")]
        self.give(notes[0], notes[2])
        self.assertEqual(self.instance().state["last"], "c")
        self.give(notes[1])
        self.assertEqual(self.instance().state["last"], "c")
        self.assertEqual(self.instance().events["ids"], [event.id for event in notes])

    def test_a_rebuild_gives_the_same_and_decides_nothing(self):
        self.give(self.record(), self.record(payload={"note": "x"}))
        instance = self.instance()
        before, timeouts = instance.state, instance.timeout_ids
        instance.state = {"broken": True}
        instance._rebuild()
        self.assertEqual((instance.state, instance.timeout_ids), (before, timeouts))

    def test_other_rules_fold_anew(self):
        self.give(self.record())
        self.instance().state = {"of": "other rules"}
        self.patch(type(self.process), "_process_version", 2)
        self.give(self.record(payload={"note": "x"}))
        self.assertEqual(
            self.instance().state, {"events": ["TripBooked", "TripBooked"], "last": "x"}
        )

    def test_it_is_not_folded_without_what_an_archive_has(self):
        """Part of its events would give another state, and by that other commands."""
        first, late = self.record(payload={"note": "a"}), self.record(payload={"note": "b"})
        self.give(first)
        instance, gone = self.instance(), 2**31 - 1
        instance.events = {"ids": [first.id, gone]}
        state = instance.state
        with self.assertRaisesRegex(EventsArchived, f"{gone}.*T1"):
            instance._rebuild()
        self.process._consume(self.sub, [late])
        task = self.env["event.reaction.task"].search([("event_id", "=", late.id)])
        self.assertIn("archive", task.error)
        self.assertEqual((instance.state, instance.events["ids"]), (state, [first.id, gone]))

    def test_what_was_given_already_is_left_alone(self):
        event = self.record()
        self.give(event)
        self.give(event)
        self.assertEqual(len(self.instance().timeout_ids), 1)

    def test_its_state_is_stored_whole_over_xml_rpc_too(self):
        """A state with null: XML-RPC could not carry it as an answer."""
        event = self.record()
        thread = threading.current_thread()
        thread.url = "http://localhost/xmlrpc/2/object"
        self.addCleanup(delattr, thread, "url")
        self.give(event)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT state FROM event_process_instance WHERE id = %s", [self.instance().id]
        )
        self.assertEqual(self.env.cr.fetchone()[0], {"events": ["TripBooked"], "last": None})

    def test_what_belongs_to_no_instance_is_passed(self):
        self.patch(type(self.process), "_process_key", lambda self, event: None)
        self.give(self.record())
        self.assertFalse(self.instance())

    def test_companies_are_apart(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.give(self.record(), self.record(company_id=company.id))
        self.assertEqual(len(self.instance()), 2)
        timeouts = self.instance().timeout_ids
        timeouts.due = fields.Datetime.now() - timedelta(hours=1)
        for timeout in timeouts:
            timeout._come()
        overdue = self.events("trip.payment")
        self.assertEqual(set(overdue.company_id.ids), {company.id, self.env.company.id})
        self.assertEqual(len(set(overdue.mapped("event_uuid"))), 2)

    def test_one_that_cannot_come_is_put_off(self):
        self.give(self.record())
        timeout = self.instance().timeout_ids
        timeout._put_off(ValueError("no"))
        timeout._put_off(ValueError("no"))
        self.assertEqual((timeout.tries, timeout.error), (2, "ValueError: no"))
        self.assertGreater(timeout.due, fields.Datetime.now())

    def test_pauses_of_a_timeout_are_in_the_clock_of_the_database(self):
        self.give(self.record())
        timeout = self.instance().timeout_ids
        ahead = fields.Datetime.now() + timedelta(days=400)
        with patch.object(fields.Datetime, "now", staticmethod(lambda *_args: ahead)):
            timeout._put_off(ValueError("no"))
        self.assertLess(timeout.due - self.env.cr.now(), timedelta(minutes=2))

    def test_a_timeout_whose_event_takes_too_long_is_put_off(self):
        self.give(self.record())
        timeout = self.instance().timeout_ids
        self.patch(type(self.process), "_time_limit", 0.2)

        def append(*_args, **_options):
            self.env.cr.execute("SELECT pg_sleep(30)")

        self.patch(type(self.store), "append", append)
        with self.assertRaises(TimeLimitExceeded), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                timeout._come()

    def test_who_names_no_stream_schedules_nothing(self):
        with self.assertRaisesRegex(ValueError, "_timeout_model_name"):
            self.env["event.process"]._schedule("Late", fields.Datetime.now())
