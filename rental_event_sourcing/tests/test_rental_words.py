"""What a person reads before, after and instead of an event of a rental."""

from datetime import datetime

from lxml import etree

from odoo.exceptions import UserError
from odoo.http import serialize_exception

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.rental_event_sourcing.tests.test_rental_order import RentalCase


class TestWords(RentalCase):
    def run_action(self, name, records):
        """Run a server action as the Action menu does."""
        action = self.env.ref(f"rental_event_sourcing.rental_order_action_{name}")
        return action.with_context(
            active_model="rental.order", active_id=records[:1].id, active_ids=records.ids
        ).run()

    def test_what_was_done_is_said_in_words(self):
        order, handler = self.order(), self.env["rental.snapshot.handler"]
        params = self.run_action("confirm", order)["params"]
        self.assertEqual(params["title"], "Rental confirmed")
        self.assertEqual(params["message"], f"{order.name} confirmed.")
        params = self.run_action("start_demo", order)["params"]
        self.assertEqual(params["title"], "Not possible: Start demo")
        self.assertEqual(
            params["message"], f"{order.name}: A demo of a confirmed rental cannot be started."
        )
        words = self.env["rental.order.words"]
        self.assertEqual(
            words._done_sentence("RentalConfirmed", ["R1", "R2", "R3"]),
            "3 rentals confirmed: R1, R2, R3.",
        )
        for event_type in handler._transitions:
            self.assertTrue(words._done_words("R1").get(event_type), event_type)
            self.assertNotEqual(words._action_label(event_type), handler._event_label(event_type))
        # An addon may add an event of its own.
        self.assertEqual(words._action_label("LensCleaned"), "Lens Cleaned")
        self.assertEqual(words._done_sentence("LensCleaned", ["R1"]), "Lens Cleaned: R1.")

    def test_each_refusal_is_a_sentence(self):
        handler = self.env["rental.snapshot.handler"]
        for event_type in handler._transitions:
            event = EventData("rental", "R1", event_type, {}, 1, datetime.min)
            for status in handler._status_labels():
                sentence = handler._refusal(event, status)
                self.assertTrue(sentence[0].isupper() and sentence.endswith("."), sentence)
                self.assertNotIn("%", sentence)
        event = EventData("rental", "R1", "RentalExtended", {}, 1, datetime.min)
        self.assertEqual(handler._refusal(event, "draft"), "A draft rental cannot be extended.")

    def test_a_dialog_says_what_one_is_about_to_do(self):
        order = self.order()
        for name in ("extend_demo", "extend", "change_price", "report_damage", "invoice"):
            action = self.run_action(name, order)
            button = self.env.ref(f"rental_event_sourcing.rental_order_action_{name}").name
            self.assertEqual(action["name"], button)
            event_type = action["context"]["default_event_type"]
            arch = self.env["rental.event.wizard"].get_view(view_type="form")["arch"]
            self.assertIn(f"event_type != '{event_type}'", arch)
            (shown,) = [
                node.get("string")
                for node in etree.fromstring(arch).iter("button")
                if f"'{event_type}'" in node.get("invisible", "")
            ]
            self.assertEqual(shown, button)

    def test_a_program_finds_the_key_that_a_sentence_calls_by_its_label(self):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self.store.append("rental", "R1", "RentalPlanned", {"quantity": 0}, policy="reject")
        self.assertEqual(str(caught.exception), "Quantity must be at least 1.")
        told = serialize_exception(caught.exception)
        self.assertEqual(told["context"], {"rule": "payload:quantity:minimum"})
