"""What other systems are told of the events: documents, and what would break receivers."""

import copy
import json

from odoo.tests import HttpCase, tagged

from odoo.addons.test_event_sourcing.common import make_user
from odoo.addons.test_event_sourcing_delivery.models.event_destination import inbox

from ..asyncapi import breaking_changes
from .common import DeliveryCase

NAME = "parcel.Packed"


def document():
    """Return a small document, as far as the comparison reads it."""
    schema = {
        "type": "object",
        "required": ["weight"],
        "properties": {
            "weight": {"type": "number"},
            "lines": {
                "type": "array",
                "items": {"type": "object", "properties": {"sku": {"type": "string"}}},
            },
        },
    }
    return {"components": {"messages": {NAME: {}}, "schemas": {NAME: schema}}}


class TestBreakingChanges(DeliveryCase):
    def compare(self, change):
        current = copy.deepcopy(document())
        change(current["components"], current["components"]["schemas"][NAME])
        return breaking_changes(document(), current)

    def test_the_same_and_what_is_added_break_nobody(self):
        self.assertEqual(self.compare(lambda all_of, schema: None), [])

        def add(all_of, schema):
            schema["properties"]["colour"] = {"type": "string"}
            schema["required"].append("colour")
            all_of["messages"]["parcel.Lost"] = {}

        self.assertEqual(self.compare(add), [])

    def test_what_breaks_is_named(self):
        for change, sentence in (
            (lambda all_of, schema: all_of["messages"].clear(), f"{NAME} is gone."),
            (lambda all_of, schema: schema["properties"].pop("lines"), f"{NAME}.lines is gone."),
            (
                lambda all_of, schema: schema["required"].clear(),
                f"{NAME}.weight was always there, and may be missing now.",
            ),
            (
                lambda all_of, schema: schema["properties"]["weight"].update(type="string"),
                f"{NAME}.weight: type was number, and is string.",
            ),
            (
                lambda all_of, schema: schema["properties"]["lines"]["items"]["properties"].pop(
                    "sku"
                ),
                f"{NAME}.lines[].sku is gone.",
            ),
        ):
            with self.subTest(sentence=sentence):
                self.assertEqual(self.compare(change), [sentence])


class TestDocument(DeliveryCase):
    def test_it_holds_every_event_of_every_handler(self):
        made = self.env["event.asyncapi"]._document()
        self.assertEqual(made["asyncapi"], "3.0.0")
        messages = made["components"]["messages"]
        registry = self.env["snapshot.handler.registry"]
        for name in registry._handler_names():
            handler = registry._known_handler(name)
            for event_type in registry._event_types(handler) if handler is not None else ():
                self.assertIn(f"{name}.{event_type}", messages)
        self.assertEqual(breaking_changes(made, made), [])
        json.dumps(made)
        for text in self.references(made):
            place = made
            for part in text.removeprefix("#/").split("/"):
                place = place[part]

    def references(self, value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for inner in value.values():
                yield from self.references(inner)

    def test_an_event_that_is_sent_names_its_schema(self):
        self.destination.filter_ids.unlink()
        answer = self.store.append("parcel", "P1", "Weighed", {"grams": 5})
        self.send(answer["id"])
        body = json.loads(inbox.taken[-1].body)
        schemas = self.env["event.asyncapi"]._document()["components"]["schemas"]
        self.assertEqual(body["dataschema"], schemas["parcel.Weighed"]["$id"])
        self.assertTrue(body["dataschema"].endswith("/parcel/Weighed/3"))


@tagged("post_install", "-at_install")
class TestRoutes(HttpCase):
    def test_users_who_may_read_events_get_both_documents(self):
        make_user(self.env, "developer", "user")
        self.authenticate("developer", "developer")
        answer = self.url_open("/event_sourcing/asyncapi.json")
        self.assertEqual(answer.status_code, 200)
        schema = next(iter(answer.json()["components"]["schemas"].values()))
        path = schema["$id"].partition("/event_sourcing/")[2]
        answer = self.url_open(f"/event_sourcing/{path}")
        self.assertEqual(answer.json(), schema)
        answer = self.url_open(f"/event_sourcing/{path}99")
        self.assertEqual(answer.status_code, 404)

    def test_others_get_none(self):
        make_user(self.env, "stranger")
        self.authenticate("stranger", "stranger")
        answer = self.url_open("/event_sourcing/asyncapi.json")
        self.assertEqual(answer.status_code, 403)
        self.authenticate(None, None)
        answer = self.url_open("/event_sourcing/asyncapi.json", allow_redirects=False)
        self.assertIn(answer.status_code, (303, 302, 403))
