"""What a check lets through is stored: no file is kept by half for what could be seen before."""

import base64
import gzip
import json
import os

from .test_import import ImportCase, json_lines, row

HEAD = "model_name,aggregate_id,event_type,timestamp,payload.amount"
LINE = "counter,F1,Added,2026-01-31,1"


class TestCheckedWhole(ImportCase):
    def assert_none_is_kept(self, *bad, word):
        """Check that the last row, which is in another chunk, keeps all others out."""
        self.patch(type(self.env["event.job"]), "_import_chunk", 2)
        good = [row(f"I{number}") for number in range(3)]
        job = self.run_import(json_lines(*good, *bad))
        self.assertEqual((job.state, job.stored_count), ("failed", 0))
        ((line, reason),) = self.refused(job)
        self.assertEqual(line, len(good) + len(bad))
        self.assertIn(word, reason)
        self.assertFalse(self.store.search([("aggregate_id", "=like", "I_")]))

    def test_values_that_other_addons_fields_cannot_take(self):
        half = '"channel": "\\ud800"'
        text = json.dumps(row("I8", channel=1)).replace('"channel": 1', half)
        self.assert_none_is_kept(text, word="Channel cannot be")
        for name, value in (
            *(("channel", value) for value in ("a\0b", ["a"], {"a": 1}, 5)),
            *(("desk", "middle"), ("boxes", 2**40), ("boxes", "3"), ("urgent", "false")),
            ("due_on", "31.01.2026"),
        ):
            with self.subTest(name=name, value=value):
                self.assert_none_is_kept(row("I8", **{name: value}), word=" cannot be ")

    def test_what_an_event_only_shows(self):
        for name in ("payload_json", "display_name", "event_label", "reason", "is_failure"):
            with self.subTest(name=name):
                self.assert_none_is_kept(row("I8", **{name: "x"}), word=f"has no {name}")

    def test_one_uuid_that_says_two_things(self):
        for name, one, other in (
            *(("timezone", "Asia/Tokyo", "UTC"), ("version", 1, 2), ("channel", "a", "b")),
            *(("correlation_id", "a", "b"), ("timestamp", "2026-01-01", "2026-01-02")),
        ):
            with self.subTest(name=name):
                rows = [row("I8", event_uuid="u-8", **{name: value}) for value in (one, other)]
                self.assert_none_is_kept(*rows, word="already used for a different event")
        rows = [row("I8", event_uuid="u-8", channel="a", timezone="Asia/Tokyo")] * 2
        job = self.run_import(json_lines(*rows))
        self.assertEqual((job.state, job.stored_count, job.known_count), ("done", 1, 1))


class TestCells(ImportCase):
    def test_cells_are_what_their_column_is(self):
        text = f'{HEAD},urgent,boxes,due_on,desk\n{LINE},いいえ,"1,200",2026/2/1,left\n'
        job = self.run_import(text)
        self.assertEqual((self.refused(job), job.stored_count), ([], 1))
        event = self.store.search([("aggregate_id", "=", "F1")])
        found = (event.urgent, event.boxes, str(event.due_on), event.desk)
        self.assertEqual(found, (False, 1200, "2026-02-01", "left"))
        for column, cell in (("urgent", "perhaps"), ("boxes", "1.5"), ("desk", "middle")):
            self.one_refusal(f"{HEAD},{column}\n{LINE},{cell}\n", cell)


