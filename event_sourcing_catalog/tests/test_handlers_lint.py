import logging
from unittest.mock import patch

from odoo.addons.event_sourcing.exceptions import HandlerOff
from odoo.addons.event_sourcing.testing import lint_handler
from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.test_event_sourcing.common import EventCase

PARCEL = "parcel.snapshot.handler"
LOG = "odoo.addons.event_sourcing_catalog.models.snapshot_handler_lint"


class TestLint(EventCase):
    """What is said here and not by the core alone."""

    def setUp(self):
        super().setUp()
        self.handlers = self.env["snapshot.handler.registry"]
        self.addCleanup(self.registry.clear_cache)

    def declare(self, **attributes):
        for name, value in attributes.items():
            self.patch(type(self.env[PARCEL]), name, value)
        self.registry.clear_cache()

    def test_constraints_that_the_table_has_not(self):
        handler = self.env["counter.snapshot.handler"]
        self.patch(type(handler), "_rule_labels", lambda handler: {"taken": "Taken."})
        self.env.cr.execute(
            """CREATE UNIQUE INDEX counter_note_uniq ON counter_snapshot (total);
               ALTER TABLE counter_snapshot ADD CONSTRAINT counter_late_uniq
                   UNIQUE (total) DEFERRABLE INITIALLY DEFERRED"""
        )
        for constraint, part in (
            ("counter_note_uniq", None),
            ("counter_snapshot_pkey", None),
            ("counter_gone_uniq", "counter_gone_uniq, which the table counter_snapshot does not"),
            ("counter_late_uniq", "counter_late_uniq, which may be checked too late"),
        ):
            with self.subTest(constraint=constraint):
                self.patch(type(handler), "_constraint_rules", {constraint: "taken"})
                self.registry.clear_cache()
                found = [text for code, text in self.handlers._lint(handler) if "_uniq" in text]
                self.assertEqual(len(found), int(bool(part)), found)
                self.assertIn(part or "", " ".join(found))

    def test_statuses_to_which_nothing_leads_switch_off(self):
        table = {"Weighed": Transition("draft", "done")}
        for attributes, part in (
            (
                {"_transitions": {**table, "Lost": Transition("dnoe", "lost")}},
                "Lost happen while the status is dnoe (done?), to which no event leads",
            ),
            ({"_transitions": table, "_ended_statuses": ("doen",)}, "_ended_statuses names doen"),
        ):
            with self.subTest(part=part), self.env.cr.savepoint():
                handler = type(self.env[PARCEL])
                with patch.multiple(handler, **attributes, create=True):
                    self.registry.clear_cache()
                    with self.assertRaises(HandlerOff) as caught:
                        self.store.append("parcel", "X1", "Weighed", {"grams": 5})
                self.assertIn(part, str(caught.exception))
        several = {"Weighed": Transition("draft", ("draft", "lost")), "Found": Transition("lost")}
        with self.env.cr.savepoint(), patch.object(handler, "_transitions", several):
            self.registry.clear_cache()
            self.assertEqual(self.handlers._further_problems(self.env[PARCEL]), [])
            (weighed, _found) = self.store.describe("parcel")["events"]
            self.assertEqual(weighed["leads_to"], "draft, lost")
            self.assertEqual(
                weighed["rule"], "Possible while the status is draft; leads to draft, lost."
            )
        self.registry.clear_cache()

    def test_a_typo_is_a_hint_and_stops_nothing(self):
        handler = type(self.env[PARCEL])
        (kind,) = [k for k in handler.__mro__ if k.__name__ == "ParcelSnapshotHandler"]
        kind._payload_feilds = {}
        self.addCleanup(delattr, kind, "_payload_feilds")
        self.registry.clear_cache()
        with self.assertLogs(LOG, logging.WARNING) as log:
            self.handlers._register_hook()
        self.assertIn("is _payload_fields meant?", log.output[0])
        answer = self.store.append("parcel", "P1", "Weighed", {"grams": 1})
        self.assertEqual(answer["outcome"], "applied")

    def test_gaps_between_versions(self):
        self.declare(_schema_versions={"Weighed": 4})
        (said,) = lint_handler(self.env, "parcel", [])
        self.assertIn("no upcaster from version 3", said)
        self.declare(_schema_versions={"Weighed": 2})
        self.assertIn("version 2 is never used", " ".join(lint_handler(self.env, "parcel", [])))

    def logged(self, name):
        """Return what the log says about a model when Odoo starts."""
        self.registry.clear_cache()
        self.addCleanup(self.registry.clear_cache)
        with self.assertLogs(LOG, logging.WARNING) as log:
            self.handlers._log_problems()
        return [line.partition(f":{name}: ")[2] for line in log.output if f":{name}: " in line]

    def test_what_is_probably_a_slip_is_logged_when_odoo_starts(self):
        handler = type(self.env[PARCEL])
        (kind,) = [k for k in handler.__mro__ if k.__name__ == "ParcelSnapshotHandler"]
        for attributes, part in (
            ({"_schema_versions": {"Weighed": 4}}, "no upcaster from version 3"),
            ({"_initial_status": "new"}, "names statuses, but has no _transitions"),
            ({"_evolve": lambda handler, state, event: None}, "_evolve returns None for Weighed;"),
            (
                {"_evolve": lambda handler, state, event: {"on": event.timestamp}},
                "no JSON for Weighed: on is a datetime, which JSON cannot hold",
            ),
        ):
            with self.subTest(part=part), patch.multiple(kind, **attributes, create=True):
                (line,) = self.logged(PARCEL)
                self.assertIn(part, line)

    def test_a_table_that_no_handler_fills(self):
        handler = type(self.env["counter.snapshot.handler"])
        with patch.object(handler, "_snapshot_model", "event.snapshot"):
            (line,) = self.logged("counter.snapshot")
        self.assertIn("No handler names it as its _snapshot_model", line)

    def test_kinds_that_a_column_never_takes(self):
        handler = self.env["counter.snapshot.handler"]
        self.patch(type(handler), "_payload_fields", {"Added": {"total": PayloadField("text")}})
        found = [text for code, text in self.handlers._lint(handler) if code == "other_kind"]
        (said,) = found
        self.assertIn("total of Added is declared as text", said)
        self.assertIn("it is of the type integer", said)

    def test_rules_are_no_others_because_of_this_addon(self):
        own = [kind.__module__ for kind in type(self.env[PARCEL]).__mro__]
        self.assertFalse([name for name in own if "event_sourcing_catalog" in name])

    def test_the_lint_finds_words_about_what_there_is_not(self):
        handler = type(self.env["ticket.snapshot.handler"])
        self.patch(handler, "_event_icons", {"Opend": "fa-ticket"})
        self.patch(handler, "_event_examples", {"Opened": {"title": "x", "hours": -1}})
        self.patch(handler, "_status_labels", lambda handler: {"open": "Open", "done": "Done"})
        found = " ".join(lint_handler(self.env, "ticket", []))
        self.assertIn("Opend is declared, but the transition table does not know it", found)
        self.assertIn("The example of Opened does not fit its own payload field hours", found)
        self.assertIn("The status new is declared, but has no label", found)
