"""Importing somebody else's history: formats, bad rows, checks, and never twice."""

import base64
import gzip
import json

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.event_sourcing_transfer.transfer_command import _report
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger(EventStoreFailure.__module__)
TIME = "2026-01-31 09:30:00"


def row(key="I1", amount=1, **more):
    return {
        "model_name": "counter",
        "aggregate_id": key,
        "event_type": "Added",
        "payload": {"amount": amount},
        "timestamp": TIME,
        **more,
    }


def json_lines(*rows):
    return "".join(
        (text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)) + "\n"
        for text in rows
    )


class ImportCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = make_user(cls.env, "im-manager", "manager")

    def run_import(self, content, user=None, dry_run=False, **options):
        """Run an import to its end; return its job, with all rights."""
        if isinstance(content, str):
            content = content.encode()
        user = user or self.manager
        companies = user.env.context.get("allowed_company_ids", [])
        jobs = self.env["event.job"].with_user(user)
        jobs = jobs.with_context(allowed_company_ids=companies)
        job, _under_way = jobs._request_import(
            base64.b64encode(content), "history", dry_run, **options
        )
        self.run_job(job)
        return job.sudo()

    def run_job(self, job):
        own = job.sudo()
        try:
            while own._write_chunk(own._read_chunk()):
                pass
        except UserError as error:
            own._end("failed", str(error))
        self.env.invalidate_all()

    def refused(self, job):
        return [(refusal.line, refusal.reason) for refusal in job.refusal_ids]

    def one_refusal(self, content, *words, **options):
        """Check that exactly one row is refused, with these words; return its line."""
        job = self.run_import(content, dry_run=True, **options)
        ((line, reason),) = self.refused(job)
        for word in words:
            self.assertIn(word, reason)
        return line


