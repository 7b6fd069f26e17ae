"""The error inbox: failures of one bug are one row, with what people decided."""

import linecache

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.test_event_sourcing.common import EventCase, make_user
from odoo.addons.test_event_sourcing.models.flaky_handler import FlakySnapshotHandler

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


class InboxCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.errors = cls.env["event.error"]

    def bug(self, name):
        self.patch(FlakySnapshotHandler, "bug", name)

    @QUIET
    def failing(self, *numbers, aggregate_id="F1", user=None, bug="first", **options):
        """Append events that fail; returns the events."""
        self.bug(bug)
        store = self.store.with_user(user) if user else self.store
        calls = [
            {
                "model_name": "flaky",
                "aggregate_id": aggregate_id,
                "event_type": "Seen",
                "payload": {"n": number},
                **options,
            }
            for number in numbers
        ]
        return store.browse([answer["id"] for answer in store.append_batch(calls)])

    def inbox(self, **options):
        """Return what the inbox shows now of the flaky handlers."""
        self.env.flush_all()
        self.env.invalidate_all()
        return self.errors.search([("model_name", "=like", "flaky%")], **options)


class TestGrouping(InboxCase):
    def test_failures_of_one_bug_are_one_row(self):
        self.failing(1, 2)
        self.failing(3, aggregate_id="F2")
        error = self.inbox()
        self.assertEqual(len(error), 1)
        self.assertEqual(
            (error.failure_count, error.outstanding_count, error.aggregate_count), (3, 3, 2)
        )
        self.assertEqual((error.error_class, error.state), ("KeyError", "open"))
        self.assertEqual(error.handler, "flaky.snapshot.handler")
        self.assertEqual(error.error_message, "KeyError: 3")
        self.assertEqual(error.code_line, 'return table[event.payload["n"]]')
        self.assertRegex(
            error.code_place, r"^test_event_sourcing/models/flaky_handler\.py:\d+, _lookup$"
        )
        self.assertIn("KeyError: 3", error.traceback)
        self.assertEqual(error.sample_id, self.failures("F2", "flaky"))
        self.assertIn("Failures so far: 3; records affected: 2.", error.explanation)

    def test_another_line_or_error_is_another_row(self):
        self.failing(1)
        self.failing(1, bug="second")
        self.assertEqual(set(self.inbox().mapped("error_class")), {"KeyError", "ValueError"})

    def test_another_handler_is_another_row(self):
        self.failing(1)
        self.failing(1, model_name="flakyapart", policy="record")
        self.assertEqual(
            set(self.inbox().mapped("handler")),
            {"flaky.snapshot.handler", "flakyapart.snapshot.handler"},
        )

    def test_a_burst_is_one_row(self):
        for start in range(0, 1000, 250):
            self.failing(*range(start, start + 250), aggregate_id=f"F{start}")
        error = self.inbox()
        self.assertEqual((len(error), error.failure_count, error.aggregate_count), (1, 1000, 4))

    def test_an_edit_elsewhere_in_the_file_splits_no_group(self):
        first, second = {}, {}
        code = "def deep(x):\n    return x['gone']\n"
        for lines, found in ((code, first), ("# a comment\n\n" + code, second)):
            linecache.cache["<edited>"] = (len(lines), None, lines.splitlines(True), "<edited>")
            space = {"__name__": "odoo.addons.some_addon.models.some"}
            exec(compile(lines, "<edited>", "exec"), space)

            def evolve(handler, state, event, space=space):
                return space["deep"]({})

            self.patch(FlakySnapshotHandler, "_evolve", evolve)
            event = self.failing(1, bug="")
            failure = event.failure_ids
            found.update(print=failure.error_fingerprint, place=failure.payload["code_place"])
        self.assertEqual(first["print"], second["print"])
        self.assertEqual(first["place"], "some_addon/models/some.py:2, deep")
        self.assertEqual(second["place"], "some_addon/models/some.py:4, deep")

    @QUIET
    def test_faults_outside_of_any_addon_are_told_apart_too(self):
        self.store.append("counter", "C1", "Sql")
        self.store.append("counter", "C1", "Odd")
        rows = self.errors.search([("model_name", "=", "counter")])
        self.assertEqual(set(rows.mapped("error_class")), {"DivisionByZero", "InvalidJson"})
        self.assertTrue(all(rows.mapped("code_place")))

    @QUIET
    def test_a_long_message_is_one_line(self):
        self.add(payload={"partner_id": 99999999})
        error = self.errors.search([("error_class", "=", "ForeignKeyViolation")], limit=1)
        self.assertIn("violates foreign key", error.error_message)
        self.assertNotIn("\n", error.error_message)
        self.assertIn("DETAIL", error.traceback)

    def test_each_group_opens_the_screen(self):
        self.failing(1)
        for group in ("user", "integration", "auditor", "manager"):
            errors = self.errors.with_user(make_user(self.env, f"errors-{group}", group))
            views = errors.get_views([(False, kind) for kind in ("list", "form", "search")])
            buttons = "action_apply_again" in views["views"]["form"]["arch"]
            self.assertEqual(buttons, group == "manager", group)
            for node in etree.fromstring(views["views"]["search"]["arch"]).iter("field"):
                field = self.errors._fields[node.get("name")]
                self.assertTrue(field.store or field.search, field.name)
            self.assertTrue(errors.search([]).read())
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("event_sourcing_analysis.event_error_action")
        self.assertEqual(action["context"], "{'search_default_open': 1}")

    def test_refusals_are_no_errors(self):
        self.patch(FlakySnapshotHandler, "closed", True)
        event = self.failing(1, bug="")
        self.assertEqual(event.outcome, "rejected")
        self.assertFalse(event.failure_ids.error_fingerprint)
        self.assertFalse(self.inbox())

    def test_failures_from_before_there_were_fingerprints(self):
        self.failing(1, 2)
        self.env.cr.execute(
            "UPDATE event_store SET error_fingerprint = NULL,"
            " payload = payload - 'handler' - 'code_place' - 'code_line'"
            " WHERE event_type = 'SystemErrorOccurred' AND aggregate_id = 'F1'"
        )
        error = self.inbox()
        self.assertEqual((error.fingerprint, error.failure_count), ("old:KeyError:flaky", 2))
        self.assertEqual((error.handler, error.code_place), ("flaky", False))
        self.assertEqual(self.store.search_count(error._failure_domain()), 2)
        self.bug("")
        error.action_apply_again()
        self.assertEqual((self.inbox().outstanding_count, self.inbox().state), (0, "fixed"))

    def test_nobody_can_give_a_fingerprint(self):
        for name in ("error_fingerprint", "attempt_uuid", "retry_of_id", "import_key"):
            with self.assertRaisesRegex(UserError, f"{name} cannot be given"):
                self.store.create(
                    {"model_name": "flaky", "aggregate_id": "F", "event_type": "Seen", name: "x"}
                )

    def test_its_lists(self):
        self.failing(1, 2)
        error = self.inbox()
        action = error.action_open_failures()
        self.assertEqual(
            set(self.store.search(action["domain"])), set(self.failures("F1", "flaky"))
        )
        self.assertEqual(error.action_open_affected()["context"], {"group_by": "aggregate_id"})
        self.assertEqual(error.action_open_sample()["res_id"], error.sample_id.id)

    def test_it_is_read_without_the_events_that_went_well(self):
        self.failing(1)
        self.env.cr.execute(
            """
            INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,
                timestamp, outcome, event_uuid, schema_version, company_id)
            SELECT 'plain', n %% 100, 'Seen', '{}', 1 + n / 100, now(), 'applied', 'plain' || n, 1,
                %s FROM generate_series(0, 30000) AS n
            """,
            [self.env.company.id],
        )
        self.env.cr.execute("ANALYZE event_store")
        self.env.cr.execute(SQL("EXPLAIN SELECT * FROM %s AS error", self.errors._table_query))
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("on event_store failure", plan)
        self.assertNotIn("Seq Scan on event_store ", plan)