class TestCompanies(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.env.company
        cls.branch = cls.env["res.company"].create({"name": "Branch Ltd"})
        cls.manager.company_ids += cls.branch

    def company_of(self, **options):
        job = self.run_import(json_lines(row(**options)))
        self.assertEqual(self.refused(job), [])
        return self.store.search([], order="id desc", limit=1).company_id

    def test_a_company_counts_beside_an_id_that_is_left_empty(self):
        for number, empty in enumerate((None, "", False)):
            found = self.company_of(amount=number, company="Branch Ltd", company_id=empty)
            self.assertEqual(found, self.branch)
        found = self.company_of(amount=9, company="Branch Ltd", company_id=self.branch.id)
        self.assertEqual(found, self.branch)

    def test_two_companies_in_a_row_are_refused(self):
        content = json_lines(row(company="Branch Ltd", company_id=self.own.id))
        self.one_refusal(content, "company and company_id mean the same")

    def test_the_chosen_zone_counts_beside_one_that_is_left_empty(self):
        self.run_import(json_lines(row(timezone=None)), tz="Asia/Tokyo")
        self.assertEqual(self.store.search([], order="id desc", limit=1).timezone, "Asia/Tokyo")

    def test_odoobot_has_all_companies(self):
        """As the command on the server does, where no user is named."""
        bot = self.env.ref("base.user_root")
        self.env["res.company"].create({"name": "Closed Ltd"}).action_archive()
        rows = [row(company=name) for name in ("Branch Ltd", "Closed Ltd")] + [row("I2")]
        job = self.run_import(json_lines(*rows), user=bot)
        self.assertEqual((self.refused(job), job.stored_count), ([], 3))
        events = self.store.search([], order="id desc", limit=3)
        self.assertEqual(
            events.sorted("id").company_id.mapped("name"),
            ["Branch Ltd", "Closed Ltd", bot.company_id.name],
        )


class TestOddFiles(ImportCase):
    def test_blank_lines_before_the_header_and_columns_without_a_name(self):
        for before in ("\n", " \r\n\r\n", ",,,,\r\n", "\ufeff\n"):
            for mark in (",", ";", "\t"):
                with self.subTest(before=before, mark=mark), self.env.cr.savepoint():
                    text = f"{before}{HEAD},,\r\n{LINE},,\r\n{LINE}0, , \r\n"
                    job = self.run_import(text.replace(",", mark), dry_run=True)
                    self.assertEqual((self.refused(job), job.storable_count), ([], 2))
        self.assertEqual(self.one_refusal(f"\n{HEAD},,\n{LINE},,x\n", "has 7 cells"), 3)
        self.one_refusal(",,,\n" * 300_000, "only empty lines")

    def test_a_file_that_the_server_has_a_part_of(self):
        """Odoo goes on where a disk is full; a part of a file would be a history with holes."""
        content = json_lines(*(row(f"D{number}") for number in range(5))).encode()
        jobs = self.env["event.job"].with_user(self.manager)
        for size in (len(json_lines(row("D0"))) * 2, 0):
            file = base64.b64encode(content + b" " * size)
            job = jobs._request_import(file, "history", False)[0].sudo()
            self.env.flush_all()
            domain = [("res_model", "=", job._name), ("res_id", "=", job.id)]
            attachment = (
                self.env["ir.attachment"]
                .sudo()
                .search([*domain, ("res_field", "=", "import_file")])
            )
            path = attachment._full_path(attachment.store_fname)
            self.addCleanup(os.unlink, path)
            os.truncate(path, size)
            self.run_job(job)
            self.assertEqual((job.state, job.stored_count), ("failed", 0))
            self.assertIn("does not have the whole file", job.refusal_ids.reason)

    def test_what_is_no_text(self):
        twice = gzip.compress(gzip.compress(json_lines(row()).encode()))
        picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x20\0\0\x02\x58"
        for content in (twice, picture, f"{HEAD}\n".encode("utf-32-be")):
            self.one_refusal(content, "This is no text")
        for encoding in ("utf-16-le", "utf-16-be", "utf-16"):
            self.one_refusal(f"{HEAD}\n".encode(encoding), "written in UTF-16")

    def test_a_line_that_ends_as_on_old_macs(self):
        self.assertEqual(self.one_refusal(f"{HEAD}\r\n{LINE}\r{LINE}\r\n", "as on old Macs"), 2)

    def test_the_row_that_cannot_be_read_is_shown(self):
        def shown(content):
            return self.run_import(content, dry_run=True).refusal_ids.mapped("excerpt")

        long = json.dumps(row("LONG", payload={"amount": 1, "note": "x" * 2**22}))
        (excerpt,) = shown(json_lines(row("BEFORE"), long, row("AFTER")))
        self.assertIn("LONG", excerpt)
        text = f'{HEAD},payload.note\n{LINE},デモ\n{LINE}2,"デモ"を\n'
        self.assertEqual(shown(text.encode("cp932")), [f'{LINE}2,"デモ"を\n'])
        (excerpt,) = shown(f'{HEAD},payload.note\n{LINE},"one\ntwo\n')
        self.assertEqual(excerpt, f'{LINE},"one\n')

    def test_numbers_of_thousands_of_digits(self):
        text = json.dumps(row()).replace('"amount": 1', f'"amount": {"1" * 5000}')
        self.one_refusal(f"{text}\n", "too large for a number")