class TestJsonLines(ImportCase):
    def test_rows_become_events(self):
        rows = [row(), row("I2", 5), row(amount=2, timestamp="2026-02-01T00:00:00+09:00")]
        job = self.run_import(json_lines(*rows))
        self.assertEqual((job.state, job.stored_count, job.refused_count), ("done", 3, 0))
        self.assertEqual(self.stream("I1"), [(1, "applied"), (2, "applied")])
        self.assertEqual((self.snapshot("I1").total, self.snapshot("I2").total), (3, 5))
        events = self.store.search([("aggregate_id", "=", "I1")], order="version")
        self.assertEqual([str(event.timestamp) for event in events], [TIME, "2026-01-31 15:00:00"])
        self.assertEqual(events.create_uid, self.manager)

    def test_packed_with_a_mark_and_blank_lines(self):
        text = "\ufeff" + json_lines(row(note="x"), "", "  ", row("I2")).replace(
            ', "note": "x"', ""
        )
        job = self.run_import(gzip.compress(text.encode()))
        self.assertEqual((job.state, job.stored_count), ("done", 2))

    def test_every_bad_line_is_named_and_nothing_is_kept(self):
        lines = [
            row(),
            '{"model_name": "counter"',
            row(amount="many"),
            {**row(), "timestamp": None},
            {**row(), "colour": "red"},
            {**row(), "outcome": "applied"},
            row(event_type="InvalidOperationAttempted"),
            row(amount=-5),
            '{"model_name": "counter", "model_name": "counter"}',
            row(timestamp="yesterday"),
            row(version=7, amount=3),
            row(payload={"amount": 1, "note": "\x00"}),
            "{}",
            row(company_id="Nobody Ltd"),
            row("I9", event_uuid="u-1"),
            row("I9", 7, event_uuid="u-1"),
            "[1, 2]",
        ]
        before = self.store.search_count([])
        with QUIET:
            job = self.run_import(json_lines(*lines), dry_run=True)
        words = {
            2: "Broken JSON",
            3: "Amount must be a whole number",
            4: "timestamp is missing",
            5: "no colour",
            6: "outcome cannot be given",
            7: "written by the event store itself",
            8: "must not fall below zero",
            9: "gives the key model_name twice",
            10: "not a valid date and time",
            11: "would leave a hole",
            12: "null character",
            13: "empty object",
            14: "Nobody Ltd is no company",
            16: "already used for a different event",
            17: "no JSON object",
        }
        found = dict(self.refused(job))
        self.assertEqual(sorted(found), sorted(words))
        for line, word in words.items():
            self.assertIn(word, found[line])
        self.assertEqual((job.state, job.refused_count), ("done", 15))
        self.assertEqual((job.storable_count, job.stored_count), (2, 0))
        self.assertEqual(self.store.search_count([]), before)
        self.assertFalse(self.env["event.stream"].search([("aggregate_id", "=", "I1")]))
        self.assertFalse(self.snapshot("I1"))

    def test_one_bad_row_at_the_end_keeps_all_others_out(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 2)
        job = self.run_import(json_lines(*[row(f"I{n}") for n in range(9)], row(amount=-2)))
        self.assertEqual((job.state, job.stored_count), ("failed", 0))
        self.assertIn("Nothing was stored", job.message)
        self.assertEqual([line for line, _reason in self.refused(job)], [10])
        self.assertFalse(self.store.search([("aggregate_id", "=", "I0")]))

    def test_the_same_file_again_stores_nothing(self):
        content = json_lines(row(), row("I2", event_uuid="mine"), row(amount=2))
        self.run_import(content)
        job = self.run_import(content)
        self.assertEqual((job.state, job.stored_count, job.known_count), ("done", 0, 3))
        self.assertEqual(self.snapshot("I1").total, 3)
        longer = self.run_import(content + json_lines(row(amount=9)))
        self.assertEqual((longer.stored_count, longer.known_count), (1, 3))

    def test_two_rows_that_say_the_same_need_uuids(self):
        twice = json_lines(row(), row("I2"), row())
        self.assertEqual(self.one_refusal(twice, "same as line 1", "event_uuid"), 3)
        job = self.run_import(json_lines(row(event_uuid="a"), row(event_uuid="b")))
        self.assertEqual(job.stored_count, 2)

    def test_rules_see_the_rows_before_in_other_chunks_and_in_the_store(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 1)
        self.add("I1", 4)
        lines = [row(amount=-4), row(amount=-1), row(amount=3), row(amount=-3)]
        self.assertEqual(self.one_refusal(json_lines(*lines), "below zero"), 2)
        self.assertEqual(self.snapshot("I1").total, 4)

    def test_refused_attempts_are_kept_where_that_was_chosen(self):
        lines = [row(), row(amount=-5), row(amount=2), row(event_type="Broken", payload={})]
        with QUIET:
            job = self.run_import(json_lines(*lines), broken="record")
        self.assertEqual((job.state, job.stored_count, job.refused_count), ("done", 4, 0))
        outcomes = [outcome for _version, outcome in self.stream("I1")]
        self.assertEqual(outcomes, ["applied", "rejected", "applied", "failed"])
        self.assertEqual(len(self.failures("I1")), 2)
        self.assertEqual(self.snapshot("I1").total, 3)

    def test_sql_of_a_handler_that_fails_spoils_no_other_row(self):
        lines = [row(), row("I2", event_type="Sql", payload={}), row(amount=2)]
        with mute_logger("odoo.sql_db"):
            line = self.one_refusal(json_lines(*lines), "DivisionByZero")
        self.assertEqual(line, 2)

    def test_types_without_a_handler_and_with_their_own_kind(self):
        lines = [row(model_name="nobody"), row(model_name="article", event_type="DemoCancelled")]
        job = self.run_import(json_lines(*lines))
        self.assertEqual(job.state, "done")
        self.assertEqual(self.stream("I1", "nobody"), [(1, "logged")])
        self.assertEqual(self.stream("I1", "article"), [(1, "rejected")])

    def test_former_names_and_schema_versions(self):
        old = row("P1", model_name="parcel.old", event_type="Measured", schema_version=1)
        job = self.run_import(json_lines({**old, "payload": {"pounds": 2}}))
        self.assertEqual(job.state, "done")
        self.assertEqual(self.store.state_at("parcel", "P1")["state"], {"grams": 907})

    def test_what_changed_after_the_check_stops_it_at_its_line(self):
        content = json_lines(row("I1", version=1), row("I2"), row("I2", amount=-2))
        jobs = self.env["event.job"].with_user(self.manager)
        job = jobs._request_import(base64.b64encode(content.encode()), "h", False)[0].sudo()
        self.store.append("counter", "I2", "Added", {"amount": 1})
        job._write_chunk(job._read_chunk())
        self.assertEqual(job.progress_data["stage"], "write")
        self.add("I2", -1)
        self.run_job(job)
        self.assertEqual(job.state, "failed")
        self.assertRegex(job.message, r"^Line 3: .*below zero.*Nothing of the file is stored")
        self.assertFalse(self.stream("I1"))

    def test_a_line_without_end_is_not_read_into_memory(self):
        self.patch_limit(1000)
        content = json_lines(row(), "[" * 5000, row("I2"))
        self.assertEqual(self.one_refusal(content, "longer than"), 2)

    def patch_limit(self, size):
        from odoo.addons.event_sourcing_transfer import transfer_file

        before = transfer_file.MAX_ROW
        transfer_file.MAX_ROW = size
        self.addCleanup(setattr, transfer_file, "MAX_ROW", before)


