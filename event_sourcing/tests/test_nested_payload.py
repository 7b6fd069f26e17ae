"""Payload fields that hold others: lists, objects, and objects with free keys."""

from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.test_event_sourcing.common import EventCase, make_user
from odoo.addons.test_event_sourcing.payloads import LINES


class NestedCase(EventCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.registry.clear_cache)
        self.handler = self.env["ticket.snapshot.handler"]
        self.patch(
            type(self.handler), "_transitions", {"Opened": Transition(), "Solved": Transition()}
        )
        self.declare(LINES)

    def declare(self, declared):
        self.patch(type(self.handler), "_payload_fields", {"Opened": declared})
        self.registry.clear_cache()

    def open(self, payload, name="T1"):
        return self.store.append("ticket", name, "Opened", payload)

    def line(self, **values):
        return {"lines": {"L2": {"product_id": 1, **values}}}


class TestNestedPayload(NestedCase):
    def test_what_fits_is_applied(self):
        payload = {
            "lines": {"L1": {"product_id": 1}, "L2": {"product_id": 2, "quantity": 3}},
            "days": ["2026-01-31", "2026-02-01"],
            "where": {"city": "京都", "floor": 3},
        }
        self.assertEqual(self.open(payload)["outcome"], "applied")
        self.assertEqual(self.store.state_at("ticket", "T1")["state"]["lines"], payload["lines"])

    def test_what_does_not_fit_is_refused_with_its_place(self):
        for values, sentence, rule in (
            ({}, "Parts is missing.", "lines:missing"),
            ({"lines": {}}, "Parts must have 1 or more entries.", "lines:minimum"),
            ({"lines": [1]}, "Parts must be a set of named values.", "lines:type"),
            ({"lines": {"L2": 5}}, "Parts: L2 must be a set of named values.", "lines.*:type"),
            ({"lines": {"L2": None}}, "Parts: L2 is missing.", "lines.*:missing"),
            (
                {"lines": {"L2": {}}},
                "Parts, L2: Product is missing.",
                "lines.*.product_id:missing",
            ),
            (
                self.line(quantity=0),
                "Parts, L2: Quantity must be at least 1.",
                "lines.*.quantity:minimum",
            ),
            (
                self.line(partner_ids=[1, "x"]),
                "Parts, L2, Partner Ids: No. 2 must be a whole number.",
                "lines.*.partner_ids.*:type",
            ),
            ({**self.line(), "days": ["2026-01-31"]}, "must have 2 or more", "days:minimum"),
            (
                {**self.line(), "days": ["2026-01-31", "soon"]},
                "Days: No. 2 must be a date such as 2026-01-31.",
                "days.*:type",
            ),
            ({**self.line(), "where": {}}, "Where: City is missing.", "where.city:missing"),
        ):
            with self.subTest(rule=rule):
                answer = self.open(values)
                self.assertEqual(answer["outcome"], "rejected")
                self.assertIn(sentence, answer["message"])
                event = self.store.browse(answer["id"])
                self.assertEqual(event.broken_rule, f"Opened/payload:{rule}")

    def test_the_rule_has_words_of_its_own(self):
        registry = self.env["snapshot.handler.registry"]
        for rule, words in (
            ("lines.*.quantity:minimum", "Parts: Quantity must be at least 1."),
            ("days.*:type", "Days: An entry must be a date such as 2026-01-31."),
            (
                "lines.*.partner_ids.*:record",
                "Parts, Partner Ids: An entry cannot be used by the company of the event.",
            ),
            ("lines.*.gone:type", None),
            ("where.city:missing", "Where: City is missing."),
        ):
            self.assertEqual(registry._rule_label("ticket", f"Opened/payload:{rule}"), words)

    def test_the_reason_on_a_screen_names_the_line(self):
        event = self.store.browse(self.open(self.line(quantity=0))["id"])
        registry = self.env["snapshot.handler.registry"]
        self.assertEqual(registry._reason(event), "Parts, L2: Quantity must be at least 1.")

    def test_the_reason_names_a_record_of_another_company(self):
        self.declare({"partner_id": PayloadField("integer", model="res.partner")})
        other = self.env["res.company"].create({"name": "Other House"})
        partner = self.env["res.partner"].create({"name": "Far Ltd.", "company_id": other.id})
        event = self.store.browse(self.open({"partner_id": partner.id})["id"])
        registry = self.env["snapshot.handler.registry"]
        self.assertIn(f"the id {partner.id} cannot be used by", registry._reason(event))
        words = registry._rule_label("ticket", event.broken_rule)
        self.assertEqual(words, "Customer cannot be used by the company of the event.")

    def test_records_of_other_companies_are_refused_in_a_line_too(self):
        other = self.env["res.company"].create({"name": "Other House"})
        partners = self.env["res.partner"]
        foreign = partners.create({"name": "Secret Ltd.", "company_id": other.id})
        shared = partners.create({"name": "Anybody"})
        self.assertEqual(self.open(self.line(partner_ids=[shared.id]))["outcome"], "applied")
        answer = self.open(self.line(partner_ids=[shared.id, foreign.id]), "T2")
        self.assertEqual(answer["outcome"], "rejected")
        self.assertIn("Parts, L2, Partner Ids, No. 2: the Contact with the id", answer["message"])
        self.assertNotIn("Secret", answer["message"])
        event = self.store.browse(answer["id"])
        self.assertEqual(event.broken_rule, "Opened/payload:lines.*.partner_ids.*:record")
        self.assertFalse(self.env["event.snapshot"].search([("aggregate_id", "=", "T2")]))

    def test_records_that_are_not_there_are_refused_in_a_line(self):
        answer = self.open(self.line(partner_ids=[2**31 - 1]), "T3")
        self.assertEqual(answer["outcome"], "rejected")
        self.assertIn("Parts, L2, Partner Ids, No. 1: the Contact with the id", answer["message"])

    def test_what_a_stream_held_before_is_not_asked_again(self):
        partner = self.env["res.partner"].create({"name": "Moving Ltd."})
        self.open(self.line(partner_ids=[partner.id]))
        partner.company_id = self.env["res.company"].create({"name": "Other House"})
        again = self.line(partner_ids=[partner.id], quantity=2)
        self.assertEqual(self.open(again)["outcome"], "applied")
        self.assertEqual(self.open(again, "T2")["outcome"], "rejected")

    def test_ids_that_no_record_can_have(self):
        for wrong in (2**31, 2**40, 0, -1):
            answer = self.open(self.line(partner_ids=[wrong]))
            self.assertEqual(answer["outcome"], "rejected")
            self.assertIn("must be the id of a record", answer["message"])

    def test_a_batch_is_as_one_by_one(self):
        user = make_user(self.env, "nester", "integration")
        batch = [
            {
                "model_name": "ticket",
                "aggregate_id": f"B{number}",
                "event_type": "Opened",
                "payload": self.line(quantity=number % 2),
            }
            for number in range(6)
        ]
        answers = self.store.with_user(user).append_batch(batch)
        self.assertEqual([a["outcome"] for a in answers], ["rejected", "applied"] * 3)
        rules = self.store.browse(a["id"] for a in answers[::2]).mapped("broken_rule")
        self.assertEqual(set(rules), {"Opened/payload:lines.*.quantity:minimum"})


class TestNestedDeclarations(NestedCase):
    def test_the_rules_digest_sees_what_is_inside(self):
        before = self.handler._rules_digest()
        inner = PayloadField("object", fields={"city": PayloadField(minimum=None)})
        self.declare({**LINES, "where": inner})
        self.assertNotEqual(self.handler._rules_digest(), before)