class TestDecisions(InboxCase):
    def test_fixed_until_it_happens_again(self):
        self.failing(1)
        self.inbox().action_mark_fixed()
        error = self.inbox()
        self.assertEqual((error.state, error.reopened), ("fixed", False))
        self.assertEqual(error.decided_by, self.env.user)
        self.assertTrue(error.decided_on)
        self.failing(2)
        error = self.inbox()
        self.assertEqual((error.state, error.reopened), ("open", True))
        self.assertIn("has happened again", error.explanation)

    def test_ignored_stays_ignored(self):
        self.failing(1)
        self.inbox().action_ignore()
        self.failing(2)
        self.assertEqual((self.inbox().state, self.inbox().failure_count), ("ignored", 2))
        self.inbox().action_reopen()
        self.assertEqual(self.inbox().state, "open")

    def test_a_note_is_kept_beside_the_decision(self):
        self.failing(1)
        self.inbox().write({"note": "Table was empty."})
        self.assertEqual((self.inbox().note, self.inbox().state), ("Table was empty.", "open"))
        self.inbox().action_mark_fixed()
        self.inbox().write({"note": False})
        self.assertEqual((self.inbox().note, self.inbox().state), (False, "fixed"))
        with self.assertRaisesRegex(UserError, "Only the note"):
            self.inbox().write({"state": "fixed"})

    def test_it_is_searched_and_grouped_by_what_it_shows(self):
        self.failing(1)
        self.failing(1, bug="second")
        self.inbox().filtered(lambda e: e.error_class == "KeyError").action_ignore()
        found = self.errors.search([("state", "=", "open"), ("model_name", "=", "flaky")])
        self.assertEqual(found.error_class, "ValueError")
        self.assertEqual(self.errors.search_count([("model_name", "=", "flaky")]), 2)

    def test_appending_writes_no_row_of_the_inbox(self):
        self.failing(1)
        self.assertFalse(self.env["event.error.decision"].search([]))

    def test_only_managers_decide(self):
        self.failing(1)
        error = self.inbox()
        for group in ("user", "integration", "auditor"):
            user = make_user(self.env, f"inbox-{group}", group)
            seen = error.with_user(user)
            self.assertEqual(seen.read(["state"])[0]["state"], "open")
            for change in (
                seen.action_mark_fixed,
                seen.action_ignore,
                seen.action_reopen,
                seen.action_apply_again,
                lambda seen=seen: seen.write({"note": "x"}),
                seen.sample_id.failed_event_id.action_apply_again,
            ):
                with self.assertRaises(AccessError):
                    change()
        self.assertFalse(self.env["event.error.decision"].search([]))
        outsider = make_user(self.env, "inbox-outsider")
        with self.assertRaises(AccessError):
            self.errors.with_user(outsider).search([])