class TestSnapshotsThatCannotBe(ImportCase):
    """Rows that their handler takes, and the snapshot's table would not."""

    GONE = 2**31 - 1

    def needy(self, **payload):
        return row("N1", model_name="needy", event_type="Told", payload=payload)

    def test_an_id_of_no_record_refuses_the_file_before_anything_is_stored(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 2)
        bad = row("I9", payload={"amount": 1, "partner_id": self.GONE})
        rows = [*[row(f"I{n}") for n in range(5)], bad, row("I9", 5), row("I9", 6), row("I9", -99)]
        job = self.run_import(json_lines(*rows))
        self.assertEqual((job.state, job.stored_count), ("failed", 0))
        ((line, reason),) = self.refused(job)
        self.assertEqual(line, 6)
        self.assertIn(f"with the id {self.GONE}, which is not here", reason)
        self.assertFalse(self.store.search([("aggregate_id", "=like", "I_")]))

    def test_what_a_column_cannot_take(self):
        lines = [row(), row("I2", 2**40), row("I3", payload={"amount": 1, "partner_id": "Ann"})]
        lines += [row("I4", payload={"amount": 1, "partner_id": [1]}), self.needy(name="Ann")]
        with mute_logger("odoo.sql_db"):
            job = self.run_import(json_lines(*lines), dry_run=True)
        found = dict(self.refused(job))
        self.assertEqual(sorted(found), [2, 3, 4, 5])
        self.assertIn("not larger than 2147483647", found[2])
        self.assertIn("the id of a record", found[3])
        self.assertIn("the id of a record", found[4])
        self.assertIn("The snapshot needs Partner", found[5])

    def test_the_line_since_which_it_is_so_is_named(self):
        """A snapshot is written once a chunk: what is put right within it does no harm."""
        partner = self.env["res.partner"].create({"name": "Here"})
        bad = {"amount": 1, "partner_id": self.GONE}
        good = {"amount": 1, "partner_id": partner.id}
        lines = [row(payload={**bad, "note": "a"}), row(payload=good)]
        job = self.run_import(json_lines(*lines))
        self.assertEqual((job.state, self.snapshot("I1").partner_id), ("done", partner))
        lines = [row("I2", payload={**bad, "note": n}) for n in "ab"]
        lines.insert(1, row("I2", payload=good))
        lines += [row("I2", payload={**bad, "note": n}) for n in "cd"]
        self.assertEqual(self.one_refusal(json_lines(*lines), "not here"), 3)

    def test_a_merged_record_refuses_nothing(self):
        partner, heir = self.env["res.partner"].create([{"name": "Old"}, {"name": "New"}])
        self.add("I1", payload={"partner_id": partner.id})
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (partner + heir).ids, heir
        )
        job = self.run_import(json_lines(row(payload={"amount": 2, "partner_id": partner.id})))
        self.assertEqual((job.state, job.refused_count), ("done", 0))
        self.assertEqual(self.snapshot("I1").partner_id, heir)

    def test_kept_as_attempts_where_that_was_chosen(self):
        bad = row(payload={"amount": 1, "partner_id": self.GONE})
        with QUIET, mute_logger("odoo.sql_db"):
            job = self.run_import(json_lines(row(), row(amount=2), bad), broken="record")
        self.assertEqual((job.state, job.stored_count), ("done", 3))
        self.assertEqual([outcome for _v, outcome in self.stream("I1")].count("failed"), 1)


