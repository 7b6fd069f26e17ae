"""Recording an event by hand: what is taken, what is refused, what is shown."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class WizardCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = make_user(cls.env, "wizard", "integration")
        cls.wizards = cls.env["event.store.record.wizard"].with_user(cls.user)

    def type_of(self, event_type, model_name="ticket"):
        return self.env["snapshot.handler.event.type"].search(
            [("model_name", "=", model_name), ("event_type", "=", event_type)]
        )

    def wizard(self, values=None, **vals):
        vals.setdefault("aggregate_type", "ticket")
        vals.setdefault("aggregate_id", "T1")
        if vals["aggregate_type"] == "ticket":
            vals.setdefault("event_type_id", self.type_of("Opened").id)
        return self.wizards.create({"payload_values": values or {}, **vals})

    def refused(self, message, wizard):
        count = self.store.search_count([])
        with self.assertRaises(UserError) as caught:
            wizard.action_record()
        self.assertIn(message, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))
        self.assertEqual(self.store.search_count([]), count)


class TestFields(WizardCase):
    def test_typed_values(self):
        values = {
            "title": " 壊れた ",
            "due": "2026-02-03",
            "called": "2026-02-03T09:30+09:00",
            "hours": "1,200",
            "price": "12.5",
            "urgent": "true",
            "partner_id": "7",
        }
        wizard = self.wizard(values)
        action = wizard.action_record()
        self.assertEqual(
            wizard.event_id.payload,
            {
                "title": "壊れた",
                "due": "2026-02-03",
                "called": "2026-02-03 00:30:00",
                "hours": 1200,
                "price": 12.5,
                "urgent": True,
                "partner_id": 7,
            },
        )
        self.assertEqual((wizard.outcome, wizard.version, wizard.state), ("applied", 1, "done"))
        self.assertEqual((action["res_model"], action["res_id"]), (wizard._name, wizard.id))
        self.assertEqual(wizard.action_open_event()["res_id"], wizard.event_id.id)
        self.assertEqual(wizard.event_id.create_uid, self.user)

    def test_a_second_click_records_nothing(self):
        wizard = self.wizard({"title": "x"})
        wizard.action_record()
        wizard.action_record()
        self.assertEqual(self.stream("T1", "ticket"), [(1, "applied")])

    def test_each_bad_value_has_its_sentence(self):
        for key, value, message in (
            ("title", "", "Enter a value for What is wrong."),
            ("title", "   ", "Enter a value for What is wrong."),
            ("due", "03/02/2026", "a date such as"),
            ("due", "2026-02-30", "a date such as"),
            ("called", "yesterday", "a date and time"),
            ("called", "0001-01-01T00:00+09:00", "a date and time"),
            ("hours", "two", "a whole number"),
            ("hours", "1.5", "a whole number"),
            ("hours", "-1", "must be at least 0"),
            ("price", "dear", "a number"),
            ("price", "nan", "a number"),
            ("price", "inf", "a number"),
            ("urgent", "maybe", "true or false"),
            ("partner_id", "Azure", "a whole number"),
            ("title", "null\x00character", "null character"),
        ):
            with self.subTest(key=key, value=value):
                wizard = self.wizards.new(
                    {
                        "aggregate_type": "ticket",
                        "aggregate_id": "T1",
                        "event_type_id": self.type_of("Opened").id,
                        "payload_values": {"title": "x", key: value},
                    }
                )
                self.refused(message, wizard)

    def test_keys_that_the_event_does_not_take_are_left_out(self):
        wizard = self.wizard({"title": "x", "status": "done"})
        wizard.action_record()
        self.assertEqual(wizard.event_id.payload, {"title": "x"})

    def test_what_is_asked(self):
        with Form(self.wizards) as form:
            form.aggregate_type = "ticket"
            form.aggregate_id = "T1"
            form.event_type_id = self.type_of("Opened")
            asked = {field["key"]: field for field in form.payload_form}
            self.assertEqual(asked["title"]["label"], "What is wrong")
            self.assertTrue(asked["title"]["required"])
            self.assertEqual(asked["partner_id"]["model"], "res.partner")
            form.aggregate_type = "counter"
            self.assertFalse(form.event_type_id)
            form.event_type_id = self.type_of("Added", "counter")
            form.payload_values = {"amount": "2"}
        wizard = form.record
        wizard.action_record()
        self.assertEqual(wizard.event_id.payload, {"amount": 2})


class TestJson(WizardCase):
    def test_japanese(self):
        wizard = self.wizard(entry="json", payload_json='{"title": "壊れた", "lines": [1, null]}')
        wizard.action_record()
        self.assertEqual(wizard.event_id.payload, {"title": "壊れた", "lines": [1, None]})

    def test_nothing_is_an_empty_object(self):
        wizard = self.wizard(
            aggregate_type="other:",
            other_model_name="machine",
            other_event_type="Stopped",
            entry="json",
            payload_json=" ",
        )
        wizard.action_record()
        self.assertEqual((wizard.event_id.payload, wizard.outcome), ({}, "logged"))

    def test_each_bad_text_has_its_sentence(self):
        for text, message in (
            ('{"a": 1,}', "line 1, character"),
            ('{\n"a" 1}', "line 2, character"),
            ("{'a': 1}", "line 1, character"),
            ("[1]", "must be a JSON object"),
            ("3", "must be a JSON object"),
            ('{"a": NaN}', "no finite number"),
            ('{"a": 1, "a": 2}', "the key a twice"),
            ('{"a": "\\u0000"}', "null character"),
            ('{"a": ' + "[" * 40 + "]" * 40 + "}", "nested too deeply"),
            ('{"a": ' + "[" * 100000 + "]" * 100000 + "}", "nested too deeply"),
            ('{"a": "' + "x" * 300000 + '"}', "too large"),
        ):
            with self.subTest(text=text[:40]):
                self.refused(message, self.wizard(entry="json", payload_json=text))

    def test_what_was_typed_is_carried_over(self):
        with Form(self.wizards) as form:
            form.aggregate_type = "counter"
            form.aggregate_id = "C1"
            form.event_type_id = self.type_of("Added", "counter")
            form.payload_values = {"amount": "2"}
            form.entry = "json"
            self.assertEqual(form.payload_json, '{\n  "amount": 2\n}')


class TestQuestions(WizardCase):
    def test_what_is_missing(self):
        for vals, message in (
            ({"aggregate_type": False}, "what kind of thing"),
            ({"aggregate_type": "other:", "other_model_name": " "}, "what kind of thing"),
            ({"aggregate_id": False}, "which one"),
            ({"aggregate_id": "  "}, "which one"),
            ({"event_type_id": False}, "Choose what happened"),
            ({"aggregate_type": "prefixed"}, "Choose what happened"),
            ({"aggregate_id": "x" * 200}, "too long"),
            ({"aggregate_id": "a\nb"}, "line breaks"),
        ):
            with self.subTest(vals=vals):
                self.refused(message, self.wizard({"title": "x"}, **vals))

    def test_an_event_of_another_aggregate(self):
        wizard = self.wizard(
            {"amount": "1"}, aggregate_type="counter", event_type_id=self.type_of("Opened").id
        )
        self.refused("Choose an event that counter knows", wizard)

    def test_versions(self):
        self.refused("from 1 on", self.wizard({"title": "x"}, expected_version=-1))
        self.refused("has changed in the meantime", self.wizard({"title": "x"}, expected_version=9))
        wizard = self.wizard({"title": "x"}, expected_version=1)
        wizard.action_record()
        self.assertEqual(wizard.version, 1)

    def test_when_it_happened(self):
        wizard = self.wizard({"title": "x"}, timestamp="2025-12-31 15:00:00")
        wizard.action_record()
        self.assertEqual(str(wizard.event_id.timestamp), "2025-12-31 15:00:00")

    def test_a_failure_event_cannot_be_forged(self):
        wizard = self.wizard(
            aggregate_type="other:",
            other_model_name="machine",
            other_event_type="InvalidOperationAttempted",
        )
        self.refused("written by the event store itself", wizard)

    def test_a_refusal_is_shown_or_raised(self):
        solved = self.type_of("Solved").id
        wizard = self.wizard(event_type_id=solved)
        wizard.action_record()
        self.assertEqual(wizard.outcome, "rejected")
        self.assertIn("“Ticket solved” is not possible while the status is “New”.", wizard.reason)
        self.refused("is not possible", self.wizard(event_type_id=solved, policy="reject"))

    def test_a_fault_is_shown(self):
        wizard = self.wizard(
            aggregate_type="counter", event_type_id=self.type_of("Broken", "counter").id
        )
        wizard.action_record()
        self.assertEqual(wizard.outcome, "failed")
        self.assertIn("KeyError", wizard.reason)

    def test_two_handlers(self):
        wizard = self.wizard(
            aggregate_type="other:", other_model_name="twice", other_event_type="Anything"
        )
        self.refused("Two handlers serve", wizard)

    def test_another_one_keeps_the_aggregate(self):
        wizard = self.wizard({"title": "x"})
        wizard.action_record()
        following = self.wizards.browse(wizard.action_record_another()["res_id"])
        self.assertEqual((following.aggregate_id, following.state), ("T1", "ask"))
        self.assertFalse(following.event_type_id)

    def test_who_may(self):
        reader = make_user(self.env, "wizard-reader", "user")
        with self.assertRaises(AccessError):
            self.env["event.store.record.wizard"].with_user(reader).create({})
        wizard = self.wizard({"title": "x"})
        with self.assertRaises(AccessError):
            wizard.with_user(reader).action_record()

    def test_wizards_are_private(self):
        other = make_user(self.env, "wizard-other", "integration")
        wizard = self.wizard({"title": "x"})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizard.with_user(other).read(["payload_values"])
