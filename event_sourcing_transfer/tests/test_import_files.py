"""Files from elsewhere: encodings, numbers, guards and what only looks like a file of events."""

import base64
import gzip
import io
import zipfile

from odoo.addons.test_event_sourcing.common import make_user

from .test_import import ImportCase, json_lines, row

HEAD = "model_name,aggregate_id,event_type,timestamp,payload.amount,payload.note\n"


def line(key="F1", moment="2026-01-31 09:30:00", amount="1", note=""):
    return f'counter,{key},Added,{moment},"{amount}",{note}\n'


class TestEncodings(ImportCase):
    def note(self, content, **options):
        job = self.run_import(content, **options)
        self.assertEqual(self.refused(job), [])
        events = self.store.search([("aggregate_id", "=", "F1")], order="id desc", limit=1)
        return events.payload["note"]

    def test_in_doubt_it_is_asked(self):
        text = HEAD + line(note="Köln, Société Müller".replace(",", ""))
        for encoding in ("cp1252", "latin-1"):
            self.one_refusal(text.encode(encoding), "choose its encoding")
        self.assertEqual(self.note(text.encode("cp1252"), encoding="cp1252"), "Köln Société Müller")

    def test_japanese_is_recognised(self):
        text = HEAD + line(note="デモを開始した")
        self.assertEqual(self.note(text.encode("cp932")), "デモを開始した")

    def test_a_mark_overrules_the_choice(self):
        text = HEAD + line(note="東京")
        self.assertEqual(self.note(text.encode("utf-8-sig"), encoding="cp932"), "東京")

    def test_letters_with_accents_of_other_machines_are_no_japanese(self):
        for word, encoding in (("château", "cp850"), ("École", "mac_roman"), ("âme", "cp437")):
            with self.subTest(encoding):
                self.one_refusal((HEAD + line(note=word)).encode(encoding), "choose its encoding")

    def test_a_choice_does_not_overrule_what_the_file_surely_is(self):
        japanese = HEAD + line(note="デモを開始した")
        for written, chosen in (("utf-8", "cp932"), ("utf-8", "cp1252"), ("cp932", "cp1252")):
            with self.subTest(written, chosen=chosen):
                content = japanese.encode(written)
                self.one_refusal(content, "look at the first rows", encoding=chosen)
        plain = (HEAD + line(note="plain")).encode()
        for encoding in ("utf-8", "cp932", "cp1252"):
            self.assertEqual(self.note(plain, encoding=encoding), "plain")

    def test_what_decodes_into_no_text_is_refused(self):
        content = (HEAD + line(note="K")).encode() + b"counter,F1,Added,2026-01-31,1,K\xf0\x40ln\n"
        self.one_refusal(content, "not written in Shift-JIS", encoding="cp932")
        self.one_refusal(
            HEAD.encode() + b"\x81\n", "not written in Windows-1252", encoding="cp1252"
        )

    def test_other_files(self):
        text = HEAD + line()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("events.csv", text)
        for content, word in (
            (text.encode("utf-16-le"), "UTF-16"),
            (text.encode("utf-16-be"), "UTF-16"),
            (text.replace("\n", "\r").encode(), "old Macs"),
            (packed.getvalue(), "ZIP file"),
        ):
            self.one_refusal(content, word)

    def test_the_first_rows_are_shown_before_anything_is_stored(self):
        content = (HEAD + "".join(line(f"F{n}", note="東京") for n in range(50))).encode()
        question = self.env["event.import"].new({"file": base64.b64encode(content)})
        shown = question.preview.split("\n")
        self.assertEqual(len(shown), 6)
        self.assertIn("F0 | Added | 2026-01-31 09:30:00 | 1 | 東京", shown[1])
        doubtful = (HEAD + line(note="Köln")).encode("cp1252")
        question = self.env["event.import"].new({"file": base64.b64encode(doubtful)})
        self.assertIn("choose its encoding", question.preview)
        question.encoding = "cp1252"
        self.assertIn("Köln", question.preview)