class TestWithoutHandler(ImportCase):
    """A slip in the aggregate type is stored, and said."""

    def test_a_check_and_an_import_say_what_nobody_folds(self):
        rows = [row(), *[row(f"I{n}", model_name="countre") for n in range(3)]]
        rows += [row("I1", model_name="countre", amount=2), row(model_name="xyz")]
        self.patch(type(self.env["event.job"]), "_import_chunk", 2)
        job = self.run_import(json_lines(*rows), dry_run=True)
        self.assertEqual((job.state, job.refused_count), ("done", 0))
        slip, unknown = job.unhandled_text.split("\n")
        self.assertRegex(slip, "^No handler here for 4 events of “countre”, which would be stored")
        self.assertIn("Did you mean “counter”?", slip)
        self.assertRegex(unknown, "^No handler here for 1 event of “xyz”, .* before you import\\.$")
        job = self.run_import(json_lines(*rows))
        self.assertEqual((job.state, job.stored_count), ("done", 6))
        slip, unknown = job.unhandled_text.split("\n")
        self.assertRegex(slip, "^No handler here for 4 events of “countre”: stored without")
        self.assertEqual(self.stream("I1", "countre"), [(1, "logged"), (2, "logged")])
        # What is stored already is not told again.
        self.assertFalse(self.run_import(json_lines(*rows)).unhandled_text)

    def test_types_that_are_served_need_no_word(self):
        rows = [row(), row(model_name="article", event_type="DemoStarted")]
        rows.append(row("P", model_name="parcel.old", event_type="Measured", payload={"grams": 1}))
        self.assertFalse(self.run_import(json_lines(*rows), dry_run=True).unhandled_text)

    def test_a_label_in_place_of_a_name_is_understood_as_a_slip(self):
        job = self.run_import(json_lines(row(model_name="TICKET")), dry_run=True)
        self.assertIn("Did you mean “ticket”?", job.unhandled_text)

    def test_many_types_are_counted_together(self):
        """A file with its columns in the wrong order names a type per row."""
        rows = [row(f"I{n}", model_name=f"q{n:02}") for n in range(25)]
        told = self.run_import(json_lines(*rows), dry_run=True).unhandled_text.split("\n")
        self.assertEqual(len(told), 21)
        self.assertIn("other record types without a handler here: 5.", told[-1])

    def test_the_command_says_it_too(self):
        job = self.run_import(json_lines(row(model_name="countre")), dry_run=True)
        said = []
        self.assertTrue(_report(job, said.append))
        self.assertIn("No handler here for 1 event of “countre”", said[-1])


class TestProgress(ImportCase):
    """How far an import is: rows are counted as rows, and the bar fills once."""

    def progress_of(self, dry_run, count=10):
        self.patch(type(self.env["event.job"]), "_import_chunk", 4)
        content = base64.b64encode(json_lines(*[row(f"I{n}") for n in range(count)]).encode())
        jobs = self.env["event.job"].with_user(self.manager)
        job = jobs._request_import(content, "h", dry_run)[0].sudo()
        told = [job._progress()]
        more = True
        while more:
            more = job._write_chunk(job._read_chunk())
            told.append(job._progress())
        return job, [(each["percent"], each["text"].partition(",")[0]) for each in told]

    def test_an_import_checks_and_then_stores_each_row_once(self):
        job, told = self.progress_of(dry_run=False)
        self.assertEqual((job.done, job.total, job.stored_count), (10, 10, 10))
        percents = [percent for percent, _text in told]
        self.assertEqual(percents[0], 0)
        self.assertEqual(percents[3:], [50, 70, 90, 100])
        self.assertEqual(percents, sorted(percents))
        texts = [text for _percent, text in told]
        self.assertRegex(texts[1], r"^Checking: 4 of \d+$")
        self.assertEqual(texts[3:6], [f"Storing: {n} of 10" for n in (0, 4, 8)])
        self.assertEqual(texts[-1], "10 of 10")

    def test_a_check_stores_nothing_and_says_so(self):
        job, told = self.progress_of(dry_run=True)
        self.assertEqual((job.done, job.total), (10, 10))
        self.assertEqual((job.stored_count, job.storable_count), (0, 10))
        self.assertEqual((told[0][0], told[-1]), (0, (100, "10 of 10")))
        said = []
        _report(job, said.append)
        self.assertIn("10 events can be stored", said[0])

    def test_what_was_stored_before_it_stopped_is_counted(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 1)
        jobs = self.env["event.job"].with_user(self.manager)
        lines = json_lines(*[row(f"I{n}", version=1) for n in range(4)])
        job = jobs._request_import(base64.b64encode(lines.encode()), "h", False)[0].sudo()
        while (job.progress_data or {}).get("stage") != "write":
            job._write_chunk(job._read_chunk())
        self.add("I2")
        self.run_job(job)
        self.assertEqual((job.state, job.done, job.total), ("failed", 2, 4))
        progress = job._progress()
        self.assertEqual((progress["percent"], progress["text"]), (75, "Storing: 2 of 4"))


