"""An exported period that is imported again: the same hashes, the same snapshots."""

import base64
import gzip
import json
import random
import re
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.event import content_hash
from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.event_sourcing_transfer.models.event_import_line import TRANSFER_KEY
from odoo.addons.event_sourcing_transfer.transfer_command import export_file
from odoo.addons.event_sourcing_transfer.transfer_format import chained, end_line, signature
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .exported import file_of

QUIET = mute_logger(EventStoreFailure.__module__, "odoo.sql_db")
COLUMNS = (
    "model_name, aggregate_id, version, event_type, payload::text, timestamp, event_uuid,"
    " correlation_id, causation_id, schema_version, outcome, error_class, error_message,"
    " content_hash, broken_rule, error_fingerprint, attempt_uuid, import_key, company_id,"
    " create_uid,"
    " create_date, channel"
)
SNAPSHOTS = (
    "aggregate_id, model_name, version, state::text, last_event_type, last_event_date, company_id"
)


class RestoreCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = make_user(cls.env, "re-manager", "manager")
        # Events of the demo data are somebody else's story.
        cls.empty(cls)

    def empty(self):
        """Make the store an empty one; in a test nobody keeps that."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            ALTER TABLE event_store DISABLE TRIGGER event_store_append_only;
            DELETE FROM event_store;
            ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_append_only;
            DELETE FROM event_stream;
            DELETE FROM counter_snapshot;
            DELETE FROM event_snapshot;
            DELETE FROM event_boundary_event;
            DELETE FROM event_boundary_state;
            """
        )
        self.env.invalidate_all()

    def export(self, user=None, **options):
        """Return the lines of an export, its head and its end included."""
        jobs = self.env["event.job"].with_user(user or self.manager)
        self.exported = jobs._request_export(**options)[0].sudo()
        while self.exported._write_chunk(self.exported._read_chunk()):
            pass
        self.env.invalidate_all()
        file = file_of(self.env.cr, self.exported.id)
        return file.decode().removesuffix("\n").split("\n")

    def restore(self, lines, user=None, dry_run=False, **options):
        content = base64.b64encode("".join(f"{line}\n" for line in lines).encode())
        jobs = self.env["event.job"].with_user(user or self.manager)
        job = jobs._request_import(content, "export", dry_run, **options)[0].sudo()
        try:
            while job._write_chunk(job._read_chunk()):
                pass
        except UserError as error:
            job._end("failed", str(error))
        self.env.invalidate_all()
        return job

    def refusal(self, lines, **options):
        """Return the line and the reason of the one refusal."""
        job = self.restore(lines, **options)
        self.assertEqual((job.state, job.stored_count), ("failed", 0))
        ((line, reason),) = [(found.line, found.reason) for found in job.refusal_ids]
        return line, reason

    def rows(self):
        self.env.flush_all()
        self.env.cr.execute(f"SELECT {COLUMNS} FROM event_store ORDER BY id")
        return self.env.cr.fetchall()

    def snapshots(self):
        self.env.flush_all()
        found = []
        for table, more in (("counter_snapshot", ", total, status"), ("event_snapshot", "")):
            self.env.cr.execute(f"SELECT {SNAPSHOTS}{more} FROM {table} ORDER BY 2, 1")
            found += self.env.cr.fetchall()
        return found

    def failed_events(self):
        self.env.cr.execute(
            "SELECT failure.event_uuid, failed.event_uuid FROM event_store AS failure"
            " JOIN event_store AS failed ON failed.id = failure.failed_event_id ORDER BY 1"
        )
        return self.env.cr.fetchall()

    def story(self):
        """Record refusals, faults, Japanese, former names, odd numbers and other people."""
        self.env["res.lang"]._activate_lang("ja_JP")
        store = self.store.with_user(self.manager).with_context(lang="ja_JP")
        with QUIET:
            for key in ("A", "B"):
                store.append("counter", key, "Added", {"amount": 3, "note": "東京 \u2028 <b>"})
                store.append("counter", key, "Added", {"amount": -9}, correlation_id="c-1")
                store.append("counter", key, "Broken", {})
                store.append("counter", key, "Sql", {})
            store.append("parcel.old", "P", "Measured", {"pounds": 1e22}, schema_version=1)
            store.append("parcel", "P", "Weighed", {"grams": 0.1 + 0.2})
            store.append("ticket", "T", "Opened", {"title": ""})
            store.append("nobody", "N", "Anything", {"deep": [{"x": None}, -0.0, 1.0]})
            self.store.append("counter", "A", "Closed", timestamp="2020-02-29 12:00:00")
            with self.assertRaises(UserError):
                store.append("counter", "A", "Added", {"amount": 1}, policy="reject")
        event = {"model_name": "counter", "aggregate_id": "C", "event_type": "Added"}
        self.store.create({**event, "payload": {"amount": 1}, "channel": "倉庫"})