class TestCells(ImportCase):
    def amounts(self, lang, *texts):
        user = make_user(self.env, f"im-{lang}-{len(texts)}", "manager")
        user.lang = lang
        content = HEAD + "".join(line(f"N{n}", amount=text) for n, text in enumerate(texts))
        job = self.run_import(content, user=user, dry_run=True)
        return [number for number, _reason in self.refused(job)]

    def test_numbers_are_read_in_the_importers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        lang = self.env["res.lang"].search([("code", "=", "de_DE")])
        lang.write({"decimal_point": ",", "thousands_sep": "."})
        texts = ("1,250", "48.000,00", "1_000", "1.250", "1250", "1e3", "１２")
        self.assertEqual(self.amounts("en_US", *texts), [3, 4, 5, 7])
        self.assertEqual(self.amounts("de_DE", *texts), [2, 4, 7])

    def test_the_guard_against_formulas_is_taken_off(self):
        job = self.run_import(HEAD + line("'=X1", amount="'+5") + line("'-Y", amount="'1"))
        self.assertEqual([number for number, _reason in self.refused(job)], [3])
        job = self.run_import(HEAD + line("'=X1", amount="'+5"))
        event = self.store.search([("aggregate_id", "=", "=X1")])
        self.assertEqual(event.payload["amount"], 5)

    def test_moments_in_the_payload_follow_the_files_zone(self):
        content = (
            "model_name,aggregate_id,event_type,timestamp,payload.title,payload.called\n"
            "ticket,Z1,Opened,2026-02-01 09:00,Call,2026-02-01 08:30\n"
        )
        self.run_import(content, tz="Asia/Tokyo")
        event = self.store.search([("aggregate_id", "=", "Z1")])
        self.assertEqual(str(event.timestamp), "2026-02-01 00:00:00")
        self.assertEqual(event.payload["called"], "2026-01-31 23:30:00")
        self.assertEqual(event.timezone, "Asia/Tokyo")


class TestSameRow(ImportCase):
    def test_fractions_of_a_second_and_other_correlations_are_other_rows(self):
        first = self.run_import(json_lines(row(timestamp="2026-01-31T09:30:00.100")))
        second = self.run_import(json_lines(row(timestamp="2026-01-31T09:30:00.600")))
        third = self.run_import(
            json_lines(row(timestamp="2026-01-31T09:30:00.600", correlation_id="x"))
        )
        self.assertEqual([job.stored_count for job in (first, second, third)], [1, 1, 1])

    def test_the_same_file_again_stores_nothing_twice(self):
        content = HEAD + line(moment="2026-01-31T09:30:00+00:00") + line("F2")
        self.assertEqual(self.run_import(content, tz="UTC").stored_count, 2)
        again = self.run_import(content, tz="UTC")
        self.assertEqual((again.known_count, again.stored_count), (2, 0))
        # A time that says its zone is the same moment wherever it is read.
        with_zone = HEAD + line(moment="2026-01-31T09:30:00+00:00")
        again = self.run_import(with_zone, tz="Asia/Tokyo")
        self.assertEqual((again.known_count, again.stored_count), (1, 0))

    def test_a_field_that_is_declared_later_makes_no_other_row(self):
        head = "model_name,aggregate_id,event_type,timestamp,payload.title,payload.extra\n"
        content = f"{head}ticket,D1,Opened,2026-02-01 09:00,Call,7\n"
        self.assertEqual(self.run_import(content).stored_count, 1)
        from odoo.addons.event_sourcing.transitions import PayloadField

        kind = type(self.env["ticket.snapshot.handler"])
        declared = kind._payload_fields["Opened"]
        self.patch(
            kind, "_payload_fields", {"Opened": {**declared, "extra": PayloadField("integer")}}
        )
        again = self.run_import(content)
        self.assertEqual((again.known_count, again.stored_count), (1, 0))

    def test_nobody_who_appends_can_take_a_row_away(self):
        self.run_import(json_lines(row()))
        event = self.store.search([("aggregate_id", "=", "I1")])
        answer = self.add("I9", event_uuid=event.import_key)
        self.assertFalse(answer["duplicate"])
        again = self.run_import(json_lines(row()))
        self.assertEqual((again.known_count, again.stored_count), (1, 0))


