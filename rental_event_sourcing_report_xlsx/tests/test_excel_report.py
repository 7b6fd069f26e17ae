"""The Excel report, read back as Excel would: what stands in which cell, and how."""

import base64
import io
import json
import re
import tracemalloc
from datetime import date, datetime, timedelta
from unittest.mock import patch

import openpyxl
from openpyxl.utils.escape import unescape

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.event_sourcing_base import page_size
from odoo.addons.event_sourcing_base.sheet_name import cut, sheet_name
from odoo.addons.event_sourcing_report_xlsx import excel_workbook
from odoo.addons.event_sourcing_report_xlsx.excel_text import (
    MAX_UNITS,
    clean,
    excel_format,
    width,
)
from odoo.addons.event_sourcing_report_xlsx.models import event_job_excel
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)
ODD = "=1+1\x00\x07\x1b <b>&amp;\ufffe 東京"


class Book:
    """A workbook whose sheets are found by what they are about, whatever they are of."""

    def __init__(self, content):
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.worksheets, self.sheetnames = self.book.worksheets, self.book.sheetnames

    def __iter__(self):
        return iter(self.worksheets)

    def __getitem__(self, about):
        (found,) = (sheet for sheet in self if self.about(sheet) == about)
        return found

    @staticmethod
    def about(sheet):
        return re.sub(r" \d{4}[-\d_. ]*( [A-Z]{3}(-[A-Z]{3})*)?(?=$| \()", "", sheet.title)


