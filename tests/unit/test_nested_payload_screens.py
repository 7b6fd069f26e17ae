"""Payload fields that hold others, in all that shows or reads payloads."""

import json

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.tests.test_nested_payload import LINES, NestedCase
from odoo.addons.event_sourcing.transitions import PayloadField
from odoo.addons.event_sourcing_transfer.transfer_file import RowParseError


class TestNestedScreens(NestedCase):
    def test_the_description(self):
        event, _solved = self.store.describe("ticket")["events"]
        lines, days, where = event["payload"]
        self.assertEqual(lines["items"]["fields"][1]["label"], "Quantity")
        self.assertEqual(lines["items"]["fields"][1]["minimum"], 1)
        self.assertEqual(
            lines["kind_label"],
            "object with free keys, each: object with Product* (whole number);"
            " Quantity (whole number, at least 1);"
            " Partner Ids (list, each entry: id of res.partner), at least 1",
        )
        self.assertEqual(days["kind_label"], "list, each entry: date, at least 2")
        self.assertEqual(where["kind_label"], "object with City* (text)")
        schema = event["json_schema"]["properties"]
        line = schema["lines"]["additionalProperties"]
        self.assertEqual(schema["lines"]["minProperties"], 1)
        self.assertEqual(schema["lines"]["title"], "Parts")
        self.assertEqual(line["required"], ["product_id"])
        self.assertEqual(line["properties"]["quantity"]["minimum"], 1)
        self.assertEqual(line["properties"]["partner_ids"]["items"], {"type": "integer"})
        self.assertEqual(schema["days"]["minItems"], 2)
        self.assertEqual(schema["days"]["items"]["format"], "date")

    def test_the_lint_tries_examples_to_the_bottom(self):
        registry = self.env["snapshot.handler.registry"]
        good = {"lines": {"L1": {"product_id": 1}}}
        for example, count in ((good, 0), ({"lines": {"L1": {"quantity": 1}}}, 1)):
            self.patch(type(self.handler), "_event_examples", {"Opened": example})
            found = [code for code, _sentence in registry._lint(self.handler)]
            self.assertEqual(found.count("bad_example"), count)

    def wizard(self, **values):
        kinds = self.env["snapshot.handler.event.type"]
        kind = kinds.search([("model_name", "=", "ticket"), ("event_type", "=", "Opened")])
        return self.env["event.store.record.wizard"].new(
            {
                "aggregate_type": "ticket",
                "aggregate_id": "T1",
                "event_type_id": kind.id,
                "payload_values": values,
            }
        )

    def test_recording_by_hand(self):
        lines = {"L1": {"product_id": 1, "quantity": 2}}
        wizard = self.wizard(lines=json.dumps(lines), days='["2026-01-31", "2026-02-01"]')
        kinds = {field["key"]: field["kind"] for field in wizard.payload_form}
        self.assertEqual(kinds, {"lines": "object", "days": "list", "where": "object"})
        payload = wizard._payload()
        self.assertEqual(payload, {"lines": lines, "days": ["2026-01-31", "2026-02-01"]})
        self.assertEqual(self.wizard(lines=lines)._payload(), {"lines": lines})
        for text, sentence in (
            ('{"L1": ', "Parts cannot be read as JSON; write it like {"),
            ("NaN", "Parts cannot be read as JSON"),
            ("[1]", "Parts must be a set of named values."),
            ('{"L1": {"product_id": 1, "quantity": 0}}', "Parts, L1: Quantity must be at least 1."),
        ):
            with self.subTest(text=text), self.assertRaises(UserError) as caught:
                self.wizard(lines=text)._payload()
            self.assertIn(sentence, str(caught.exception))

    def test_cells_of_a_csv_file(self):
        rows = self.env["event.import.row"]
        columns = ["aggregate_id", "event_type", "payload.lines", "payload.days"]
        cells = ["T1", "Opened", ' {"L1": {"product_id": 1}} ', '["2026-01-31"]']
        row = rows._from_cells(columns, cells, "ticket", {})
        payload = {"lines": {"L1": {"product_id": 1}}, "days": ["2026-01-31"]}
        self.assertEqual(row["payload"], payload)
        words = self.env["event.import.messages"]
        for cell in ("[1]", "{1", "two"):
            with self.assertRaises(RowParseError) as caught:
                rows._from_cells(columns, ["T1", "Opened", cell, ""], "ticket", {})
            sentence = words._explain(caught.exception)
            self.assertIn("payload.lines must be an object in JSON, such as {", sentence)

    def test_a_document_in_words(self):
        partner = self.env["res.partner"].create({"name": "Anybody"})
        prices = PayloadField("object", items=PayloadField("number"))
        self.declare({**LINES, "prices": prices})
        documents = self.env["event.document"]
        words = documents._labels("ticket", "Opened")
        payload = {
            "lines": {"L1": {"product_id": 1, "partner_ids": [partner.id]}},
            "prices": {"L1": 12000},
            "days": ["2026-01-31", "2026-02-01"],
        }
        for document, first in ((payload, ()), ({"failed_payload": payload}, ("failed_payload",))):
            shown = {
                path[len(first) :]: documents._readable(path, value, words)
                for path, value in documents._leaves(document)
            }
            self.assertEqual(shown["lines", "L1", "partner_ids"], "Anybody")
            self.assertEqual(shown["prices", "L1"], "12,000")
            self.assertEqual(shown["days",], "01/31/2026\n02/01/2026")
