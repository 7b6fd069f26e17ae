"""A future event is not how it is now; reasons are in the language of who reads."""

from datetime import timedelta

from odoo import fields

from odoo.addons.test_event_sourcing.common import EventCase


class TestFutureEvents(EventCase):
    def setUp(self):
        super().setUp()
        self.now = fields.Datetime.now()
        self.add("F1", 1, timestamp=str(self.now - timedelta(days=1)))

    def compare(self, moment, lang="en_US"):
        documents = self.env["event.document"].with_context(lang=lang)
        return documents.compare("counter", "F1", timestamp=str(moment))

    def test_a_moment_counts_beside_a_version_that_is_null(self):
        """As JSON-RPC sends what is not given."""
        at = {"version": None, "timestamp": str(self.now - timedelta(days=2))}
        answer = self.env["event.document"].compare("counter", "F1", **at)
        self.assertEqual(answer["then"], "After version 0")
        self.assertEqual(len(answer["events"]), 1)

    def test_what_is_recorded_for_a_time_to_come_is_not_now(self):
        answer = self.compare(self.now)
        self.assertEqual((answer["now"], answer["message"]), ("Now (version 1)", ""))
        answer = self.compare(self.now + timedelta(days=3))
        self.assertIn("what you see is how it is now", answer["message"])
        self.add("F1", 2, timestamp=str(self.now + timedelta(days=2)))
        answer = self.compare(self.now)
        self.assertEqual(answer["now"], "With what lies in the future (version 2)")
        answer = self.compare(self.now + timedelta(days=3))
        self.assertIn("includes events that are recorded for a time to come", answer["message"])

    def test_the_question_about_all_says_so_too(self):
        ahead = {"period": "own", "moment": self.now + timedelta(days=3), "model_name": "counter"}
        question = self.env["event.as.of"].create(ahead)
        self.assertIn("how it is now", question.hint)
        self.add("F1", 2, timestamp=str(self.now + timedelta(days=2)))
        question = self.env["event.as.of"].create(ahead)
        self.assertIn("includes events", question.hint)

    def test_reasons_are_in_the_language_of_who_reads(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.env["ir.module.module"]._load_module_terms(["event_sourcing"], ["ja_JP"])
        refused = self.add("F1", "x")  # of one who speaks English
        self.assertEqual(refused["outcome"], "rejected")
        reasons = [
            [
                event["reason"]
                for event in self.compare(self.now - timedelta(hours=1), lang)["events"]
            ]
            for lang in ("en_US", "ja_JP")
        ]
        self.assertEqual(reasons[0], [refused["message"]])
        self.assertRegex(reasons[1][0], "[぀-ヿ一-鿿]")