class TestFiles(ImportCase):
    def test_what_is_no_such_file(self):
        for content, word in [
            (b"", "empty"),
            (b" \n\n", "empty"),
            (b"PK\x03\x04[Content_Types].xmlrest", "Excel workbook"),
            ("model_name\n".encode("utf-16"), "UTF-16"),
            (b'[{"a": 1}]', "one JSON object per line"),
            (gzip.compress(json_lines(row()).encode() * 99)[:-20], "damaged"),
            (b"model_name,aggregate_id\n", "no events"),
        ]:
            self.one_refusal(content, word)
        job = self.run_import(b"PK\x03\x04[Content_Types].xmlrest")
        self.assertEqual((job.state, job.refused_count), ("failed", 1))

    def test_the_file_goes_when_nobody_needs_it_any_more(self):
        checked = self.run_import(json_lines(row()), dry_run=True)
        action = checked.with_user(self.manager).action_import_checked()
        job = self.env["event.job"].browse(action["res_id"])
        self.run_job(job)
        self.assertEqual((job.state, job.sudo().stored_count), ("done", 1))
        self.assertFalse(job.sudo().import_file)
        for model in ("event.import.staged.row", "event.import.staged.stream"):
            self.assertFalse(self.env[model].search([]))
        bad = self.run_import("{\n", dry_run=True)
        self.assertFalse(bad.import_file)
        with self.assertRaisesRegex(UserError, "no longer there"):
            bad.with_user(self.manager).action_import_checked()

    def test_cancelled_in_between(self):
        self.patch(type(self.env["event.job"]), "_import_chunk", 1)
        content = base64.b64encode(json_lines(row(), row("I2")).encode())
        job = self.env["event.job"].with_user(self.manager)._request_import(content, "h", False)[0]
        own = job.sudo()
        own._write_chunk(own._read_chunk())
        self.assertTrue(self.env["event.import.staged.row"].search([]))
        job.cancel()
        self.assertFalse(own._write_chunk(own._read_chunk()))
        self.assertEqual((own.state, own.import_file), ("cancelled", False))
        self.assertFalse(self.env["event.import.staged.row"].search([]))

    def test_the_same_question_goes_on_instead_of_beginning_anew(self):
        jobs = self.env["event.job"].with_user(self.manager)
        content = base64.b64encode(json_lines(row()).encode())
        first, _under_way = jobs._request_import(content, "h", False)
        again, under_way = jobs._request_import(content, "h", False)
        self.assertEqual((again, under_way), (first, True))
        other, under_way = jobs._request_import(content, "h", True)
        self.assertEqual((other != first, under_way), (True, False))


