"""Why something was refused, for readers of another language than whoever was refused."""

from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.test_event_sourcing.common import EventCase

ENGLISH = "An extension must end later than before: 2026-01-01 is not after 2026-05-31."
JAPANESE = (
    "延長後の終了日は以前より後でなければなりません。"
    "2026-01-01 は 2026-05-31 より後ではありません。"
)


class TestReasons(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ja_JP")
        modules = ["event_sourcing", "rental_event_sourcing"]
        cls.env["ir.module.module"]._load_module_terms(modules, ["ja_JP"])
        cls.store.append("rental", "RE1", "RentalPlanned", {"planned_end": "2026-05-31"})
        for event_type in ("RentalConfirmed", "EquipmentDelivered"):
            cls.store.append("rental", "RE1", event_type)

    def refuse(self, lang="en_US"):
        """Let an extension to an earlier day be refused."""
        store = self.store.with_context(lang=lang)
        payload = {"planned_end": "2026-01-01"}
        return store.append("rental", "RE1", "RentalExtended", payload)

    def reasons(self, event):
        return [event.with_context(lang=lang).reason for lang in ("en_US", "ja_JP")]

    def test_each_reads_the_sentence_in_the_own_language(self):
        for recorder, recorded in (("en_US", ENGLISH), ("ja_JP", JAPANESE)):
            with self.subTest(recorder):
                event = self.store.browse(self.refuse(recorder)["id"])
                self.assertEqual(event.outcome, "rejected")
                self.assertEqual(event.error_message, recorded)
                self.assertEqual(self.reasons(event), [ENGLISH, JAPANESE])
                self.assertEqual(self.reasons(event.failure_ids), [ENGLISH, JAPANESE])

    def test_the_timeline(self):
        self.refuse()
        for lang, sentence in (("en_US", ENGLISH), ("ja_JP", JAPANESE)):
            stream = self.env["event.stream"].search([("aggregate_id", "=", "RE1")])
            page = (
                self.env["event.timeline"].with_context(lang=lang).page("event.stream", stream.id)
            )
            self.assertEqual(page["entries"][0]["reason"], sentence)

    def refuse_plainly(self, evolve):
        handler = type(self.env["rental.snapshot.handler"])
        fold = handler._evolve

        def only_the_last(handler, state, event):  # what was applied can still be folded
            before = event.event_type != "RentalExtended"
            return (fold if before else evolve)(handler, state, event)

        with patch.object(handler, "_evolve", only_the_last):
            return self.store.browse(self.refuse()["id"])

    def test_a_plain_sentence_of_any_handler(self):
        def evolve(handler, state, event):
            raise UserError({"ja_JP": "だめです"}.get(handler.env.lang, "No way"))

        event = self.refuse_plainly(evolve)
        self.assertEqual(self.reasons(event), ["No way", "だめです"])
        rule = event.broken_rule
        for lang, sentence in (("en_US", "No way"), ("ja_JP", "だめです")):
            attempts = self.env["event.attempt"].with_context(lang=lang)
            rows = attempts._rule_words(self.env.companies.ids)
            self.assertIn(sentence, [r["reason"] for r in rows if r["broken_rule"] == rule])

    def test_a_handler_that_says_something_else_in_another_language(self):
        def fails(handler, state, event):
            return {}["typo"] if handler.env.lang == "ja_JP" else handler._refuse()

        def passes(handler, state, event):
            return {} if handler.env.lang == "ja_JP" else handler._refuse()

        def refuse(handler):
            raise UserError("No way")

        with patch.object(
            type(self.env["rental.snapshot.handler"]), "_refuse", refuse, create=True
        ):
            for evolve in (fails, passes):
                event = self.refuse_plainly(evolve)
                self.assertEqual(event.outcome, "rejected")
                self.assertEqual(self.reasons(event), ["No way", "No way"])

    def test_one_language_stores_one_sentence(self):
        languages = type(self.env["res.lang"])
        with patch.object(languages, "get_installed", lambda _self: [("en_US", "English")]):
            event = self.store.browse(self.refuse()["id"])
        self.assertNotIn("error_messages", event.failure_ids.payload)

    def test_a_batch(self):
        payload = {"planned_end": "2026-01-01"}
        events = [
            {"model_name": "rental", "aggregate_id": "RE1", "event_type": event_type, "payload": p}
            for event_type, p in (
                ("RentalExtended", payload),
                ("PriceChanged", {"monthly_price": 5}),
            )
        ]
        answers = self.store.append_batch(events)
        event = self.store.browse(answers[0]["id"])
        self.assertEqual(self.reasons(event), [ENGLISH, JAPANESE])
        self.assertEqual(answers[1]["outcome"], "applied")
