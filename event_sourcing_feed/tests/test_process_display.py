"""What managers see of processes: words, no JSON, and nothing of companies that are not theirs."""

from unittest.mock import patch

from odoo.tools import SQL

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestProcessDisplay(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.process = cls.env["trip.process"].sudo()
        cls.sub = cls.env["event.subscription"].search([("consumer", "=", "trip.process")])
        payload = {"note": "by bus"}
        answer = cls.store.append(
            "trip", "T1", "TripBooked", payload, timestamp="2026-01-01 09:00:00"
        )
        cls.event = cls.store.browse(answer["id"])
        events = cls.store._feed_events_of(cls.event.ids, SQL("true"))
        cls.process._consume(cls.sub, events)
        cls.instance = cls.env["event.process.instance"].search([("key", "=", "T1")])

    def test_the_state_is_words(self):
        self.assertEqual(self.instance.state_text, "Events: TripBooked\nLast: by bus")

    def test_a_process_lends_its_words(self):
        with patch.object(type(self.process), "_state_labels", lambda self: {"last": "Remark"}):
            self.instance.invalidate_recordset()
            self.assertEqual(self.instance.state_text, "Remark: by bus\nEvents: TripBooked")

    def test_what_happened_and_what_is_to_come(self):
        self.assertEqual((self.instance.event_ids, self.instance.event_count), (self.event, 1))
        timeout = self.instance.timeout_ids
        self.assertEqual(str(self.instance.next_due), "2026-01-08 09:00:00")
        self.assertEqual(timeout.subscription_id, self.sub)
        self.assertEqual(timeout.event_label, "Payment Overdue")
        self.assertEqual(timeout.display_name, "Payment Overdue (T1)")
        self.assertEqual(timeout.payload_text, "Trip: T1")

    def test_where_the_addon_of_the_process_is_gone(self):
        self.sub.consumer = "gone.process"
        self.env.invalidate_all()
        self.assertIn("Last: by bus", self.instance.state_text)
        self.assertEqual(self.instance.timeout_ids.event_label, "Payment Overdue")

    def test_companies_are_apart(self):
        company = self.env["res.company"].create({"name": "Other"})
        manager = make_user(self.env, "other-manager", "manager", company=company)
        for model in ("event.process.instance", "event.process.timeout"):
            self.assertFalse(self.env[model].with_user(manager).search([]))
        own = make_user(self.env, "own-manager", "manager")
        self.assertEqual(self.instance.with_user(own).event_ids, self.event)