class TestCsv(ImportCase):
    def ticket_rows(self, text, **options):
        job = self.run_import(text, tz="Asia/Tokyo", **options)
        self.assertEqual(self.refused(job), [])
        return self.store.search([("model_name", "=", "ticket")], order="id")

    def test_payload_columns_are_typed_as_the_handler_declares(self):
        text = (
            "model_name,aggregate_id,event_type,timestamp,payload.title,payload.hours,"
            "payload.price,payload.urgent,payload.due,payload.note\n"
            'ticket,T1,Opened,2026-01-31 09:30,"0012, ""quoted""\nsecond line",3,12.50,はい,'
            "2026-02-01,007\n"
            "ticket,T2,Opened,2026/1/31,Broken,,7,no,,\n"
        )
        first, second = self.ticket_rows(text)
        self.assertEqual(
            first.payload,
            {
                "title": '0012, "quoted"\nsecond line',
                "hours": 3,
                "price": 12.5,
                "urgent": True,
                "due": "2026-02-01",
                "note": "007",
            },
        )
        self.assertEqual(str(first.timestamp), "2026-01-31 00:30:00")
        self.assertEqual(second.payload, {"title": "Broken", "price": 7, "urgent": False})
        self.assertEqual(str(second.timestamp), "2026-01-30 15:00:00")

    def test_times_in_the_payload_are_of_the_zone_of_the_file(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload.title,payload.called\n"
        cells = ("2026-01-31 09:30", "2026/1/31 9:30", "2026-01-31T09:30:00+01:00", "tomorrow")
        rows = [f"ticket,Z{n},Opened,2026-01-31 08:00,A,{cell}\n" for n, cell in enumerate(cells)]
        events = self.ticket_rows(head + "".join(rows), broken="record")
        events = events.filtered(lambda event: event.event_type == "Opened")
        self.assertEqual(
            [event.payload["called"] for event in events],
            ["2026-01-31 00:30:00"] * 2 + ["2026-01-31 08:30:00", "tomorrow"],
        )
        self.assertEqual(events.mapped("outcome"), ["applied"] * 3 + ["rejected"])
        self.assertEqual(set(events.mapped("timezone")), {"Asia/Tokyo"})

    def test_numbers_with_digits_that_would_be_lost(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload.title,payload.price\n"
        cells = ("0.1234567890123456789", "9007199254740993.0", "nan", "inf", "1_0.5", "10.125")
        rows = [f"ticket,L{n},Opened,2026-01-31 08:00,A,{cell}\n" for n, cell in enumerate(cells)]
        job = self.run_import(head + "".join(rows), dry_run=True)
        self.assertEqual([line for line, _reason in self.refused(job)], [2, 3, 4, 5, 6])

    def test_dates_as_excel_writes_them_where_the_year_comes_first(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload.title,payload.due\n"
        spellings = ["2026/2/1", "2026/02/01", "2026-02-01", " 2026/2/01 "]
        rows = [f"ticket,D{n},Opened,2026-01-31,A,{text}\n" for n, text in enumerate(spellings)]
        events = self.ticket_rows(head + "".join(rows))
        self.assertEqual([event.payload["due"] for event in events], ["2026-02-01"] * 4)
        for text in ("2/1/2026", "26/2/1", "2026/2/30", "2026/13/1", "2026/2/1 9:30", "2026/2"):
            line = f"ticket,D9,Opened,2026-01-31,A,{text}\n"
            self.one_refusal(head + line, "Due must be a date such as 2026-01-31")
        # A text stays as it is written, and JSON says what it means.
        (event,) = self.ticket_rows(
            "model_name,aggregate_id,event_type,timestamp,payload.title\n"
            "ticket,D8,Opened,2026-01-31,2026/2/1\n"
        )[-1:]
        self.assertEqual(event.payload["title"], "2026/2/1")
        payload = {"title": "A", "due": "2026/2/1"}
        strict = row("D7", model_name="ticket", event_type="Opened", payload=payload)
        self.one_refusal(json_lines(strict), "must be a date")

    def test_japanese_excel_with_labels_and_semicolons(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        labels = self.store.with_context(lang="ja_JP").fields_get(attributes=["string"])
        names = ["model_name", "aggregate_id", "event_type", "timestamp", "payload"]
        head = ";".join(labels[name]["string"] for name in names)
        self.assertNotIn("Record", head)
        text = f'{head}\r\nticket;借-1;Opened;2026/01/31 9:30:00;"{{""title"": ""破損①""}}"\r\n'
        (event,) = self.ticket_rows(text.encode("cp932"))
        self.assertEqual((event.aggregate_id, event.payload["title"]), ("借-1", "破損①"))

    def test_labels_as_cells(self):
        head = "aggregate_id,Event,timestamp,payload.title,payload.hours\n"
        text = f"{head}L1,ticket OPENED,2026-01-31,A,3\n"
        (event,) = self.ticket_rows(text, model_name="Ticket")
        self.assertEqual((event.event_type, event.payload["hours"]), ("Opened", 3))
        cell = "L2,{},2026-01-31,A,3\n"
        for name, word in [
            ("Ticket closed", "knows no event"),
            ("Rejected Attempt", "written by the event store itself"),
        ]:
            self.one_refusal(head + cell.format(name), word, model_name="ticket")
        labels = {"Opened": "Told", "Solved": "told"}
        self.patch(type(self.env["ticket.snapshot.handler"]), "_event_labels", lambda _s: labels)
        text = head + cell.format("Told")
        self.one_refusal(text, "Told may mean each of Opened, Solved", model_name="ticket")
        # JSON means what it says.
        slip = row("L3", model_name="ticket", event_type="Ticket opened", payload={"title": "A"})
        self.one_refusal(json_lines(slip), "knows no event")

    def test_former_names_are_no_second_meaning(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload\n"
        job = self.run_import(head + 'parcel.old,P1,Measured,2026-01-31,"{""grams"": 1}"\n')
        self.assertEqual((self.refused(job), job.unhandled_text), ([], ""))

    def test_tabs_and_a_mark_and_a_type_for_all_rows(self):
        text = (
            "\ufeffaggregate_id\tevent_type\ttimestamp\tpayload.title\tpayload.hours\n"
            "T1\tOpened\t2026-01-31\tA\t3\n"
        )
        (event,) = self.ticket_rows(text, model_name="ticket")
        self.assertEqual(event.payload, {"title": "A", "hours": 3})

    def test_columns_that_cannot_be(self):
        head = "model_name,aggregate_id,event_type,timestamp"
        for columns, word in [
            ("colour", "column colour is unknown"),
            ("outcome", "cannot be imported"),
            ("Reason as Recorded", "cannot be imported"),
            ("model_name", "stands in the file twice"),
            ("Record Type", "columns model_name and Record Type mean the same"),
            ("Reason", "cannot be imported"),
            ("payload.", "unknown"),
        ]:
            self.one_refusal(f"{head},{columns}\na,b,c,2026-01-01,x\n", word)

    def test_cells_that_cannot_be(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload,payload.hours,version\n"
        for cells, word in [
            ("{},three,", "payload.hours must be a whole number, not three"),
            ('"{""hours"": 1}",2,', "hours stands in the payload"),
            ("{},2,first", "version must be a whole number"),
            ("{},2,,extra", "8 cells"),
            ("{oops,2,", "JSON object"),
        ]:
            text = f"{head}ticket,T1,Opened,2026-01-01,{cells}\n"
            self.assertEqual(self.one_refusal(text, word), 2)

    def test_line_numbers_count_lines_and_an_open_quote_ends_it(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload.title\n"
        good = 'ticket,T1,Opened,2026-01-01,"two\nlines"\n'
        line = self.one_refusal(f"{head}{good}ticket,T2,Nothing,2026-01-01,x\n", "knows no event")
        self.assertEqual(line, 4)
        plain = "ticket,T3,Opened,2026-01-01,x\n" * 3
        line = self.one_refusal(f'{head}{good}ticket,T2,Opened,2026-01-01,"x\n{plain}', "CSV")
        self.assertEqual(line, 4)

    def test_another_encoding_than_said(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload.title\n"
        text = f"{head}ticket,T1,Opened,2026-01-01,破損\n".encode("cp932")
        self.assertEqual(self.one_refusal(text, "not written in UTF-8", encoding="utf-8"), 2)


class TestRights(ImportCase):
    def test_who_may_import(self):
        clerk = make_user(self.env, "im-clerk", "user", "auditor")
        with self.assertRaises(AccessError):
            self.run_import(json_lines(row()), user=clerk)
        partner = make_user(self.env, "im-partner", "integration")
        job = self.run_import(json_lines(row()), user=partner)
        self.assertEqual((job.state, job.stored_count), ("done", 1))
        wizard = self.env["event.import"]
        with self.assertRaises(AccessError):
            wizard.with_user(clerk).create({"file": base64.b64encode(b"{}")})

    def test_a_stream_or_company_of_others_is_closed(self):
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        far = make_user(self.env, "im-far", "manager", company=company)
        self.add("I1")
        for rows, word in [
            ([row("I2", company_id=self.env.company.name)], "no company that you have access"),
            ([row("I2", company_id=self.env.company.id)], "no company that you have access"),
        ]:
            job = self.run_import(json_lines(*rows), user=far)
            ((_line, reason),) = self.refused(job)
            self.assertIn(word, reason)
        job = self.run_import(json_lines(row("I2", company="Elsewhere Ltd")), user=far)
        event = self.store.search([("aggregate_id", "=", "I2")])
        self.assertEqual((job.state, event.company_id), ("done", company))
        # Companies number their records as they like.
        self.run_import(json_lines(row("I1")), user=far)
        events = self.store.search([("aggregate_id", "=", "I1")])
        self.assertEqual(events.company_id, self.env.company + company)
        self.assertEqual(set(events.mapped("version")), {1})

    def test_a_row_that_names_no_company_is_of_the_importers_own(self):
        """Also where another one of theirs comes first in the list of companies."""
        own = self.manager.company_id
        first = self.env["res.company"].create({"name": "Aardvark Ltd", "sequence": -9})
        self.manager.company_ids |= first
        self.assertEqual(self.manager.company_ids[0], first)
        uuids = {"event_uuid": "u-own"}
        store = self.store.with_user(self.manager)
        store.append_batch([{**row("I1", 3, **uuids), "company_id": own.id}])
        for companies in ([], [own.id, first.id]):
            with self.subTest(companies):
                user = self.manager.with_context(allowed_company_ids=companies)
                self.assert_known(self.run_import(json_lines(row("I1", 3, **uuids)), user, True))
                self.assert_known(self.run_import(json_lines(row("I1", 3, **uuids)), user))
        with self.subTest("another one is chosen"):
            user = self.manager.with_context(allowed_company_ids=[first.id, own.id])
            job = self.run_import(json_lines(row("I1", 3, **uuids)), user)
            self.assertEqual((job.stored_count, job.known_count), (1, 0))
            events = self.store.search([("aggregate_id", "=", "I1")])
            self.assertEqual(events.company_id, own + first)

    def assert_known(self, job):
        self.assertEqual((job.refused_count, job.known_count), (0, 1), self.refused(job))

    def test_a_company_of_others_cannot_be_chosen(self):
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        with self.assertRaisesRegex(UserError, "no access to"):
            self.run_import(json_lines(row("I2")), company_id=company.id)
        with self.assertRaisesRegex(UserError, "choose a company"):
            self.run_import(json_lines(row("I2")), company_id=2**31 - 1)
        self.assertFalse(self.stream("I2"))

    def test_a_file_of_somebody_else_is_not_imported(self):
        job = self.run_import(json_lines(row()), dry_run=True)
        other = make_user(self.env, "im-thief", "manager", "auditor")
        own = job.with_user(other)
        closed = ("action_import_checked", "action_open_refusals", "cancel", "poll")
        for method in (*closed, "action_download", "action_rebuild_found"):
            # What the cache holds already opens nothing.
            job.read(["kind", "state", "report_name"])
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(own, method)()
        self.assertFalse(self.env["event.job"].search([("create_uid", "=", other.id)]))

    def test_jobs_and_refusals_are_their_owners_alone(self):
        job = self.run_import("{\n", dry_run=True)
        other = make_user(self.env, "im-other", "manager", "auditor")
        for model in ("event.job", "event.import.refusal"):
            found = self.env[model].with_user(other).search([])
            self.assertFalse(found & (job if model == "event.job" else job.refusal_ids))
        mine = self.env["event.import.refusal"].with_user(self.manager)
        self.assertEqual(mine.search([("job_id", "=", job.id)]), job.refusal_ids)

    def test_reasons_are_in_the_language_of_whoever_asked(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.manager.lang = "ja_JP"
        jobs = self.env["event.job"].with_user(self.manager).with_context(lang="ja_JP")
        job = jobs._request_import(base64.b64encode(b"{\n"), "h", True)[0]
        with_lang = job.sudo().with_context(lang="ja_JP")
        with_lang._write_chunk(with_lang._read_chunk())
        self.assertIn("JSON が壊れています", job.refusal_ids.reason)