class TestBounds(ImportCase):
    def test_nothing_but_empty_lines(self):
        content = gzip.compress(json_lines(row()).encode() + b"\n" * 60_000_000)
        self.assertLess(len(content), 100_000)
        number = self.one_refusal(content, "only empty lines")
        self.assertLess(number, 1_200_000)

    def test_one_line_without_end(self):
        content = gzip.compress(b'{"a": "' + b"x" * 200_000_000)
        self.one_refusal(content, "longer than")

    def test_a_quotation_mark_that_is_not_closed(self):
        content = gzip.compress((HEAD + 'counter,Q1,Added,"' + "\n" * 20_000_000).encode())
        self.one_refusal(content, "quotation mark")

    def test_very_many_columns(self):
        content = ",".join(f"c{n}" for n in range(100_000)) + "\n" + "1," * 100_000 + "\n"
        self.one_refusal(content, "more than 1000 columns")
        # Each row would be looked at with the whole of this header.
        content = "timestamp," + ",".join(f"payload.c{n}" for n in range(200_000)) + "\n2026\n" * 5
        self.one_refusal(content, "more than 1000 columns")
        self.one_refusal("x" * 200_000 + "\n1\n", "is unknown")

    def test_a_packed_file_that_holds_hardly_anything(self):
        rows = gzip.compress(json_lines(row()).encode())
        self.one_refusal(gzip.compress(b"") * 300_000 + rows, "hardly anything")
        self.one_refusal(rows + gzip.compress(b"") * 300_000, "hardly anything")
        named = b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 6_000_000
        self.one_refusal(named, "hardly anything")

    def test_packed_files_put_together(self):
        rows = [json_lines(row(f"M{number}")).encode() for number in range(300)]
        job = self.run_import(b"".join(map(gzip.compress, rows)))
        self.assertEqual(job.stored_count, 300)
        self.one_refusal(gzip.compress(rows[0]) + b"garbage", "damaged")

    def test_unknown_options_are_errors(self):
        jobs = self.env["event.job"].with_user(self.manager)
        content = base64.b64encode(json_lines(row()).encode())
        with self.assertRaises(TypeError):
            jobs._request_import(content, "history", False, dryrun=True)
        self.assertFalse(jobs.sudo().search([("kind", "=", "import")]))


class TestOracles(ImportCase):
    """A check tells nothing about events that whoever asks may not read."""

    def setUp(self):
        super().setUp()
        self.run_import(json_lines(row("S1", 7), row("S2", 7, event_uuid="secret")))
        self.guesser = make_user(self.env, "im-guesser", "integration")
        self.env["ir.rule"].create(
            {
                "name": "not these",
                "model_id": self.env["ir.model"]._get_id("event.store"),
                "domain_force": "[('aggregate_id', 'not in', ['S1', 'S2'])]",
                "perm_create": False,
            }
        )

    def check(self, content):
        job = self.run_import(content, user=self.guesser, dry_run=True)
        refused = [reason for _line, reason in self.refused(job)]
        return job.storable_count, job.known_count, job.refused_count, refused, job.message

    def test_guessed_rows(self):
        right, wrong = (self.check(json_lines(row("S1", amount))) for amount in (7, 8))
        self.assertEqual(right, wrong)
        self.assertEqual(right[:3], (1, 0, 0))

    def test_guessed_uuids(self):
        rows = [row("S2", 7), row("S2", 8), row("S9", 7)]
        answers = [self.check(json_lines({**said, "event_uuid": "secret"})) for said in rows]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        self.assertEqual(answers[0][:3], (0, 0, 1))
        self.assertIn("may not read", answers[0][3][0])

    def test_who_may_read_is_told(self):
        self.env["ir.rule"].search([("name", "=", "not these")]).active = False
        job = self.run_import(json_lines(row("S1", 7)), dry_run=True)
        self.assertEqual((job.storable_count, job.known_count), (0, 1))