class ReportCase(EventCase):
    """A clerk in Tokyo, whose tickets and counters of November 2026 are reported."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ja_JP")
        # Series write them otherwise.
        vals = {"date_format": "%m/%d/%Y", "time_format": "%H:%M:%S"}
        cls.language("en_US").write(vals)
        cls.clerk = make_user(cls.env, "xl-clerk", "user")
        cls.clerk.tz = "Asia/Tokyo"

    @classmethod
    def language(cls, code):
        return cls.env["res.lang"].search([("code", "=", code)])

    def ticket(self, key, moment, **payload):
        payload = {"title": key, **payload}
        return self.store.append("ticket", key, "Opened", payload, timestamp=moment)

    def ask(self, *model_names, first="2026-11-01", last="2026-11-30", user=None, **context):
        user = user or self.clerk
        jobs = self.env["event.job"].with_user(user).with_context(tz=user.tz, **context)
        names = list(model_names or ("ticket", "counter"))
        days = fields.Date.to_date(first), fields.Date.to_date(last)
        action = jobs._request_report(names, *days)
        self.env.flush_all()
        self.env.invalidate_all()
        return action

    def elsewhere(self, login):
        """Return a user of a company of his own."""
        company = self.env["res.company"].create({"name": login})
        return make_user(self.env, login, "user", company=company)

    def job(self, action):
        number = action["url"].split("/")[4] if "url" in action else action["res_id"]
        return self.env["event.job"].browse(int(number))

    def book(self, *args, **options):
        job = self.job(self.ask(*args, **options))
        return Book(base64.b64decode(job.report))

    def rows(self, sheet):
        return list(sheet.iter_rows(min_row=2, values_only=True))


class TestEvents(ReportCase):
    def test_each_value_has_its_type(self):
        partner = self.env["res.partner"].create({"name": "Builders"})
        self.ticket("T1", "2026-11-03 20:15:30", price=12000, partner_id=partner.id, urgent=True)
        sheet = self.book()["Events"]
        titles = [cell.value for cell in sheet[1]]
        self.assertEqual(
            titles[:6],
            ["Happened On", "Event", "Record Type", "Record", "Version", "Outcome"],
        )
        row = dict(zip(titles, sheet[2], strict=True))
        self.assertEqual(row["Happened On"].value, datetime(2026, 11, 4, 5, 15, 30))
        self.assertTrue(row["Happened On"].is_date)
        self.assertEqual(row["Happened On"].number_format, "mm/dd/yyyy hh:mm:ss")
        self.assertEqual((row["Version"].value, row["Version"].data_type), (1, "n"))
        self.assertEqual(row["Event"].value, "Ticket opened")
        self.assertEqual(row["Record Type"].value, "Ticket")
        self.assertEqual(row["Outcome"].value, "Applied")
        text = "What is wrong: T1; price: 12,000; urgent: Yes; Customer: Builders"
        self.assertEqual(row["Payload"].value, text)
        self.assertEqual(row["Recorded By"].value, self.env.user.name)
        self.assertEqual(row["Company"].value, self.env.company.name)

    def test_a_refusal_gives_its_reason(self):
        self.add("XL", -1, timestamp="2026-11-05 00:00:00")
        outcomes = {row[5]: row[6] for row in self.rows(self.book("counter")["Events"])}
        self.assertEqual(outcomes["Rejected"], "The total must not fall below zero.")

    def test_the_period_begins_and_ends_at_midnight_of_the_user(self):
        for key, moment in {
            "B0": "2026-10-31 14:59:59",
            "B1": "2026-10-31 15:00:00",
            "B2": "2026-11-30 14:59:59",
            "B3": "2026-11-30 15:00:00",
        }.items():
            self.ticket(key, moment)
        rows = self.rows(self.book("ticket")["Events"])
        self.assertEqual([row[3] for row in rows], ["B1", "B2"])
        self.assertEqual([row[0].day for row in rows], [1, 30])
        self.clerk.tz = "America/New_York"  # its summer time ends on the first
        self.ticket("B4", "2026-11-01 03:59:59")
        self.ticket("B5", "2026-11-01 04:00:00")
        self.ticket("B6", "2026-12-01 04:59:59")
        rows = self.rows(self.book("ticket")["Events"])
        self.assertEqual([row[3] for row in rows], ["B5", "B2", "B3", "B6"])
        self.assertEqual(rows[-1][0], datetime(2026, 11, 30, 23, 59, 59))

    def test_text_stays_text(self):
        titles = (ODD, "http://x.test/", "{=1}", "+1", "<r>x</r>", "_x0041_", "a\r\nb", "1e3")
        for number, title in enumerate(titles):
            title = title.replace("\x00", "")  # refused by the store itself
            self.ticket(f"=T{number}", "2026-11-05 00:00:00", title=title)
        self.ticket("<r>x</r>", "2026-11-05 00:00:00")
        book = self.book("ticket")
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    self.assertNotEqual(cell.data_type, "f", cell.coordinate)
                    self.assertFalse(cell.hyperlink, cell.coordinate)
        found = {row[3]: row[7] for row in self.rows(book["Events"])}
        self.assertEqual(found["=T0"], "What is wrong: =1+1 <b>&amp; 東京")
        # Excel reads the escape back; the library leaves it.
        self.assertEqual(unescape(found["=T5"]), "What is wrong: _x0041_")
        self.assertEqual(found["<r>x</r> "], "What is wrong: <r>x</r>")
        self.assertEqual(found["=T6"], "What is wrong: a b")

    def test_no_json_anywhere(self):
        self.store.append(
            "ticket",
            "J",
            "Opened",
            {"title": "x", "lines": [{"part": "A", "n": 2}], "tags": []},
            timestamp="2026-11-05 00:00:00",
        )
        (row,) = self.rows(self.book("ticket")["Events"])
        self.assertEqual(row[7], "What is wrong: x; Parts › 1 › n: 2; Parts › 1 › part: A")

    def test_heading_and_widths(self):
        self.ticket("W", "2026-11-05 00:00:00", title="あ" * 20)
        sheet = self.book("ticket")["Events"]
        self.assertTrue(all(cell.font.bold for cell in sheet[1]))
        self.assertEqual(sheet.freeze_panes, "A2")
        self.assertEqual(sheet.auto_filter.ref, "A1:J2")
        widths = [sheet.column_dimensions[letter].width for letter in "AH"]
        self.assertGreaterEqual(widths[0], 19)
        self.assertGreaterEqual(widths[1], 55)  # 15 + 40, two for each character
        self.assertLess(max(d.width for d in sheet.column_dimensions.values()), 62)

    def test_japanese(self):
        self.ticket("J", "2026-11-05 00:00:00", title="工具")
        book = self.book(lang="ja_JP")
        sheet = book.worksheets[2]
        self.assertEqual(
            {cell.font.name for row in sheet.iter_rows() for cell in row}, {"Yu Gothic"}
        )
        lang = self.language("ja_JP")
        words = excel_format(f"{lang.date_format} {lang.time_format}")
        self.assertEqual((sheet["A2"].number_format, sheet["A2"].is_date), (words, True))
        self.assertEqual(sheet["A1"].value, "発生日時")
        self.assertEqual(self.book()["Events"]["A1"].font.name, "Calibri")


class TestSnapshots(ReportCase):
    def test_typed_columns_with_translated_headings(self):
        partner = self.env["res.partner"].create({"name": "=Builders"})
        self.add("S1", 1234, payload={"day": "2026-05-06", "partner_id": partner.id})
        self.add("S0", 1)
        book = self.book("counter")
        sheet = book["counter"]
        titles = [cell.value for cell in sheet[1]]
        self.assertEqual(titles[:5], ["counter", "Status", "Total", "Last Day", "Partner"])
        rows = [row for row in sheet.iter_rows(min_row=2) if row[0].value in ("S0", "S1")]
        self.assertEqual([row[0].value for row in rows], ["S0", "S1"])
        cells = dict(zip(titles, rows[1], strict=True))
        self.assertEqual(cells["Status"].value, "Open")
        self.assertEqual((cells["Total"].value, cells["Total"].number_format), (1234, "#,##0"))
        self.assertEqual(cells["Last Day"].value, datetime(2026, 5, 6))
        self.assertEqual(cells["Last Day"].number_format, "mm/dd/yyyy")
        self.assertEqual(cells["Partner"].value, "=Builders")
        self.assertEqual(cells["Partner"].data_type, "s")
        self.assertIsNone(dict(zip(titles, rows[0], strict=True))["Last Day"].value)
        self.assertNotIn("State", titles)

    def test_a_sheet_per_chosen_type_also_without_a_model_of_its_own(self):
        self.ticket("S2", "2026-11-05 00:00:00")
        book = self.book()
        self.assertEqual(
            [Book.about(sheet) for sheet in book],
            ["counter", "Ticket", "Events", "Rejected Attempts"],
        )
        self.assertIn("S2", [row[0] for row in self.rows(book["Ticket"])])

    def test_rental_in_japanese(self):
        book = self.book("rental", lang="ja_JP")
        titles = [cell.value for cell in book.worksheets[0][1]]
        self.assertIn("顧客", titles)

    def test_a_customer_that_is_not_for_this_user(self):
        hidden = self.env["res.company"].create({"name": "Hidden"})
        partner = self.env["res.partner"].create({"name": "Secret"})
        self.add("S3", 1, payload={"partner_id": partner.id})
        partner.company_id = hidden
        rows = {row[0]: row[4] for row in self.rows(self.book("counter")["counter"])}
        self.assertEqual(rows["S3"], str(partner.id))


class TestMoneyAndMoment(ReportCase):
    """Each sheet says of when it is; amounts, in which currency."""

    def two_companies(self):
        """Return a clerk of a company with yen and one with francs that have two decimals."""
        clerk = self.elsewhere("xl-two")
        yen, francs = self.env.ref("base.JPY"), self.env.ref("base.CHF")
        (yen + francs).active = True
        companies = clerk.company_id + self.env["res.company"].create({"name": "Lausanne"})
        clerk.company_ids = companies
        clerk.tz = "Asia/Tokyo"
        for company, currency, price in zip(companies, (yen, francs), (12000, 99.5), strict=True):
            company.currency_id = currency
            env = self.env(context={"allowed_company_ids": company.ids})
            self.env.user.company_ids += company
            vals = {
                "partner_id": env["res.partner"].create({"name": "Builders"}).id,
                "product_id": env["product.product"].create({"name": "Lift"}).id,
                "monthly_price": price,
            }
            env["rental.order"].create(vals)
        return clerk

    def test_amounts_in_two_currencies(self):
        clerk = self.two_companies()
        both = {"user": clerk, "allowed_company_ids": clerk.company_ids.ids}
        sheet = self.book("rental", **both)["Rental"]
        self.assertRegex(sheet.title, r"^Rental \d{4}-\d\d-\d\d \d\d\.\d\d CHF-JPY$")
        titles = [cell.value for cell in sheet[1]]
        self.assertEqual(titles[titles.index("Monthly Price") + 1], "Currency")
        found = {}
        for row in sheet.iter_rows(min_row=2):
            cells = dict(zip(titles, row, strict=True))
            price = cells["Monthly Price"]
            self.assertEqual((price.data_type, price.number_format), ("n", "#,##0.00"))
            found[cells["Currency"].value] = price.value
        self.assertEqual(found, {"JPY": 12000, "CHF": 99.5})
        name = self.job(self.ask("rental", **both)).report_name
        self.assertEqual(name, "event-report-rental-2026-11-CHF-JPY.xlsx")

    def test_amounts_in_one_currency(self):
        clerk = self.two_companies()
        one = {"user": clerk, "allowed_company_ids": clerk.company_id.ids}
        sheet = self.book("rental", **one)["Rental"]
        self.assertTrue(sheet.title.endswith(" JPY"), sheet.title)
        titles = [cell.value for cell in sheet[1]]
        self.assertNotIn("Currency", titles)
        price = sheet[2][titles.index("Monthly Price")]
        self.assertEqual((price.value, price.number_format), (12000, "#,##0"))

    def test_moments_and_periods(self):
        book = self.book("ticket")
        self.assertEqual(book.sheetnames[1:], ["Events 2026-11", "Rejected Attempts 2026-11"])
        self.assertRegex(book.sheetnames[0], r"^Ticket \d{4}-\d\d-\d\d \d\d\.\d\d$")


class TestRejectedAttempts(ReportCase):
    def attempts(self):
        self.add("M", 5, timestamp="2026-11-02 03:00:00")
        self.add("M", 5, timestamp="2026-11-07 16:00:00")  # a Sunday in Tokyo
        self.add("M", -99, timestamp="2026-11-17 03:00:00")
        self.add("M", 5, timestamp="2026-11-18 03:00:00")
        with QUIET:
            self.store.append("counter", "M", "Broken", timestamp="2026-11-19 03:00:00")

    def tables(self, sheet):
        """Return the tables of the sheet: {title: rows, the heading first}."""
        found, rows = {}, None
        for row in sheet.iter_rows(values_only=True):
            row = row[:6]
            if row[0] and set(row[1:]) == {None}:
                rows = found.setdefault(row[0], [])
            elif row[0]:
                rows.append(row)
        return found

    def test_by_week_with_a_chart(self):
        self.attempts()
        self.language("en_US").week_start = "7"
        sheet = self.book("counter")["Rejected Attempts"]
        by_week = self.tables(sheet)["By Week"]
        self.assertEqual(
            [(row[0].date(), *row[1:5]) for row in by_week[1:-1]],
            [
                (date(2026, 11, 1), 1, 0, 0, 0),
                (date(2026, 11, 8), 1, 0, 0, 0),
                (date(2026, 11, 15), 3, 1, 1, 1 / 3),
            ],
        )
        self.assertEqual(by_week[-1][:5], ("Total", 5, 1, 1, 0.2))
        (chart,) = sheet._charts
        kinds = {type(part).__name__ for part in chart._charts}
        self.assertEqual(kinds, {"BarChart", "LineChart"})
        series = [one for part in chart._charts for one in part.ser]
        self.assertEqual(len(series), 4)
        self.assertIn(f"'{sheet.title}'!$E$6:$E$8", [one.val.numRef.f for one in series])
        cached = [pt.v for pt in series[0].val.numRef.numCache.pt]
        self.assertEqual([float(value) for value in cached], [1, 1, 3])

    def test_weeks_between_without_attempts(self):
        self.add("M", 5, timestamp="2026-11-02 03:00:00")
        self.add("M", 5, timestamp="2026-11-24 03:00:00")
        by_week = self.tables(self.book("counter")["Rejected Attempts"])["By Week"]
        self.assertEqual([row[1] for row in by_week[1:-1]], [1, 0, 0, 1])
        self.assertEqual(by_week[2][4], None)

    def test_by_user_reason_and_event(self):
        self.attempts()
        tables = self.tables(self.book("counter")["Rejected Attempts"])
        self.assertNotIn("By User", tables)
        manager = make_user(self.env, "xl-boss", "manager")
        book = self.book("counter", user=manager)
        by_user = self.tables(book["Rejected Attempts"])["By User"]
        self.assertEqual(by_user[1][:5], (self.env.user.name, 5, 1, 1, 0.2))
        self.assertEqual(
            tables["By Reason"][1:],
            [
                ("The total must not fall below zero.", 1, 1, 0, None, "counter"),
                ("KeyError: 'missing'", 1, 0, 1, None, "counter"),
            ],
        )
        self.assertEqual(tables["By Event"][1], ("Added", 4, 1, 0, 0.25, "counter"))

    def test_the_same_as_the_analysis_on_the_screen(self):
        self.attempts()
        rate = (
            self.env["event.attempt"]
            .with_user(self.clerk)
            ._read_group([("aggregate_id", "=", "M")], [], ["misoperation_rate:avg"])
        )
        total = self.tables(self.book("counter")["Rejected Attempts"])["By Week"][-1]
        self.assertAlmostEqual(total[4], rate[0][0] / 100)

    def test_an_empty_period_says_so(self):
        book = self.book("ticket", first="1999-01-01", last="1999-01-31")
        self.assertEqual(book["Events"]["A2"].value, "There are no events in this period.")
        self.assertEqual(book["Events"]["A1"].value, "Happened On")
        texts = [row[0] for row in book["Rejected Attempts"].iter_rows(values_only=True)]
        self.assertIn("Nothing was attempted in this period.", texts)
        self.assertFalse(book["Rejected Attempts"]._charts)
        book = self.book("ticket", user=self.elsewhere("xl-empty"))
        self.assertEqual(book["Ticket"]["A2"].value, "There is nothing of the kind Ticket.")


class TestWhose(ReportCase):
    def test_only_own_companies(self):
        far = self.elsewhere("xl-far")
        company = far.company_id
        self.ticket("C1", "2026-11-05 00:00:00")
        self.store.with_company(company).with_context(allowed_company_ids=company.ids).append(
            "ticket", "C2", "Opened", {"title": "x"}, timestamp="2026-11-05 00:00:00"
        )
        for user, key in ((self.clerk, "C1"), (far, "C2")):
            book = self.book("ticket", user=user)
            self.assertEqual([row[3] for row in self.rows(book["Events"])], [key])
            self.assertEqual([row[0] for row in self.rows(book["Ticket"])], [key])
            week = self.rows(book["Rejected Attempts"])
            self.assertIn(1, [row[1] for row in week])

    def test_of_several_companies_those_that_are_switched_on(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.clerk.company_ids += company
        self.store.with_company(company).with_context(allowed_company_ids=company.ids).append(
            "ticket", "C3", "Opened", {"title": "x"}, timestamp="2026-11-05 00:00:00"
        )
        self.ticket("C4", "2026-11-05 00:00:00")
        both = (self.clerk.company_id + company).ids
        for ids, keys in ((company.ids, ["C3"]), (both, ["C3", "C4"])):
            rows = self.rows(self.book("ticket", allowed_company_ids=ids)["Events"])
            self.assertEqual([row[3] for row in rows], keys)

    def test_the_company_that_it_names_is_the_askers_own(self):
        """Also where another one of theirs comes first in the list of companies."""
        own = self.clerk.company_id
        first = self.env["res.company"].create({"name": "Aardvark Ltd", "sequence": -9})
        self.clerk.company_ids += first
        content = self.env["event.report.content"].with_user(self.clerk)
        for asked, companies in (([], [own.id, first.id]), ([first.id, own.id],) * 2):
            asking = content.with_context(allowed_company_ids=asked)
            options = asking._options(["ticket"], "2026-11-01", "2026-11-30")
            self.assertEqual(options["context"]["allowed_company_ids"], companies)

    def test_whoever_works_on_it_the_rights_are_the_askers(self):
        self.ticket("C5", "2026-11-05 00:00:00")
        far = self.elsewhere("xl-third")
        with patch.object(event_job_excel, "SYNC_LIMIT", -1):
            job = self.job(self.ask("ticket", user=far)).sudo()
        while job._write_chunk(job._read_chunk()):
            pass
        self.assertEqual((job.state, job.total), ("done", 0))

    def test_nobody_else_gets_the_file(self):
        job = self.job(self.ask())
        for group in ("user", "manager", "auditor"):
            other = make_user(self.env, f"xl-{group}", group)
            self.assertFalse(self.env["event.job"].with_user(other).search([("id", "=", job.id)]))
            with self.assertRaises(AccessError):
                job.with_user(other).read(["report"])
        self.assertTrue(job.with_user(self.clerk).read(["report"]))
        with self.assertRaises(AccessError):
            self.ask(user=make_user(self.env, "xl-outsider"))
        with self.assertRaises(AccessError):
            self.env["event.report.chunk"].with_user(make_user(self.env, "xl-m", "manager")).search(
                []
            )

    def test_old_reports_are_forgotten_with_their_files(self):
        job = self.job(self.ask())
        files = [("res_model", "=", "event.job"), ("res_field", "=", "report")]
        self.assertTrue(self.env["ir.attachment"].search([*files, ("res_id", "=", job.id)]))
        old = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute("UPDATE event_job SET create_date = %s", [old])
        self.env.invalidate_all()
        self.env["event.job"]._gc_private()
        self.assertFalse(job.exists())
        self.assertFalse(self.env["ir.attachment"].search(files))


class TestChunks(ReportCase):
    def test_many_rows_are_read_in_chunks(self):
        keys = [f"P{number:02}" for number in range(25)]
        for number, key in enumerate(keys):
            self.ticket(key, f"2026-11-05 00:00:{number:02}")
        jobs = self.registry["event.job"]
        with (
            patch.object(event_job_excel, "SYNC_LIMIT", 1),
            patch.object(jobs, "_report_chunk", 10),
        ):
            action = self.ask("ticket", lang="ja_JP")
            job = self.job(action)
            self.assertEqual((action["res_model"], job.state), ("event.job", "waiting"))
            percents = []
            while job._write_chunk(job._read_chunk()):
                percents.append(job._progress()["percent"])
        self.assertEqual(percents, sorted(percents))
        self.assertGreater(len({*percents}), 4)
        self.assertEqual((job.done, job.total), (job.total, job.total))
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(job.report)))
        sheet = book.worksheets[1]
        self.assertEqual([row[3] for row in self.rows(sheet)], keys)
        self.assertEqual(sheet["A1"].value, "発生日時")
        self.assertFalse(self.env["event.report.chunk"].search([("job_id", "=", job.id)]))

    def test_a_chunk_of_large_rows_is_divided(self):
        keys = [f"P{number:02}" for number in range(9)]
        for number, key in enumerate(keys):
            self.ticket(key, f"2026-11-05 00:00:{number:02}")
        jobs, done = self.registry["event.job"], []
        with (
            patch.object(event_job_excel, "SYNC_LIMIT", 1),
            patch.object(jobs, "_report_step", 2),
            patch.object(page_size, "MAX_BYTES", 1),
        ):
            job = self.job(self.ask("ticket"))
            while job._write_chunk(job._read_chunk()):
                done.append(job.done)
        self.assertLessEqual(max(b - a for a, b in zip([0, *done], done, strict=False)), 2)
        self.assertEqual((job.state, job.done), ("done", job.total))
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(job.report)))
        self.assertEqual([row[3] for row in self.rows(book.worksheets[1])], keys)

    def test_more_rows_than_a_sheet_holds_go_on_in_a_second(self):
        for number in range(7):
            self.ticket(f"Q{number}", f"2026-11-05 00:00:{number:02}")
        with patch.object(excel_workbook, "MAX_ROWS", 4):
            book = self.book("ticket")
        names = [Book.about(sheet) for sheet in book if sheet.title.startswith("Events")]
        self.assertEqual(names, ["Events", "Events (2)", "Events (3)"])
        keys = [row[3] for name in names for row in self.rows(book[name])]
        self.assertEqual(keys, [f"Q{number}" for number in range(7)])
        self.assertEqual({book[name]["A1"].value for name in names}, {"Happened On"})
        self.assertEqual(book["Events (3)"].auto_filter.ref, "A1:J2")

    def many_tickets(self, prefix, count):
        """Store events past the ORM: what is measured is the report."""
        self.env.cr.execute(
            """
            INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,
                timestamp, outcome, event_uuid, schema_version, company_id, create_uid)
            SELECT 'ticket', %(prefix)s || n, 'Opened', jsonb_build_object('title', '東京 ' || n),
                1, '2026-11-05', 'applied', %(prefix)s || n, 1, %(company)s, %(user)s
              FROM generate_series(1, %(count)s) AS n
            """,
            {
                "prefix": prefix,
                "count": count,
                "company": self.clerk.company_id.id,
                "user": self.clerk.id,
            },
        )

    def peak(self):
        """Return the memory that a report takes at most, in bytes, and its rows."""
        jobs = self.registry["event.job"]
        with (
            patch.object(event_job_excel, "SYNC_LIMIT", 1),
            patch.object(jobs, "_report_chunk", 250),
        ):
            job = self.job(self.ask("ticket"))
            tracemalloc.start()
            while job._write_chunk(job._read_chunk()):
                # Each chunk is a transaction of its own.
                self.env.flush_all()
                self.env.invalidate_all()
            size = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        total = job.total
        job.unlink()
        return size, total

    def test_memory_does_not_grow_with_the_rows(self):
        self.many_tickets("few", 500)
        self.peak()  # what is loaded once
        few, rows = self.peak()
        self.many_tickets("many", 4000)
        many, more = self.peak()
        self.assertGreater(more, 8 * rows)
        self.assertLess(many, 2 * few)

    def test_far_too_many_rows_are_refused_in_words(self):
        self.ticket("R", "2026-11-05 00:00:00")
        with (
            patch.object(event_job_excel, "MAX_ROWS", 0),
            self.assertRaisesRegex(UserError, "Choose a shorter period"),
        ):
            self.ask("ticket")

    def test_the_same_report_asked_twice_is_one(self):
        with patch.object(event_job_excel, "SYNC_LIMIT", -1):
            job = self.job(self.ask("ticket"))
            again = self.ask("ticket")
            other = self.job(self.ask("counter"))
        self.assertEqual(again["params"]["next"]["res_id"], job.id)
        self.assertNotEqual(other, job)


class TestQuestion(ReportCase):
    def wizard(self, **context):
        wizards = self.env["event.report"].with_user(self.clerk)
        return Form(wizards.with_context(tz="Asia/Tokyo", **context))

    def test_this_month_and_all_types_are_proposed(self):
        with patch.object(fields.Date, "context_today", return_value=date(2026, 11, 24)):
            form = self.wizard()
        self.assertEqual(str(form.date_from), "2026-11-01")
        self.assertEqual(str(form.date_to), "2026-11-30")
        names = form.entry_ids[:].mapped("model_name")
        self.assertIn("ticket", names)
        self.assertIn("rental", names)
        self.assertEqual(names, self.env["event.report.content"]._model_names())

    def test_the_menu_of_the_rentals_proposes_rentals(self):
        action = self.env.ref("rental_event_sourcing_report_xlsx.rental_report_action")
        self.assertEqual(action.context, "{'default_model_name': 'rental'}")
        form = self.wizard(default_model_name="rental")
        self.assertEqual(form.zone, "Asia/Tokyo")
        self.assertEqual(form.entry_ids[:].mapped("model_name"), ["rental"])
        form.date_from, form.date_to = "2026-11-01", "2026-11-30"
        action = form.save().action_report()
        self.assertEqual(action["type"], "ir.actions.act_url")
        currency = self.clerk.company_id.currency_id.name
        name = f"/event-report-rental-2026-11-{currency}.xlsx?download=true"
        self.assertIn(name, action["url"])

    def test_my_reports(self):
        job = self.job(self.ask("ticket"))
        action = self.env["event.report"].with_user(self.clerk).action_my_reports()
        mine = self.env["event.job"].with_user(self.clerk).search(action["domain"])
        self.assertEqual(mine, job)
        arch = mine.get_view(*action["views"][0])["arch"]
        self.assertIn("action_download", arch)

    def test_types_are_called_what_people_call_them(self):
        entries = self.wizard(default_model_name="ticket").entry_ids[:]
        self.assertEqual(entries.with_context(aggregate_label=True).display_name, "Ticket")
        self.assertEqual(entries.display_name, "ticket")

    def test_bad_questions(self):
        form = self.wizard()
        form.date_from, form.date_to = "2026-11-02", "2026-11-01"
        with self.assertRaisesRegex(UserError, "must begin before it ends"):
            form.save().action_report()
        form.date_to = "2026-11-02"
        form.entry_ids.clear()
        with self.assertRaisesRegex(UserError, "Choose at least one"):
            form.save().action_report()

    def test_names_say_what_and_when(self):
        for first, last, name in (
            ("2026-11-01", "2026-11-30", "event-report-2026-11.xlsx"),
            ("2026-01-01", "2026-12-31", "event-report-2026.xlsx"),
            ("2026-11-03", "2026-11-03", "event-report-2026-11-03.xlsx"),
            ("2026-11-03", "2026-12-04", "event-report-2026-11-03_2026-12-04.xlsx"),
        ):
            job = self.job(self.ask(first=first, last=last))
            self.assertEqual(job.report_name, name)
        self.assertEqual(
            job.display_name, "Excel Report: counter, Ticket, 11/03/2026 to 12/04/2026"
        )

    def test_days_at_the_ends_of_time(self):
        self.ticket("E", "2026-11-05 00:00:00")
        rows = self.rows(self.book("ticket", first="0001-01-01", last="9999-12-31")["Events"])
        self.assertIn("E", [row[3] for row in rows])


class TestText(EventCase):
    def test_what_a_cell_cannot_hold(self):
        self.assertEqual(clean("a\x00b\x0bc\x1f\ud800\ufffed\te\nf"), "abcd\te\nf")
        self.assertEqual(clean("a\r\nb\rc"), "a\nb\nc")

    def test_a_long_text_is_cut(self):
        self.assertEqual(clean("x" * MAX_UNITS), "x" * MAX_UNITS)
        self.assertEqual(clean("x" * 40_000), "x" * (MAX_UNITS - 1) + "…")
        wide = clean("😀" * 20_000)
        self.assertLessEqual(len(wide.encode("utf-16-le")), 2 * MAX_UNITS)
        self.assertEqual(wide, "😀" * 16_383 + "…")
        self.assertEqual(cut("東京建機", 3), "東京…")

    def test_widths(self):
        self.assertEqual([width(t) for t in ("abc", "東京", "ｱ", "a\nlonger")], [3, 4, 1, 6])

    def test_names_of_sheets(self):
        taken = set()
        names = [
            sheet_name(title, taken)
            for title in ("a/b[c]:*?\\", "A b c", "'x'", "", "History", "y" * 40, "Y" * 40)
        ]
        self.assertEqual(names[0], "a b c")
        self.assertEqual(names[1], "A b c (2)")
        self.assertEqual(names[2:5], ["x", "Sheet", "History (2)"])
        self.assertEqual(names[5], "y" * 30 + "…")
        self.assertEqual(names[6], "Y" * 26 + "… (2)")
        when = "2026-10-31 EUR-JPY"  # stays whole
        self.assertEqual(sheet_name("z" * 40, taken, when), f"{'z' * 11}… {when}")
        self.assertEqual(sheet_name("Z" * 40, taken, when), f"{'Z' * 7}… {when} (2)")
        two = "2026-09-30 - 2026-10-31 EUR-JPY"
        self.assertEqual(sheet_name("Rentals", taken, two), two)
        self.assertEqual(len(sheet_name("Rentals", taken, f"{two}-USD")), 31)

    def test_formats_of_languages(self):
        for words, found in (
            ("%m/%d/%Y %H:%M:%S", "mm/dd/yyyy hh:mm:ss"),
            ("%d.%m.%Y %I:%M:%S %p", "dd.mm.yyyy hh:mm:ss AM/PM"),
            ("%-d/%-m/%y", "dd/mm/yy"),
            ("%Y年%m月%d日 %H時%M分", 'yyyy"年"mm"月"dd"日" hh"時"mm"分"'),
            ("%j %Y", None),
        ):
            self.assertEqual(excel_format(words), found)

    def test_dates_that_excel_does_not_know(self):
        content = self.env["event.report.content"]
        self.assertEqual(content._cell(date(1815, 6, 18), "date"), "1815-06-18")
        self.assertEqual(content._cell(date(2026, 11, 5), "date"), 46331)
        self.assertEqual(content._cell(10**18, "integer"), str(10**18))
        self.assertEqual(content._cell(float("nan"), "float"), "nan")


@tagged("post_install", "-at_install")
class TestFiles(HttpCase):
    """The file and the ready-made exports, through the web client's own addresses."""

    def test_the_download(self):
        self.authenticate("admin", "admin")
        admin = self.env.ref("base.user_admin")
        jobs = self.env["event.job"].with_user(admin)
        day = date(2026, 11, 5)
        action = jobs._request_report(["rental"], day, day)
        answer = self.url_open(action["url"])
        self.assertEqual(answer.status_code, 200)
        self.assertIn("event-report-rental-2026-11-05-", answer.headers["Content-Disposition"])
        self.assertIn("spreadsheetml", answer.headers["Content-Type"])
        openpyxl.load_workbook(io.BytesIO(answer.content))

    def test_ready_made_exports(self):
        self.env["event.store"].append("counter", "=XP", "Added", {"amount": 1})
        self.env["event.store"].append("counter", "=XP", "Added", {"amount": -5})
        self.authenticate("admin", "admin")
        for name in (
            "event_sourcing_history.event_store_exports",
            "event_sourcing_analysis.event_attempt_exports",
            "rental_event_sourcing.rental_order_exports",
            "rental_event_sourcing.rental_snapshot_exports",
        ):
            template = self.env.ref(name)
            model = self.env[template.resource]
            names = template.export_fields.mapped("name")
            with self.subTest(name=name):
                types = {model._fields[column].type for column in names}
                self.assertFalse(types & {"json", "binary"})
                sheet = self.export(model, names)
                # Amounts of several currencies say theirs in a column more.
                self.assertIn(len(sheet[1]) - len(names), (0, 1))
                self.assertGreater(sheet.max_row, 1)
                for row in sheet.iter_rows():
                    for cell in row:
                        self.assertNotEqual(cell.data_type, "f")

    def export(self, model, names):
        known = model.fields_get()
        data = {
            "model": model._name,
            "fields": [
                {"name": name, "label": known[name]["string"], "type": known[name]["type"]}
                for name in names
            ],
            "ids": False,
            "domain": [],
            "groupby": [],
            "context": {"lang": "en_US", "tz": "UTC"},
            "import_compat": False,
        }
        answer = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        return openpyxl.load_workbook(io.BytesIO(answer.content)).active