class TestCompanies(InboxCase):
    def setUp(self):
        super().setUp()
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.our = make_user(self.env, "our", "manager")
        self.their = make_user(self.env, "their", "manager", company=self.theirs)
        self.auditor = make_user(self.env, "all", "auditor")
        self.failing(1, aggregate_id="O1", user=self.our)
        self.failing(1, 2, aggregate_id="T1", user=self.their)

    def counts(self, user):
        self.env.flush_all()
        found = self.errors.with_user(user).search([("model_name", "=", "flaky")])
        return sorted(found.mapped("failure_count"))

    def test_each_sees_its_own(self):
        self.assertEqual(self.counts(self.our), [1])
        self.assertEqual(self.counts(self.their), [2])
        self.assertEqual(self.counts(self.auditor), [1, 2])

    def test_a_decision_is_one_companys_own(self):
        row = self.errors.with_user(self.our).search([("model_name", "=", "flaky")])
        row.action_ignore()
        theirs = self.inbox().filtered(lambda e: e.company_id == self.theirs)
        self.assertEqual(theirs.state, "open")

    def test_an_auditor_who_manages_decides_at_home_only(self):
        both = make_user(self.env, "both", "auditor", "manager")
        theirs = self.inbox().filtered(lambda e: e.company_id == self.theirs).with_user(both)
        self.bug("")
        for change in (theirs.action_mark_fixed, theirs.action_apply_again):
            with self.assertRaisesRegex(AccessError, "company that you have no access to"):
                change()
        with self.assertRaisesRegex(AccessError, "company that you have no access to"):
            theirs.sample_id.failed_event_id.action_apply_again()
        self.assertEqual(self.stream("T1", "flaky"), [(1, "failed"), (2, "failed")])
