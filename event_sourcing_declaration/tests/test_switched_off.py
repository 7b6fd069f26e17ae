from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import HandlerOff
from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.test_event_sourcing.common import EventCase

PARCEL = "parcel.snapshot.handler"


def asks(handler, state, event):
    return {**state, "found": handler.env["res.partner"].search([], limit=1).id}


def invented(handler, state):
    return {"no_such_column": 1}


class TestSwitchedOff(EventCase):
    """What would let history go wrong switches off its aggregate type."""

    def setUp(self):
        super().setUp()
        self.handlers = self.env["snapshot.handler.registry"]
        self.addCleanup(self.registry.clear_cache)

    def test_each_is_told_in_one_sentence(self):
        table = {"Weighed": Transition("draft", "done")}
        of_record = {"x": PayloadField("integer", model="no.such")}
        for attributes, part in (
            # what could not be read, or counts as nothing
            ({"_transitions": {"Weighed": ("draft", "done")}}, "_transitions['Weighed'] is"),
            ({"_payload_fields": {"Weighed": {"grams": "integer"}}}, "['Weighed']['grams'] is"),
            ({"_invalid_policy": "rejct"}, "_invalid_policy is 'rejct'"),
            ({"_schema_versions": {"Weighed": True}}, "_schema_versions['Weighed'] is True"),
            ({"_event_labels": {"Weighed": "x"}}, "_event_labels must be a method"),
            ({"_evolve": lambda handler, state: state}, "_evolve must be a method that takes 2"),
            # where the state is to go
            ({"_snapshot_model": "no.such"}, "no such model"),
            ({"_snapshot_model": "res.partner"}, "does not inherit snapshot.mixin"),
            ({"_snapshot_model": "snapshot.mixin"}, "no table of its own"),
            # whose records are to follow it
            ({"_source_model": "no.such"}, "_source_model names no.such"),
            ({"_source_model": "res.partner"}, "does not inherit event.source.mixin"),
            ({"_source_model": "event.source.mixin"}, "no table of its own"),
            ({"_source_model": "test.ticket"}, "_aggregate_model is 'ticket'; write"),
            # payloads that would be taken unchecked
            (
                {"_transitions": table, "_payload_fields": {"Weihged": {}}},
                "Weihged, which _transitions does not know (Weighed?)",
            ),
            ({"_payload_fields": {"Weighed": of_record}}, "names the model 'no.such'"),
            (
                {"_payload_fields": {"Weighed": {"x": PayloadField("integer", minimum="1")}}},
                "has the minimum '1'",
            ),
            # events that would be read as others
            ({"_event_aliases": {"SystemErrorOccurred": "X"}}, "written by the event store itself"),
            ({"_event_aliases": {"A": "A"}}, "is no event type"),
            ({"_aggregate_aliases": ("counter",)}, "another handler serves it"),
            ({"_upcasters": {"Weighed": {1: "_gone", 2: "_weighed_3"}}}, "does not exist: _gone"),
            ({"_upcasters": {"Weighed": {1: "_initial_state", 2: "_weighed_3"}}}, "a payload and"),
            # folds that would give something else another day
            ({"_initial_state": lambda handler: {"x": {1}}}, "_initial_state fails"),
            ({"_columns": invented}, "_columns fails"),
            ({"_evolve": asks}, "asks the database"),
        ):
            with (
                self.subTest(part=part),
                patch.multiple(type(self.env[PARCEL]), **attributes, create=True),
            ):
                self.registry.clear_cache()
                with self.assertRaises(HandlerOff) as caught:
                    self.store.append("parcel", "X1", "Weighed", {"grams": 5})
                said = str(caught.exception)
                self.assertIn(part, said)
                self.assertIn("Events of parcel cannot be recorded", said)
                self.assertEqual(self.add()["outcome"], "applied")
        self.assertFalse(self.store.search([("model_name", "=", "parcel")]))

    def test_what_is_there_can_be_read(self):
        self.store.append("parcel", "P1", "Weighed", {"grams": 5})
        with patch.object(type(self.env[PARCEL]), "_snapshot_model", "no.such"):
            self.registry.clear_cache()
            (event,) = self.store.read_stream("parcel", "P1")
            self.assertEqual(event["payload_json"], '{"grams":5}')
            with self.assertRaises(UserError):
                self.store.state_at("parcel", "P1")

    def test_a_source_that_nothing_serves(self):
        with patch.object(type(self.env["test.ticket"]), "_aggregate_model", "tikcet"):
            self.registry.clear_cache()
            with self.assertRaisesRegex(HandlerOff, "_aggregate_model is 'tikcet'"):
                self.store.append("tikcet", "T1", "Opened", {"title": "x"})
