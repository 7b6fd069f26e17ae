"""Declarations that are wrong say so, switch off their own aggregate type, and nothing else."""

import base64
import json
import logging
from contextlib import suppress
from unittest.mock import patch

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.exceptions import HandlerOff
from odoo.addons.event_sourcing.testing import lint_handler
from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.event_sourcing_transfer.tests.exported import file_of
from odoo.addons.test_event_sourcing.common import EventCase, make_user

PARCEL = "parcel.snapshot.handler"
LOG = "odoo.addons.event_sourcing_declaration.models.snapshot_handler_problems"
HINTS = "odoo.addons.event_sourcing_catalog.models.snapshot_handler_lint"
CONSUMERS = "odoo.addons.event_sourcing_feed.models.event_consumer"
BOUNDARIES = "odoo.addons.event_sourcing_boundary.models.event_boundary"


def declared(name, base=models.AbstractModel, **attributes):
    """Return a class as an addon would define it, that no database knows yet."""
    attributes = {"__module__": "odoo.addons.test_event_sourcing.models.made", **attributes}
    if name:
        attributes["_name"] = name
    attributes["_description"] = "Made by a test"
    attributes["_module"] = "test_event_sourcing"
    before = {key: list(kinds) for key, kinds in module_to_models().items()}
    try:
        return type(base)("Made", (base,), attributes)
    finally:
        module_to_models().clear()
        module_to_models().update(before)


def module_to_models():
    kind = type(models.AbstractModel)
    name = "module_to_models" if hasattr(kind, "module_to_models") else "_module_to_models__"
    return getattr(kind, name)