class TestRoundTrip(RestoreCase):
    def test_the_same_events_hashes_and_snapshots(self):
        self.story()
        before = self.rows(), self.snapshots(), self.failed_events()
        self.assertIn("rejected", {row[10] for row in before[0]})
        self.assertIn("failed", {row[10] for row in before[0]})
        self.assertTrue(any(re.search("[ぁ-ん]", row[12] or "") for row in before[0]))
        self.assertEqual(len(before[2]), 7)
        lines = self.export()
        self.empty()
        job = self.restore(lines)
        self.assertEqual((job.state, job.refused_count, job.message), ("done", 0, False))
        self.assertEqual(job.stored_count, len(before[0]))
        self.assertEqual((self.rows(), self.snapshots(), self.failed_events()), before)
        # The head says until when the export reaches, and the end signs that.
        self.assertEqual(self.export()[1:-1], lines[1:-1])
        # The streams go on where they were.
        self.assertEqual(self.add("C", 1)["version"], 2)
        again = self.restore(lines)
        self.assertEqual((again.stored_count, again.known_count), (0, len(before[0])))

    def test_any_history_in_chunks_of_any_size(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 7)
        self.patch(type(self.env["event.job"]), "_export_chunk", 5)
        for seed in range(6):
            luck = random.Random(seed)
            self.empty()
            calls = [
                {
                    "model_name": luck.choice(["counter", "parcel", "nobody"]),
                    "aggregate_id": f"R{luck.randrange(4)}",
                    "event_type": luck.choice(["Added", "Closed", "Reopened", "Broken", "Weighed"]),
                    "payload": {
                        "amount": luck.randrange(-5, 9),
                        "grams": luck.choice([1, 2.5, 1e300, -0.0]),
                        "note": "".join(luck.choices('a東\u2028\\"\n\U0001f600', k=9)),
                    },
                    "timestamp": f"2026-01-{luck.randrange(1, 29):02} 00:00:00",
                }
                for _number in range(40)
            ]
            with QUIET:
                self.store.append_batch(calls)
            before = self.rows(), self.snapshots(), self.failed_events()
            lines = self.export()
            self.empty()
            job = self.restore(lines)
            self.assertEqual((job.state, job.refused_count), ("done", 0), seed)
            self.assertEqual((self.rows(), self.snapshots(), self.failed_events()), before, seed)

    def test_what_other_addons_left_empty_stays_so(self):
        """A default of today is not what was true of an event that is older than the field."""
        others = "SELECT channel, desk, boxes, urgent, due_on FROM event_store ORDER BY id"
        event = {"model_name": "counter", "aggregate_id": "A", "event_type": "Added"}
        event["payload"] = {"amount": 1}
        given = {"channel": "shop", "desk": "left", "boxes": 0, "urgent": False}
        self.store.create([event, {**event, **given, "due_on": "2026-01-31"}, event])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE event_store SET channel = NULL, boxes = NULL, urgent = NULL WHERE version = 1"
        )
        self.env.cr.execute(others)
        before, lines = self.env.cr.fetchall(), self.export()
        self.assertEqual(before[0], (None,) * 5)
        self.empty()
        self.assertEqual(self.restore(lines).stored_count, 3)
        self.env.cr.execute(others)
        self.assertEqual(self.env.cr.fetchall(), before)
        self.assertEqual(self.export()[1:-1], lines[1:-1])

    def test_periods_one_after_the_other(self):
        for day in (1, 2, 3):
            self.add("A", day)
            self.env.cr.execute(
                "UPDATE event_store SET create_date = %s WHERE version = %s",
                [f"2026-03-0{day} 20:00:00", day],
            )
        before = self.rows(), self.snapshots()
        self.manager.tz = "Asia/Tokyo"
        first = self.export(date_to=date(2026, 3, 3))
        second = self.export(date_from=date(2026, 3, 4))
        self.assertEqual([len(first) - 2, len(second) - 2], [2, 1])
        self.empty()
        line, reason = self.refusal(second)
        self.assertIn("Version 3 of counter/A would leave a hole: the next one is 1", reason)
        self.assertEqual(line, 2)
        self.restore(first)
        self.restore(second)
        self.assertEqual((self.rows(), self.snapshots()), before)

    def test_a_chosen_type_and_time(self):
        self.add("A", timestamp="2026-01-05 00:00:00")
        self.add("A", timestamp="2026-02-05 00:00:00")
        self.store.append("parcel.old", "P", "Measured", {"pounds": 1}, schema_version=1)
        lines = self.export(model_names=["parcel"])
        self.assertEqual([json.loads(line)["event_type"] for line in lines[1:-1]], ["Weighed"])
        lines = self.export(
            period="happened", date_from=date(2026, 2, 1), date_to=date(2026, 2, 28)
        )
        self.assertEqual([json.loads(line)["version"] for line in lines[1:-1]], [2])
        with self.assertRaisesRegex(UserError, "begin before it ends"):
            self.export(date_from=date(2026, 2, 2), date_to=date(2026, 2, 1))


