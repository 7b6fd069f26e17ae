"""Lists and forms say in words, and in the reader's language, what is stored as names."""

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


class TestAggregateTypeInWords(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store.append("rental", "W1", "DemoStarted")
        cls.store.append("nobody.knows", "W2", "ThingHappened")

    def find(self, model, *domain, lang="en_US"):
        return (
            self.env[model].with_context(lang=lang).search([("aggregate_id", "=", "W1"), *domain])
        )

    def test_on_every_screen(self):
        for model in ("event.store", "event.stream", "rental.snapshot"):
            for lang, label in (("en_US", "Rental"), ("ja_JP", "レンタル")):
                record = self.find(model, lang=lang)
                record.invalidate_recordset()
                self.assertEqual(record.aggregate_label, label, (model, lang))

    @QUIET
    def test_of_an_error_and_of_what_nobody_knows(self):
        self.add(amount=1)
        self.store.append("counter", "C1", "Broken")
        error = self.env["event.error"].search([("model_name", "=", "counter")], limit=1)
        self.assertEqual(error.aggregate_label, "counter")
        unknown = self.env["event.stream"].search([("aggregate_id", "=", "W2")])
        self.assertEqual(unknown.aggregate_label, "nobody.knows")

    def test_found_by_word_and_by_name(self):
        for operator, value in (("ilike", "renta"), ("=", "Rental"), ("in", ["Rental"])):
            self.assertTrue(self.find("event.store", ("aggregate_label", operator, value)))
        self.assertTrue(
            self.find("event.store", ("aggregate_label", "ilike", "タル"), lang="ja_JP")
        )
        self.assertTrue(self.find("event.store", ("aggregate_label", "=", "rental")))
        self.assertFalse(self.find("event.store", ("aggregate_label", "ilike", "tractor")))
        with self.assertRaises(UserError):
            self.find("event.store", ("aggregate_label", "not ilike", "x"))


class TestReasonInWords(EventCase):
    def test_in_the_language_of_whoever_looks(self):
        answer = self.store.with_context(lang="en_US").append("rental", "W3", "DemoCancelled")
        event = self.env["event.store"].browse(answer["id"])
        self.assertIn("not in a demo", event.with_context(lang="en_US").reason)
        self.assertIn("デモ", event.with_context(lang="ja_JP").reason)
        failure = event.failure_ids.with_context(lang="ja_JP")
        self.assertIn("デモ", failure.reason)

    def test_a_sentence_with_values_stays_as_it_was_said(self):
        self.add(amount=-5)
        event = self.store.search([("aggregate_id", "=", "C1"), ("outcome", "=", "rejected")])
        self.assertEqual(event.reason, event.error_message)
        self.assertEqual(self.store.search([("reason", "=", event.reason)]) & event, event)


class TestHistoryPage(EventCase):
    """Every event-sourced record shows its timeline, also where nobody made a form for it."""

    def pages(self, model, user):
        arch = self.env[model].with_user(user).get_views([(False, "form")])["views"]["form"]["arch"]
        return arch.count("event_timeline")

    def test_on_records_and_snapshots_without_a_form_of_their_own(self):
        admin = self.env.ref("base.user_admin")
        for model in ("test.ticket", "counter.snapshot"):
            self.assertEqual(self.pages(model, admin), 1, model)

    def test_once_where_the_form_has_one(self):
        admin = self.env.ref("base.user_admin")
        for model in ("rental.order", "rental.snapshot", "event.snapshot"):
            self.assertEqual(self.pages(model, admin), 1, model)

    def test_not_for_people_who_may_not_see_events(self):
        nobody = make_user(self.env, "history-nobody")
        self.assertEqual(self.pages("test.ticket", nobody), 0)