class Declarations(EventCase):
    """In a company of their own: jobs that fold what others hold show no more of a declaration."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env["res.company"].create({"name": "Declarations"})
        cls.asker = make_user(cls.env, "declarations", "manager", company=company)
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": company.ids})
        cls.store = cls.env["event.store"]

    def setUp(self):
        super().setUp()
        self.handlers = self.env["snapshot.handler.registry"]
        self.addCleanup(self.registry.clear_cache)

    def declare(self, handler=PARCEL, **attributes):
        """Let a handler of the toy addon declare something else, until the test is over."""
        for name, value in attributes.items():
            self.patch(type(self.env[handler]), name, value)
        self.registry.clear_cache()

    def make(self, name, base=models.AbstractModel, **attributes):
        """Let the database know a further model, until the test is over."""
        kind = declared(name, base, **attributes)
        registry = self.registry
        known = set(registry.models)

        def forget():
            for gone in set(registry.models) - known:
                for model in registry.models.values():
                    model._inherit_children.discard(gone)
                del registry.models[gone]
            registry.clear_cache()

        self.addCleanup(forget)
        if hasattr(kind, "_build_model"):
            model = kind._build_model(registry, self.env.cr)
            model = self.env[model._name]
            model._prepare_setup()
            model._setup_base()
            model._setup_fields()
            model._setup_complete()
        else:
            from odoo.orm import model_classes

            model = model_classes.add_to_registry(registry, kind)
            model_classes._prepare_setup(model)
            model_classes._setup(model, self.env)
            model_classes._setup_fields(model, self.env)
            model = self.env[model._name]
            model._post_model_setup__()
        registry.clear_cache()
        return model

    def assert_off(self, aggregate, part):
        """The type is off with this sentence, everywhere; all others work."""
        with self.assertRaises(HandlerOff) as caught:
            self.store.append(aggregate, "X1", "Weighed", {"grams": 5})
        said = str(caught.exception)
        self.assertIn(part, said)
        self.assertIn(aggregate, said)
        self.assertNotIn("\n", said)
        for call in (
            lambda: self.store.append_batch(
                [{"model_name": aggregate, "aggregate_id": "X1", "event_type": "Weighed"}]
            ),
            lambda: self.store.create(
                {"model_name": aggregate, "aggregate_id": "X1", "event_type": "Weighed"}
            ),
        ):
            with self.assertRaises(HandlerOff):
                call()
        self.assertFalse(self.store.search([("model_name", "=", aggregate), ("version", ">", 1)]))
        self.assertEqual(self.add()["outcome"], "applied")
        self.assert_screens()
        entries = self.env["event.handler"].search([("switched_off", "=", True)])
        self.assertIn(part, "\n".join(entries.mapped("problems")))
        with self.assertLogs(LOG, logging.ERROR) as log:
            self.handlers._register_hook()
        self.assertIn(part, "\n".join(log.output))
        return said

    def assert_screens(self):
        """Everything that looks at all handlers opens."""
        entries = self.env["event.handler"].search([])
        names = [name for name in entries._fields if name != "event_type_ids"]
        rows = entries.read(names)
        self.assertIn("counter", [row["model_name"] for row in rows])
        self.env["snapshot.handler.event.type"].search([]).read()
        kinds = self.env["event.aggregate.type"].search([])
        kinds.read()
        self.assertTrue(self.store.describe("counter")["events"])
        self.env["event.attempt"]._type_words()
        wizard = self.env["event.store.record.wizard"].new({"aggregate_type": "counter"})
        self.assertTrue(wizard.knows_events)
        wizard._select_aggregate_types()
        self.env["event.as.of"]._select_model_name()
        self.env["event.report.content"]._model_names()
        self.env["event.stream"].search([]).read()
        self.work_off(self.asker)

    def work_off(self, asker):
        """Let jobs look at all streams that somebody reads; return what the check found."""
        jobs = self.env["event.job"].with_user(asker)
        for kind in ("rebuild", "check"):
            job = jobs.browse(jobs.start(kind)["id"]).sudo()
            while job._write_chunk(job._read_chunk()):
                pass
            self.assertEqual((job.state, job.done > 0), ("done", True), job.message)
        return job.difference_ids


class TestWrongAttributes(Declarations):
    def test_all_is_well(self):
        self.assertEqual(self.handlers._problems(), {})
        self.assertEqual(self.handlers._hints(), {})
        self.assertEqual(self.handlers._off(), {})
        with self.assertNoLogs(LOG, logging.WARNING), self.assertLogs(HINTS) as log:
            self.handlers._register_hook()
        # The toy makes two faults on purpose.
        self.assertEqual(len(log.output), 2, log.output)
        self.assertIn("_evolve returns None for Nothing", log.output[0])
        self.assertIn("_evolve returns what is no JSON for Odd", log.output[1])
        with self.assertNoLogs("odoo.addons", logging.WARNING):
            self.env["event.boundary"]._log_hints()
            self.env["event.consumer.registry"]._log_problems()

    def test_two_handlers_are_told_when_odoo_starts(self):
        self.declare("flaky.snapshot.handler", _aggregate_model="parcel")
        self.env.cr.postcommit.clear()
        self.handlers._register_hook()
        with self.assertLogs(LOG, logging.ERROR) as log:
            self.env.cr.postcommit.run()
        of_parcels, of_the_toy = log.output
        self.assertIn("Two handlers serve the aggregate parcel: flaky", of_parcels)
        self.assertIn("Two handlers serve the aggregate twice", of_the_toy)
        self.addCleanup(self.handlers._registered().pop, "parcel", None)
        self.handlers.register_handler("parcel", PARCEL)  # a hook that comes later decides
        with self.assertLogs(LOG, logging.ERROR) as log:
            self.handlers._log_conflicts()
        self.assertNotIn("parcel", "".join(log.output))

    def test_consumers_and_boundaries_that_wait_in_vain_are_told_when_odoo_starts(self):
        consumers, boundaries = self.env["event.consumer.registry"], self.env["event.boundary"]
        projection, boundary = self.env["library.reader.projection"], self.env["seat.boundary"]
        for subscribes, part in (
            (
                {"library.book": ("BookLnet",)},
                "library.book has no event type BookLnet; did you mean",
            ),
            ({"library.bok": ("BookLent",)}, "no handler serves library.bok; did you mean library"),
            (["library.book"], "_subscribes is ['library.book']; write it like"),
        ):
            with self.subTest(part=part), patch.object(type(projection), "_subscribes", subscribes):
                self.registry.clear_cache()
                with self.assertLogs(CONSUMERS, logging.WARNING) as log:
                    consumers._log_problems()
                (line,) = log.output
                self.assertIn(f"library.reader.projection: {part}", line)
        self.patch(type(boundary), "_subscribes", {"booking": ("Booked", "Movd")})
        self.registry.clear_cache()
        with self.assertLogs(BOUNDARIES, logging.WARNING) as log:
            boundaries._log_hints()
        (line,) = log.output
        self.assertIn("seat.boundary: _subscribes names Movd, which the handler", line)

    def test_what_was_meant_as_a_consumer_or_a_boundary_is_told_when_odoo_starts(self):
        of_books = {"library.book": ("BookLent",)}
        self.make("made.projection", _subscribes=of_books, _project=lambda self, events: None)
        self.make("made.boundary", _subscribes=of_books)
        with self.assertLogs(CONSUMERS, logging.ERROR) as log:
            self.env["event.consumer.registry"]._log_problems()
        (line,) = log.output
        self.assertIn("made.projection: It has _project, but does not inherit the engine", line)
        self.assertIn('write _inherit = "event.projection"', line)
        with self.assertLogs(BOUNDARIES, logging.ERROR) as log:
            self.env["event.boundary"]._log_hints()
        (line,) = log.output
        self.assertIn("made.boundary: It does not inherit the engine", line)

    def test_each_is_told_in_one_sentence(self):
        table = {"Weighed": Transition("draft", "done")}
        for attributes, part in (
            ({"_snapshot_model": "parcel.snapshott"}, "no such model"),
            ({"_snapshot_model": None}, "_snapshot_model is None; write it like"),
            ({"_snapshot_model": "res.partner"}, "does not inherit snapshot.mixin"),
            ({"_snapshot_model": "snapshot.mixin"}, "no table of its own"),
            ({"_source_model": "no.such"}, "_source_model names no.such"),
            ({"_source_model": "res.partner"}, "does not inherit event.source.mixin"),
            ({"_source_model": "test.ticket"}, "_aggregate_model is 'ticket'; write"),
            ({"_source_model": ["test.ticket"]}, "_source_model is ['test.ticket']"),
            ({"_transitions": {"Weighed": ("draft", "done")}}, "_transitions['Weighed']"),
            ({"_transitions": {"Weighed": "done"}}, "write it like _transitions = {"),
            ({"_transitions": [table]}, "_transitions is ["),
            ({"_transitions": {"Weighed": Transition(5)}}, "_transitions['Weighed']"),
            ({"_transitions": {"Weighed": Transition("draft", 5)}}, "_transitions['Weighed']"),
            ({"_transitions": {5: Transition()}}, "_transitions is {5"),
            (
                {"_transitions": {**table, "Lost": Transition("dnoe", "lost")}},
                "Lost happen while the status is dnoe (done?), to which no event leads",
            ),
            (
                {
                    "_transitions": {
                        **table,
                        "A": Transition("b", "a"),
                        "B": Transition("a", "b"),
                    }
                },
                "A happen while the status is b",
            ),
            ({"_transitions": table, "_initial_status": "drfat"}, "status is draft"),
            ({"_initial_status": None}, "_initial_status is None"),
            ({"_transitions": table, "_ended_statuses": ("doen",)}, "_ended_statuses names doen"),
            ({"_ended_statuses": "done"}, "_ended_statuses is 'done'"),
            ({"_payload_fields": {"Weighed": {"grams": "integer"}}}, "['Weighed']['grams']"),
            ({"_payload_fields": {"Weighed": PayloadField()}}, "_payload_fields['Weighed']"),
            ({"_payload_fields": ["Weighed"]}, "_payload_fields is ['Weighed']"),
            (
                {"_transitions": table, "_payload_fields": {"Weihged": {}}},
                "Weihged, which _transitions does not know (Weighed?)",
            ),
            (
                {"_payload_fields": {"Weighed": {"x": PayloadField("integer", model="no.such")}}},
                "names the model 'no.such'",
            ),
            (
                {"_payload_fields": {"Weighed": {"x": PayloadField(model="res.partner")}}},
                "is of kind text",
            ),
            (
                {"_payload_fields": {"Weighed": {"x": PayloadField("integer", minimum="1")}}},
                "has the minimum '1'",
            ),
            ({"_schema_versions": {"Weighed": "3"}}, "_schema_versions['Weighed'] is '3'"),
            ({"_schema_versions": {"Weighed": True}}, "_schema_versions['Weighed'] is True"),
            (
                {"_transitions": table, "_schema_versions": {"Weighed": 3, "Lost": 2}},
                "_schema_versions names the event type Lost",
            ),
            (
                {"_upcasters": {"Weighed": {1: "_gone", 2: "_weighed_3"}}},
                "does not exist: _gone",
            ),
            ({"_upcasters": {"Weighed": "_weighed_2"}}, "_upcasters['Weighed']"),
            ({"_upcasters": {"Weighed": {"1": "_weighed_2"}}}, "_upcasters['Weighed']"),
            (
                {"_upcasters": {"Weighed": {1: "_initial_state", 2: "_weighed_3"}}},
                "takes a payload",
            ),
            ({"_event_aliases": {"A": "B", "B": "A"}}, "is no event type"),
            ({"_event_aliases": {"A": "A"}}, "is no event type"),
            ({"_event_aliases": {"A": ["Weighed"]}}, "_event_aliases['A']"),
            (
                {
                    "_transitions": {**table, "Old": Transition()},
                    "_event_aliases": {"Old": "Weighed"},
                },
                "still an event",
            ),
            ({"_event_aliases": {"SystemErrorOccurred": "X"}}, "written by the event store itself"),
            ({"_aggregate_aliases": "parcel.old"}, "_aggregate_aliases is 'parcel.old'"),
            ({"_aggregate_aliases": None}, "_aggregate_aliases is None"),
            ({"_aggregate_aliases": ("counter",)}, "another handler serves it"),
            ({"_invalid_policy": "rejct"}, "_invalid_policy is 'rejct'"),
            ({"_error_policy": ["record"]}, "_error_policy is ['record']"),
            ({"_aggregate_model": 5}, "_aggregate_model is 5"),
            ({"_event_icons": "fa-truck"}, "_event_icons is"),
            ({"_event_examples": {"Weighed": 5}}, "_event_examples['Weighed'] is 5"),
            ({"_rules_version": None}, "_rules_version is None"),
            ({"_event_labels": {"Weighed": "x"}}, "_event_labels must be a method"),
            ({"_evolve": lambda handler, state: state}, "_evolve must be a method that takes 2"),
            ({"_initial_state": lambda handler: None}, "_initial_state fails"),
            ({"_initial_state": lambda handler: {"x": {1}}}, "_initial_state fails"),
            ({"_columns": lambda handler, state: {"no_such": 1}}, "_columns fails"),
        ):
            with self.subTest(part=part, attributes=attributes), self.env.cr.savepoint() as point:
                handler = type(self.env[PARCEL])
                before = {name: vars(handler).get(name, self) for name in attributes}
                for name, value in attributes.items():
                    setattr(handler, name, value)
                self.registry.clear_cache()
                try:
                    self.assert_off("parcel", part)
                finally:
                    for name, value in before.items():
                        delattr(handler, name) if value is self else setattr(handler, name, value)
                    self.registry.clear_cache()
                    self.env.invalidate_all()
                    point.rollback()

    def test_two_that_were_called_the_same(self):
        self.declare("flaky.snapshot.handler", _aggregate_aliases=("parcel.old",))
        self.assert_off("flaky", "names parcel.old, and so does parcel.snapshot.handler")
        self.assert_off("parcel", "names parcel.old, and so does flaky.snapshot.handler")

    def test_a_former_name_is_that_of_the_handler_that_names_it(self):
        self.declare("flaky.snapshot.handler", _aggregate_aliases=("wobbly",))
        self.assertEqual(self.handlers._stream_names("flaky"), ["flaky", "wobbly"])
        self.assertEqual(self.handlers._stream_names("flakyapart"), ["flakyapart"])
        self.assertEqual(self.handlers._off(), {})

    def test_history_can_be_read(self):
        self.store.append("parcel", "P1", "Weighed", {"grams": 5})
        ticket = self.env["test.ticket"].create({"name": "T1"})
        ticket._apply_event("Opened", {"title": "x"})
        self.declare(_snapshot_model="no.such")
        self.declare("ticket.snapshot.handler", _transitions={"Opened": ("new", "open")})
        (event,) = self.store.read_stream("parcel", "P1")
        self.assertEqual(event["payload_json"], '{"grams":5}')
        stored = self.store.search([("model_name", "in", ("parcel", "ticket"))])
        self.assertEqual(len(stored.read()), 2)
        streams = self.env["event.stream"].search([("aggregate_id", "in", ("P1", "T1"))])
        self.assertEqual(len(streams.read()), 2)
        for stream in streams:
            self.assertTrue(self.env["event.timeline"].page("event.stream", stream.id)["entries"])
        self.assertEqual(ticket.event_count, 1)
        self.assertEqual(ticket._own_snapshots()[ticket].version, 1)
        with self.assertRaises(HandlerOff):
            ticket._apply_event("Solved")
        orders = self.env["rental.order"].search([], limit=3)
        self.declare("rental.snapshot.handler", _invalid_policy="rejct")
        orders.invalidate_recordset()
        self.assertEqual([row["event_count"] > 0 for row in orders.read()], [True] * 3)
        self.assertEqual(len(orders._own_snapshots()), 3)
        orders.snapshot_id.read()
        with self.assertRaises(HandlerOff):
            names = ("partner_id", "product_id", "company_id")
            orders.create([{name: orders[0][name].id for name in names}])
        for call in (
            lambda: self.store.state_at("parcel", "P1"),
            lambda: self.env["event.job"].start("rebuild", "parcel"),
            lambda: self.store.describe("parcel"),
        ):
            with self.assertRaises(UserError):
                call()

    def test_the_sentence_is_in_the_language_of_the_user(self):
        self.declare(_snapshot_model="no.such")
        self.assertEqual(self.handlers._off(), {"parcel": PARCEL})
        self.assertIn("no.such", self.handlers.with_context(lang="ja_JP")._switched_off("parcel"))

    def test_a_misspelt_attribute_is_a_hint(self):
        handler = type(self.env[PARCEL])
        (kind,) = [k for k in handler.__mro__ if k.__name__ == "ParcelSnapshotHandler"]
        kind._payload_feilds = {}
        self.addCleanup(delattr, kind, "_payload_feilds")
        self.registry.clear_cache()
        self.assertIn("is _payload_fields meant?", self.handlers._hints()[PARCEL])
        with self.assertLogs(HINTS, logging.WARNING) as log:
            self.handlers._register_hook()
        self.assertIn(PARCEL, log.output[0])
        self.assertEqual(
            self.store.append("parcel", "P1", "Any", {"grams": 1})["outcome"], "applied"
        )

    def test_what_is_registered_is_checked(self):
        self.declare("unclaimed.rules", _snapshot_model="no.such")
        self.addCleanup(self.handlers._registered().pop, "stock", None)
        with self.assertLogs(LOG, logging.ERROR):
            self.handlers.register_handler("stock", "unclaimed.rules")
        self.assert_off("stock", "no.such")

    def test_a_handler_that_writes_its_snapshot_itself(self):
        handler = type(self.env["article.snapshot.handler"])
        handler._invalid_policy = "rejct"
        self.addCleanup(delattr, handler, "_invalid_policy")
        self.registry.clear_cache()
        self.assert_off("article", "_invalid_policy is 'rejct'")

    def test_asking_costs_nothing(self):
        self.handlers._off()
        self.patch(type(self.handlers), "_problems_of", lambda *_args: self.fail("looked again"))
        self.add()


class TestWrongModels(Declarations):
    def evolve(self, state, event):
        return state

    def test_without_inherit(self):
        self.make("made.snapshot.handler", _evolve=TestWrongModels.evolve)
        self.assert_off("made", 'write _inherit = "snapshot.handler"')

    def test_without_inherit_and_rules(self):
        self.make("snapshot.handler.made")
        self.assert_off("made", 'write _inherit = "snapshot.handler"')

    def test_with_a_name_that_says_nothing(self):
        self.make(
            "made.snaphot.handler",
            _inherit="snapshot.handler",
            _transitions={"Opened": Transition("draft", "open")},
        )
        entry = self.env["event.handler"].search([("handler", "=", "made.snaphot.handler")])
        self.assertIn("Its name does not say", entry.problems)
        self.add()
        self.assert_screens()

    def test_with_a_name_that_is_not_the_record_s(self):
        kind = type(self.env["ticket.snapshot.handler"])
        self.patch(kind, "_aggregate_model", "tikcet")
        self.registry.clear_cache()
        self.assert_off(
            "ticket", "_aggregate_model is 'ticket'; write _aggregate_model = \"tikcet\""
        )
        self.assert_off("tikcet", "whose _aggregate_model is 'ticket'")

    def test_records_that_no_handler_serves(self):
        self.patch(type(self.env["test.ticket"]), "_aggregate_model", "tikcet")
        self.declare("ticket.snapshot.handler", _source_model=None)
        self.assert_off("tikcet", "_aggregate_model is 'tikcet' (ticket?), which no handler serves")
        self.assertEqual(self.store.append("ticket", "T1", "Opened")["outcome"], "rejected")

    def test_as_a_model_with_a_table(self):
        self.make("made.snapshot.handler", models.Model, _inherit="snapshot.handler")
        self.assert_off("made", "make it a models.AbstractModel")

    def test_without_a_name(self):
        counter = self.env["counter.snapshot.handler"]
        self.make(
            None,
            _inherit="snapshot.handler",
            _snapshot_model="no.such",
            _aggregate_model="made",
            _evolve=lambda handler, state, event: 1 / 0,
        )
        self.addCleanup(self.forget_extension)
        self.assertEqual(self.store.append("prefixed", "P1", "Any", {"x": 1})["outcome"], "applied")
        self.assertEqual(counter._snapshot_model, "counter.snapshot")
        self.assert_off("made", "The class has no _name")
        self.assertNotIn("unclaimed.rules", self.handlers._problems())

    def forget_extension(self):
        base = self.registry["snapshot.handler"]
        names = ("_BaseModel__base_classes", "_base_classes__")
        for name in names:
            if name in vars(base):
                kinds = tuple(k for k in vars(base)[name] if k.__name__ != "Made")
                setattr(base, name, kinds)
                base.__bases__ = kinds
        for name in ("_snapshot_model", "_aggregate_model", "_evolve"):
            if name in vars(base):
                delattr(base, name)
        self.registry.clear_cache()


class TestFoldsThatAskTheDatabase(Declarations):
    def asking(self, statement):
        def evolve(handler, state, event):
            statement(handler)
            return state

        return evolve

    def test_they_are_found_when_odoo_starts(self):
        for statement in (
            lambda handler: handler.env["res.partner"].search([]),
            lambda handler: handler.env["res.partner"].browse(1).name,
            lambda handler: handler.env["res.partner"].create({"name": "x"}),
            lambda handler: handler.env["res.partner"].browse(1).write({"name": "x"}),
            lambda handler: handler.env.cr.execute("SELECT * FROM res_partner"),
            lambda handler: handler.env["ir.config_parameter"].sudo().get_param("x"),
            lambda handler: handler.env["ir.sequence"].next_by_code("rental.order"),
        ):
            with self.subTest(statement=statement):
                self.patch(type(self.env[PARCEL]), "_evolve", self.asking(statement))
                self.registry.clear_cache()
                self.assertIn("asks the database", self.handlers._switched_off("parcel"))
        self.assert_off("parcel", "put what it needs into the payload")

    def test_one_that_swallows_the_refusal_is_found_too(self):
        def statement(handler):
            with suppress(Exception):
                handler.env["res.partner"].search([])

        self.declare(_evolve=self.asking(statement))
        self.assert_off("parcel", "asks the database")

    def test_the_lint_finds_them(self):
        event = ("Weighed", {"grams": 1})
        for statement in (
            lambda handler: handler.env["res.partner"].browse(1).name,
            lambda handler: handler.env.cr.execute("SELECT 1"),
            lambda handler: handler.env.registry.cursor().close(),
            lambda handler: handler.env["ir.config_parameter"].sudo().get_param("x"),
            lambda handler: handler.env.cr.commit(),
        ):
            with self.subTest(statement=statement):
                self.patch(type(self.env[PARCEL]), "_evolve", self.asking(statement))
                found = " ".join(lint_handler(self.env, "parcel", [[event]]))
                self.assertIn("Weighed asks the database", found)

    def test_words_are_no_question(self):
        def evolve(handler, state, event):
            labels = handler._status_labels(), handler._payload_label("grams")
            raise UserError(f"{labels}")

        self.declare(_evolve=evolve)
        self.assertIsNone(self.handlers._switched_off("parcel"))

    def test_events_that_were_tried_are_not_stored(self):
        before = self.store.search_count([])
        self.handlers._register_hook()
        self.env.flush_all()
        self.assertEqual(self.store.search_count([]), before)


class TestFiles(Declarations):
    """What comes in a file is refused line by line, and not stored as without a handler."""

    def run_import(self, content, kind):
        manager = make_user(self.env, f"off-{kind}", "manager")
        jobs = self.env["event.job"].with_user(manager)
        job = jobs._request_import(base64.b64encode(content.encode()), kind, False)[0].sudo()
        while job._write_chunk(job._read_chunk()):
            pass
        self.env.invalidate_all()
        return job

    def test_import(self):
        row = {"event_type": "Weighed", "payload": {"grams": 1}, "timestamp": "2026-01-31 09:30:00"}
        lines = [{**row, "model_name": name, "aggregate_id": "I1"} for name in ("parcel", "ticket")]
        self.declare(_snapshot_model="no.such")
        job = self.run_import("".join(json.dumps(line) + "\n" for line in lines), "history")
        self.assertIn("no.such", " ".join(job.refusal_ids.mapped("reason")))
        self.assertFalse(self.store.search([("model_name", "=", "parcel")]))

    def test_restore(self):
        self.store.append("parcel", "P1", "Weighed", {"grams": 5})
        manager = make_user(self.env, "off-owner", "manager")
        job = (
            self.env["event.job"]
            .with_user(manager)
            ._request_export(model_names=["parcel"])[0]
            .sudo()
        )
        while job._write_chunk(job._read_chunk()):
            pass
        file = file_of(self.env.cr, job.id)
        self.declare(_snapshot_model="no.such")
        job = self.run_import(file.decode(), "export")
        self.assertIn("no.such", " ".join(job.refusal_ids.mapped("reason")))
        self.assertEqual(job.stored_count, 0)

    def test_a_check_of_everything_says_it(self):
        self.store.append("parcel", "P1", "Weighed", {"grams": 5})
        self.declare(_snapshot_model="no.such")
        found = self.work_off(self.env.user)  # who reads every company
        drifts = found.filtered(lambda drift: drift.model_name == "parcel")
        self.assertIn("no.such", drifts.message)

    def test_what_failed_is_not_applied_again(self):
        with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
            self.store.append("parcel", "P1", "Weighed", {"pounds": "x"})
        self.declare(_snapshot_model="no.such")
        failures = self.failures("P1", "parcel")
        with self.assertRaisesRegex(HandlerOff, "no.such"):
            failures._apply_again()
