"""Payload fields and rules of constraints, of which a sentence says what is wrong with them."""

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.event_sourcing_declaration.declared import example
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.payloads import LINES


class DeclaredCase(EventCase):
    handler_name = None

    def setUp(self):
        super().setUp()
        self.addCleanup(self.registry.clear_cache)
        self.handler = self.env[self.handler_name]

    def problems(self):
        return self.env["snapshot.handler.registry"]._declaration_problems(self.handler)

    def declare(self, **attributes):
        for name, value in attributes.items():
            self.patch(type(self.handler), name, value)
        self.registry.clear_cache()


class TestNestedDeclarations(DeclaredCase):
    handler_name = "ticket.snapshot.handler"

    def setUp(self):
        super().setUp()
        table = {"Opened": Transition(), "Solved": Transition()}
        self.declare(_transitions=table, _payload_fields={"Opened": LINES})

    def test_examples_are_made_up(self):
        made = example(self.handler, "Opened")
        self.assertEqual(made["days"], ["2026-01-31"] * 2)
        self.assertEqual(made["where"], {"city": "…"})
        self.assertEqual(made["lines"]["L1"]["quantity"], 1)
        for key, field in LINES.items():
            self.assertIsNone(field.wrong(made[key]), key)

    def test_wrong_shapes_are_told_in_a_sentence(self):
        text = PayloadField("text")
        self.assertEqual(self.problems(), [])
        for field, sentence in (
            (PayloadField("list"), 'write it like PayloadField("list", items='),
            (PayloadField("object"), 'write it like PayloadField("object", fields='),
            (PayloadField("list", items="text"), 'PayloadField("list", items='),
            (PayloadField("list", fields={"a": text}), 'PayloadField("list", items='),
            (PayloadField("object", items=text, fields={"a": text}), "its keys are free"),
            (PayloadField("object", fields={"a": "text"}), "its keys are free"),
            (PayloadField("object", fields=["a"]), "its keys are free"),
            (PayloadField("text", items=text), 'write it like PayloadField("text")'),
            (PayloadField("list", items=text, minimum="1"), "does not go with the kind list"),
            (
                PayloadField("list", items=PayloadField("integer", model="no.such")),
                '_payload_fields["Opened"]["x"].items names the model',
            ),
            (
                PayloadField("object", fields={"a": PayloadField("list")}),
                '_payload_fields["Opened"]["x"].fields["a"] does not say',
            ),
            (PayloadField("list", items=text, model="res.partner"), 'is an "integer"'),
        ):
            with self.subTest(sentence=sentence):
                self.declare(_payload_fields={"Opened": {"x": field}})
                found = self.problems()
                self.assertEqual(len(found), 1, found)
                self.assertIn(sentence, found[0])


class TestConstraintRules(DeclaredCase):
    handler_name = "counter.snapshot.handler"

    def setUp(self):
        super().setUp()
        self.declare(_rule_labels=lambda handler: {"total_taken": "This total is taken."})

    def test_a_rule_without_a_sentence_is_a_problem(self):
        self.declare(_constraint_rules={"counter_sum_uniq": "total_takne"})
        (found,) = self.problems()
        self.assertIn("total_takne (total_taken?)", found)
        with self.assertRaises(UserError):
            self.store.append("counter", "C2", "Added", {"amount": 1})

    def test_another_form_is_a_problem(self):
        self.declare(_constraint_rules={"counter_sum_uniq": 5})
        (found,) = self.problems()
        self.assertIn("_constraint_rules['counter_sum_uniq'] is 5; write it like", found)