class TestRecordsThatAreNotHere(RestoreCase):
    """History speaks of records by their ids; a second database has others."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute("DELETE FROM needy_snapshot")
        self.partner = self.env["res.partner"].create({"name": "There"})
        self.partner_id = self.partner.id

    def lose_partner(self):
        self.empty()
        self.env.cr.execute("DELETE FROM needy_snapshot")
        self.env.cr.execute("DELETE FROM res_partner WHERE id = %s", [self.partner_id])
        self.env.invalidate_all()

    def check_of(self, model_name):
        job = self.env["event.job"].browse(self.env["event.job"].start("check", model_name)["id"])
        while job.sudo()._write_chunk(job.sudo()._read_chunk()):
            pass
        return job.sudo()

    def test_history_keeps_the_id_and_the_column_stays_empty(self):
        self.add("A", payload={"partner_id": self.partner_id})
        self.add("B", payload={"partner_id": self.partner_id})
        self.add("B", payload={"partner_id": self.env.user.partner_id.id})
        lines = self.export()
        self.lose_partner()
        job = self.restore(lines)
        self.assertEqual((job.state, job.message, job.stored_count), ("done", False, 3))
        self.assertFalse(self.snapshot("A").partner_id)
        self.assertEqual(self.snapshot("A").state["partner_id"], self.partner_id)
        self.assertEqual(self.snapshot("B").partner_id, self.env.user.partner_id)
        check = self.check_of("counter")
        self.assertEqual((check.drift_count, check.problem_count), (0, 0))
        # The stream goes on; a new wrong id is a fault as before.
        found = self.add("A", 4, payload={"partner_id": self.partner_id})
        self.assertEqual((found["outcome"], self.snapshot("A").total), ("applied", 5))
        with QUIET:
            found = self.add("A", payload={"partner_id": 2**31 - 1})
        self.assertEqual(found["outcome"], "failed")

    def test_a_column_that_must_not_be_empty_is_said_before_anything_is_stored(self):
        payload = {"partner_id": self.partner_id, "name": "x"}
        self.add("A")
        self.store.append("needy", "N", "Told", payload)
        lines = self.export()
        self.lose_partner()
        line, reason = self.refusal(lines)
        self.assertEqual(line, 3)
        self.assertIn("The snapshot needs Partner", reason)
        self.assertIn(f"with the id {self.partner_id} is not here", reason)
        self.assertNotIn("INSERT", reason)

    def test_what_only_the_table_knows_stops_it_at_its_line_in_words(self):
        self.add("A", 5)
        self.add("B", 50)
        lines = self.export()
        self.empty()
        self.env.cr.execute(
            "ALTER TABLE counter_snapshot ADD CONSTRAINT few CHECK (total < 50) NOT VALID"
        )
        with mute_logger("odoo.sql_db"):
            job = self.restore(lines)
        self.assertEqual((job.state, self.rows()), ("failed", []))
        self.assertRegex(job.message, r"^Line 3: The database refuses the event .*\"few\"")
        self.assertNotIn("INSERT", job.message)


class TestFailuresOfLargeEvents(RestoreCase):
    """A failure event wraps what failed: one level deeper, and some bytes larger."""

    def deep(self, levels):
        document = {}
        for _level in range(levels - 2):
            document = {"a": document}
        return {"amount": -1, "deep": document}

    def test_what_an_append_takes_is_restored_with_its_failure(self):
        large = {"amount": -1, "note": "東" * (256 * 1024 // 3 - 20)}
        with QUIET:
            for number, payload in enumerate([self.deep(32), large]):
                self.add(f"A{number}", payload=payload, amount=-1)
                self.store.append("counter", f"B{number}", "Broken", payload)
        self.assertEqual(self.store.search_count([("failed_event_id", "!=", False)]), 4)
        before = self.rows(), self.failed_events()
        lines = self.export()
        self.empty()
        job = self.restore(lines)
        self.assertEqual(([r.reason for r in job.refusal_ids], job.state), ([], "done"))
        self.assertEqual((self.rows(), self.failed_events()), before)


class TestWithoutHandler(RestoreCase):
    def test_what_was_applied_elsewhere_waits_for_its_handler(self):
        self.add("A", 4)
        self.store.append("nobody", "N", "Said")
        lines = self.export()
        self.empty()
        registry = type(self.env["snapshot.handler.registry"])
        with patch.object(registry, "_find", return_value=None):
            job = self.restore(lines)
        self.assertEqual(job.state, "done")
        # What nobody folded there, either, is as it was.
        self.assertRegex(
            job.unhandled_text, r"^No handler here for 1 event of “counter”: .*, then rebuild\.$"
        )
        self.assertFalse(self.snapshot("A"))
        jobs = self.env["event.job"]
        rebuild = jobs.browse(jobs.start("rebuild", "counter")["id"]).sudo()
        while rebuild._write_chunk(rebuild._read_chunk()):
            pass
        self.assertEqual(self.snapshot("A").total, 4)


class TestForgery(RestoreCase):
    def setUp(self):
        super().setUp()
        with QUIET:
            for amount in (1, -5, 2):
                self.add("A", amount)
        self.lines = self.export()
        self.empty()

    def changed(self, number, lines=None, **values):
        """Return the lines with one of them changed, its hash made to fit."""
        lines = list(lines or self.lines)
        line = {**json.loads(lines[number]), **values}
        if "content_hash" in line and "content_hash" not in values:
            line["content_hash"] = content_hash(line)
        lines[number] = canonical(line)
        return lines

    def signed(self, lines, key):
        """Return lines with an end that fits them, signed with a key."""
        digest = ""
        for line in lines[:-1]:
            digest = chained(digest, line.encode())
        return [*lines[:-1], end_line(key, digest, len(lines) - 2)]

    def test_a_hash_that_does_not_fit(self):
        lines = self.changed(2, error_message="I never said so", content_hash="0" * 64)
        job = self.restore(lines)
        found = {refusal.line: refusal.reason for refusal in job.refusal_ids}
        self.assertIn("content hash does not fit", found[3])
        self.assertEqual((job.state, self.rows()), ("failed", []))

    def test_what_was_changed_added_left_out_or_cut_off(self):
        end = len(self.lines)
        forged = self.changed(3, error_message="Never")
        for lines, at, word in [
            (self.changed(1, recorded_by="admin"), end, "not what was exported"),
            (forged, end, "not what was exported"),
            (self.lines[:2] + self.lines[3:], end - 1, None),
            (self.lines[:-1], end, "cut off"),
            ([*self.lines, self.lines[1]], end + 1, "goes on after its end"),
            (self.signed(forged, "guess"), end, "not exported by this database"),
        ]:
            job = self.restore(lines)
            self.assertEqual((job.state, job.stored_count, self.rows()), ("failed", 0, []))
            found = {refusal.line: refusal.reason for refusal in job.refusal_ids}
            if word:
                self.assertIn(word, found[at])

    def test_what_no_event_can_be_is_a_line_that_does_not_fit(self):
        for payload in ('{"amount":"\\ud800"}', '{"a":' * 70 + "1" + "}" * 70):
            before, after = re.split(r"(?<=\"payload\":)\{[^}]*\}", self.lines[1])
            job = self.restore([self.lines[0], before + payload + after, *self.lines[2:]])
            found = {refusal.line: refusal.reason for refusal in job.refusal_ids}
            self.assertIn("content hash does not fit", found[2])

    def test_another_database_needs_the_same_key(self):
        parameters = self.env["ir.config_parameter"].sudo()
        own = parameters.get_param(TRANSFER_KEY)
        parameters.set_param(TRANSFER_KEY, "another")
        line, reason = self.refusal(self.lines)
        self.assertEqual(line, 1)
        self.assertIn(TRANSFER_KEY, reason)
        # Whoever has the server may vouch for it; and still it must be whole.
        job = self.restore(self.changed(1, recorded_by="admin"), trusted=True)
        self.assertEqual(job.state, "failed")
        job = self.restore(self.lines, trusted=True)
        self.assertEqual((job.state, job.stored_count), ("done", len(self.lines) - 2))
        parameters.set_param(TRANSFER_KEY, own)
        self.empty()
        self.assertEqual(self.restore(self.lines).state, "done")

    def test_the_wizard_cannot_vouch_and_outcomes_need_a_manager(self):
        self.assertNotIn("trusted", self.env["event.import"]._fields)
        partner = make_user(self.env, "re-partner", "integration")
        _line, reason = self.refusal(self.lines, user=partner)
        self.assertIn("Only an Event Sourcing manager", reason)
        # Without the head, lines are rows of somebody else: no outcome can be given.
        job = self.restore(self.lines[1:-1])
        self.assertEqual(job.state, "failed")
        self.assertIn("cannot be given", job.refusal_ids[0].reason)

    def test_the_key_is_no_secret_of_the_file(self):
        key = self.env["ir.config_parameter"].sudo().get_param(TRANSFER_KEY)
        self.assertGreaterEqual(len(key), 64)
        self.assertNotIn(key, "\n".join(self.lines))
        with self.assertRaises(AccessError):
            self.env["ir.config_parameter"].with_user(self.manager).get_param(TRANSFER_KEY)
        end = json.loads(self.lines[-1])
        self.assertEqual(end["signature"], signature(key, end["digest"], len(self.lines) - 2))


class TestConflicts(RestoreCase):
    def test_a_stream_with_other_events_is_refused(self):
        self.add("A", 1)
        self.add("B", 1)
        lines = self.export()
        self.empty()
        self.add("A", 7)
        line, reason = self.refusal(lines)
        self.assertEqual(line, 2)
        self.assertIn("counter/A has another event as version 1 here", reason)
        self.assertEqual(self.snapshot("A").total, 7)
        self.assertFalse(self.snapshot("B"))

    def test_the_same_uuid_with_another_content_is_refused(self):
        self.add("A", 1, event_uuid="one")
        lines = self.export()
        self.empty()
        self.add("A", 1, event_uuid="one", timestamp="2026-01-01 00:00:00")
        self.assertIn("already used for a different event", self.refusal(lines)[1])

    def test_rules_of_today_that_cannot_fold_it(self):
        self.add("A", 1)
        self.env.cr.execute("UPDATE event_store SET event_type = 'Broken'")
        self.env.invalidate_all()
        event = self.store.search([])
        vals = {name: event[name] for name in event._fields if name != "payload"}
        digest = content_hash({**vals, "payload": event.payload})
        self.env.cr.execute("UPDATE event_store SET content_hash = %s", [digest])
        lines = self.export()
        self.empty()
        self.assertIn("cannot be replayed by its handler as it is today", self.refusal(lines)[1])

    def test_a_failure_without_its_event(self):
        with QUIET:
            self.add("A", -1)
        self.env.cr.execute(
            "UPDATE event_store SET create_date = '2026-03-01' WHERE failed_event_id IS NULL"
        )
        lines = self.export(date_from=date(2026, 3, 2))
        self.assertEqual(len(lines), 3)
        self.empty()
        self.assertIn("neither in the file nor stored", self.refusal(lines)[1])

    def test_people_and_companies_that_are_unknown_here(self):
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        self.manager.company_ids |= company
        gone = make_user(self.env, "re-gone", "integration", company=company)
        self.store.with_user(gone).append("counter", "A", "Added", {"amount": 1})
        lines = self.export(user=self.env.ref("base.user_root"))
        self.empty()
        gone.login = "somebody-else"
        self.assertIn("Nobody here has the login re-gone", self.refusal(lines)[1])
        company.name = "Renamed Ltd"
        self.assertIn("Elsewhere Ltd is no company", self.refusal(lines, unknown_people=True)[1])
        job = self.restore(lines, unknown_people=True, company_id=self.env.company.id)
        self.assertEqual(job.state, "done")
        event = self.store.search([])
        self.assertEqual((event.create_uid, event.company_id), (self.manager, self.env.company))

    def test_a_company_of_others_is_closed_to_a_restore(self):
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        self.add("A", 1)
        lines = self.changed_company(self.export(), "Nowhere Ltd")
        self.empty()
        with self.assertRaisesRegex(UserError, "no access to"):
            self.restore(lines, company_id=company.id)
        wizard = self.env["event.import"].with_user(self.manager)
        content = base64.b64encode("\n".join(lines).encode())
        with self.assertRaises(AccessError):
            wizard.create({"file": content, "company_id": company.id}).action_check()
        self.assertFalse(self.rows())

    def test_a_company_that_was_taken_away_stays_closed(self):
        """Rows whose company came past the first question are refused one by one."""
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        self.add("A", 1)
        lines = self.export()
        self.empty()
        lines_of = type(self.env["event.import.line"])
        self.patch(lines_of, "_company", lambda *_args: company.id)
        self.assertIn("company that you have no access to", self.refusal(lines)[1])

    def changed_company(self, lines, name):
        """Return an export whose events are of a company of another name."""
        events = [canonical({**json.loads(line), "company": name}) for line in lines[1:-1]]
        digest = ""
        for line in [lines[0], *events]:
            digest = chained(digest, line.encode())
        key = self.env["ir.config_parameter"].sudo().get_param(TRANSFER_KEY)
        return [lines[0], *events, end_line(key, digest, len(events))]

    def test_an_event_that_was_changed_in_the_database_is_found_out(self):
        self.add("A", 1)
        self.env.cr.execute("UPDATE event_store SET payload = '{\"amount\": 2}'")
        lines = self.export()
        self.empty()
        self.assertIn("content hash does not fit", self.refusal(lines)[1])

    def test_a_stream_that_went_on_after_the_check(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 1)
        self.add("A", 1)
        self.add("B", 1)
        lines = self.export()
        self.empty()
        content = base64.b64encode("".join(f"{line}\n" for line in lines).encode())
        job = self.env["event.job"].with_user(self.manager)._request_import(content, "e", False)[0]
        job = job.sudo()
        while (job.progress_data or {}).get("stage") != "write":
            job._write_chunk(job._read_chunk())
        self.add("B", 5)
        with self.assertRaisesRegex(UserError, "^Line 3: counter/B went on in the meantime"):
            while job._write_chunk(job._read_chunk()):
                pass
        self.assertEqual((self.snapshot("A").total, self.snapshot("B").total), (1, 5))


class TestExportRights(RestoreCase):
    def test_who_may_export_what(self):
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        far = make_user(self.env, "re-far", "manager", company=company)
        auditor = make_user(self.env, "re-auditor", "auditor", company=company)
        self.add("A", 1)
        self.store.with_user(far).append("counter", "F", "Added", {"amount": 1})
        keys = {
            user: [json.loads(line)["aggregate_id"] for line in self.export(user=user)[1:-1]]
            for user in (self.manager, far, auditor)
        }
        self.assertEqual(list(keys.values()), [["A"], ["F"], ["A", "F"]])
        for group in ("user", "integration"):
            with self.assertRaises(AccessError):
                self.export(user=make_user(self.env, f"re-{group}", group))

    def test_a_period_that_ends_before_it_begins(self):
        days = {"date_from": "2026-02-01", "date_to": "2026-01-31"}
        with self.assertRaisesRegex(UserError, "must begin before it ends"):
            self.export(**days)
        # The command is asked in cursors of its own, of which it reads nothing then.
        with self.assertRaisesRegex(UserError, "must begin before it ends"):
            export_file(self.env, "never-written.jsonl", **days)
        self.assertFalse(Path("never-written.jsonl.part").exists())

    def test_it_holds_what_was_recorded_when_it_was_asked_for(self):
        self.patch(type(self.env["event.job"]), "_export_chunk", 1)
        self.add("A", 1)
        self.add("A", 2)
        job = self.env["event.job"].with_user(self.manager)._request_export()[0].sudo()
        self.assertEqual(job.total, 2)
        job._write_chunk(job._read_chunk())
        self.add("A", 3)
        while job._write_chunk(job._read_chunk()):
            pass
        self.assertEqual((job.state, job.done), ("done", 2))

    def test_statements_and_memory_of_a_chunk_do_not_grow(self):
        self.store.append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": "A",
                    "event_type": "Added",
                    "payload": {"amount": 1},
                }
            ]
            * 300
        )
        counts = []
        for size in (10, 10, 200):  # the first one fills caches
            self.patch(type(self.env["event.job"]), "_export_chunk", size)
            job = self.env["event.job"].with_user(self.manager)._request_export()[0].sudo()
            job._read_chunk()
            self.env.invalidate_all()
            with self.count() as counted:
                job._read_chunk()
            counts.append(counted())
            job._end("cancelled")
        self.assertEqual(counts[1], counts[2])

    @contextmanager
    def count(self):
        begin = self.env.cr.sql_log_count
        yield lambda: self.env.cr.sql_log_count - begin


@tagged("post_install", "-at_install")
class TestDownload(HttpCase):
    def test_the_file_is_joined_and_its_owners_alone(self):
        manager = make_user(self.env, "dl-manager", "manager")
        make_user(self.env, "dl-other", "manager", "auditor")
        self.patch(type(self.env["event.job"]), "_export_chunk", 2)
        for number in range(5):
            self.env["event.store"].append("counter", f"D{number}", "Added", {"amount": 1})
        job = self.env["event.job"].with_user(manager)._request_export(model_names=["counter"])[0]
        own = job.sudo()
        url = f"/event_sourcing/export/{job.id}"
        self.authenticate("dl-manager", "dl-manager")
        self.assertEqual(self.url_open(url).status_code, 404)
        while own._write_chunk(own._read_chunk()):
            pass
        self.assertEqual(job.action_download()["url"], url)
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("events-counter.jsonl.gz", answer.headers["Content-Disposition"])
        lines = gzip.decompress(answer.content).decode().removesuffix("\n").split("\n")
        self.assertEqual(len(lines), own.done + 2)
        self.assertEqual(json.loads(lines[-1])["event_sourcing_end"], own.done)
        self.authenticate("dl-other", "dl-other")
        self.assertEqual(self.url_open(url).status_code, 404)
