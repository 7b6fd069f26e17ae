import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.event_sourcing.transitions import PayloadField
from odoo.addons.event_sourcing_base.humanize import spaced
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestWords(EventCase):
    """Words that a handler declares once, and that everything else uses."""

    def test_technical_names_in_words(self):
        for name, words in {
            "DemoStarted": "Demo Started",
            "book_lent": "book lent",
            "a.b": "a b",
            "Added": "Added",
            "予約": "予約",
            "": "",
            None: "",
        }.items():
            self.assertEqual(spaced(name), words)

    def test_an_event_without_a_label_is_shown_in_words(self):
        self.store.append("nobody.knows", "N1", "ThingHappened")
        event = self.store.search([("model_name", "=", "nobody.knows")])
        self.assertEqual(event.event_label, "Thing Happened")
        attempt = self.env["event.attempt"].search([("event_id", "=", event.id)])
        self.assertEqual(attempt.event_label, "Thing Happened")

    def test_attempts_have_words_instead_of_technical_names(self):
        self.store.append("rental", "R-WORDS", "DemoStarted")
        row = self.env["event.attempt"].search([("aggregate_id", "=", "R-WORDS")])
        self.assertEqual((row.event_label, row.aggregate_label), ("Demo started", "Rental"))
        japanese = row.with_context(lang="ja_JP")
        japanese.invalidate_recordset()
        self.assertNotEqual(japanese.event_label, "Demo started")
        self.add(amount=1)
        attempts = self.env["event.attempt"].search([("model_name", "=", "counter")], limit=1)
        self.assertEqual(attempts.event_label, "Added")

    def test_describe_says_what_other_systems_need(self):
        described = self.store.describe("rental")
        self.assertEqual((described["model_name"], described["label"]), ("rental", "Rental"))
        self.assertEqual(described["initial_status"], "draft")
        events = {event["event_type"]: event for event in described["events"]}
        damage = events["DamageReported"]
        self.assertEqual(damage["possible_while"], ["active", "returned"])
        self.assertEqual(damage["rule"], "Possible while the status is Active, Returned.")
        self.assertEqual(damage["schema_version"], 2)
        self.assertEqual(damage["json_schema"]["required"], ["description"])
        self.assertEqual(damage["json_schema"]["properties"]["repair_cost"]["minimum"], 0)
        self.assertTrue(damage["help"] and damage["icon"].startswith("fa-"))
        cost = {field["key"]: field for field in damage["payload"]}["repair_cost"]
        self.assertEqual((cost["kind"], cost["minimum"], cost["required"]), ("number", 0, False))
        self.assertTrue(cost["help"])

    def test_describe_can_travel_over_xmlrpc(self):
        for model_name in ("rental", "counter", "parcel"):
            described = self.store.describe(model_name)
            self.assertNotIn("null", json.dumps(described).split('"'))
            self.assertNotIn("None", repr(described))

    def test_describe_speaks_the_language_of_the_user(self):
        user = make_user(self.env, "describe-ja", "user")
        user.lang = "ja_JP"
        store = self.store.with_user(user).with_context(lang=None)
        labels = {
            event["event_type"]: event["label"] for event in store.describe("rental")["events"]
        }
        self.assertNotEqual(labels["DemoStarted"], "Demo started")

    def test_describe_of_what_nobody_knows(self):
        for name in ("nobody.knows", "", None, "x" * 500, "plainstyle"):
            with self.assertRaises(UserError) as caught:
                self.store.describe(name)
            self.assertLess(len(str(caught.exception)), 250)

    def test_describe_wants_the_right_to_read(self):
        with self.assertRaises(AccessError):
            self.store.with_user(make_user(self.env, "describe-nobody")).describe("rental")

    def test_every_example_is_a_payload_that_its_fields_take(self):
        registry = self.env["snapshot.handler.registry"]
        for model_name in ("rental", "counter"):
            handler = registry._known_handler(model_name)
            for event in self.store.describe(model_name)["events"]:
                for key, field in handler._payload_fields.get(event["event_type"], {}).items():
                    self.assertIsInstance(field, PayloadField)
                    self.assertIsNone(field.problem(event["example"].get(key)), (event, key))

    def test_every_word_of_the_rental_is_there_in_both_languages(self):
        for lang in ("en_US", "ja_JP"):
            handler = self.env["rental.snapshot.handler"].with_context(lang=lang)
            for words in (handler._event_labels(), handler._event_help()):
                self.assertEqual(set(words), set(handler._transitions))
            self.assertEqual(set(handler._event_icons), set(handler._transitions))
            keys = {key for declared in handler._payload_fields.values() for key in declared}
            self.assertFalse(keys - set(handler._payload_labels()))
            self.assertFalse(keys - set(handler._payload_help()))


@tagged("-at_install", "post_install")
class TestEventsPage(HttpCase):
    """The documentation page that is made from a handler."""

    def test_the_page_explains_every_event(self):
        self.authenticate("admin", "admin")
        page = self.url_open("/event_sourcing/events/rental")
        self.assertEqual(page.status_code, 200)
        for text in ("Events of Rental", "DamageReported", "Repair cost", "Lens scratched"):
            self.assertIn(text, page.text)
        self.assertEqual(page.text.count("<section"), 26)

    def test_the_page_in_japanese(self):
        self.env.ref("base.user_admin").lang = "ja_JP"
        self.authenticate("admin", "admin")
        page = self.url_open("/event_sourcing/events/rental")
        self.assertTrue('lang="ja-JP"' in page.text and "<!DOCTYPE html>" in page.text)
        self.assertFalse("Demo started" in page.text)

    def test_no_page_where_there_is_no_handler_or_no_right(self):
        self.authenticate("admin", "admin")
        self.assertEqual(self.url_open("/event_sourcing/events/nobody.knows").status_code, 404)
        make_user(self.env, "page-nobody")
        self.authenticate("page-nobody", "page-nobody")
        self.assertEqual(self.url_open("/event_sourcing/events/rental").status_code, 404)
        self.logout()
        answer = self.url_open("/event_sourcing/events/rental", allow_redirects=False)
        self.assertIn(answer.status_code, (302, 303))
