import base64
import io
from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from openpyxl import load_workbook

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.event_sourcing import workbook
from odoo.addons.event_sourcing.models import event_job_excel
from odoo.addons.test_event_sourcing.common import EventCase, make_user


@freeze_time("2031-03-20 03:00:00")
class TestExcelReport(EventCase):
    """A workbook about a period, with the rights and in the language of who asks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Report KK"})
        cls.user = make_user(cls.env, "reporter", "integration", company=cls.company)
        cls.user.write({"tz": "Asia/Tokyo", "lang": "en_US"})
        cls.context = {
            "lang": "en_US",
            "tz": "Asia/Tokyo",
            "allowed_company_ids": cls.company.ids,
        }
        cls.store = cls.env["event.store"].with_user(cls.user).with_context(**cls.context)

    def append(self, moment, event_type, payload=None, aggregate_id="X1"):
        return self.store.append("rental", aggregate_id, event_type, payload, timestamp=moment)

    def report(self, model_name="rental", **context):
        """Return the workbook of March, as openpyxl reads it, and its job."""
        questions = self.env["event.report"].with_user(self.user)
        question = questions.with_context(**self.context, **context).create(
            {"model_name": model_name, "date_from": "2031-03-01", "date_to": "2031-03-31"}
        )
        action = question.action_create()
        job = self.env["event.job"].search([("kind", "=", "excel")], limit=1)
        while job.state in ("waiting", "running"):
            job._write_piece(job._read_piece())
        content = base64.b64decode(job.file_ids.content)
        return load_workbook(io.BytesIO(content)), job, action

    def rows(self, sheet):
        return [[cell.value for cell in row] for row in sheet.iter_rows()]

    def test_the_sheets_of_a_report(self):
        self.append(datetime(2031, 3, 5), "RentalPlanned", {"monthly_price": 12000, "quantity": 2})
        self.append(datetime(2031, 3, 6), "DemoCancelled", {"reason": "予算"})
        book, job, action = self.report()
        self.assertEqual(book.sheetnames, ["Misoperations", "Rental Snapshot", "Events"])
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertEqual((job.state, job.done, job.total), ("done", 3, 3))
        self.assertFalse(job.spool_ids)
        self.assertEqual(job.file_ids.name, "event-report-2031-03-01.xlsx")
        events = self.rows(book["Events"])
        self.assertEqual(events[0][:4], ["Happened On", "Event", "Aggregate Type", "Aggregate"])
        self.assertEqual(
            events[1][:6],
            [datetime(2031, 3, 5, 9), "Rental planned", "Rental", "X1", 1, "Applied"],
        )
        self.assertEqual(events[1][7], "Quantity: 2; Monthly price: 12,000")
        self.assertEqual(events[2][5:8], ["Refused", self.reason(), "Reason: 予算"])
        self.assertEqual(events[2][8:], ["Reporter", events[2][9], "Report KK"])

    def reason(self):
        return self.store.search([("outcome", "=", "rejected")], limit=1).error_message

    def test_types_and_looks(self):
        self.append(
            datetime(2031, 3, 5),
            "RentalPlanned",
            {"planned_start": "2031-04-01", "monthly_price": 12000.5, "quantity": 2},
        )
        sheet = self.report()[0]["Rental Snapshot"]
        heads = {cell.value: cell.column for cell in sheet[1]}
        start = sheet.cell(2, heads["Planned Start"])
        self.assertEqual((start.value, start.number_format), (datetime(2031, 4, 1), "yyyy-mm-dd"))
        price = sheet.cell(2, heads["Monthly Price"])
        self.assertEqual((price.value, price.number_format), (12000.5, "#,##0.00"))
        self.assertEqual(sheet.cell(2, heads["Quantity"]).value, 2)
        self.assertEqual(sheet.cell(2, heads["Status"]).value, "Draft")
        self.assertEqual(sheet.freeze_panes, "A2")
        self.assertTrue(sheet.auto_filter.ref)
        self.assertTrue(sheet["A1"].font.bold)
        self.assertNotIn("State", heads)  # no JSON

    def test_misoperations_with_a_chart(self):
        for day in (3, 4, 5):
            self.append(datetime(2031, 3, day), "RentalPlanned", aggregate_id=f"X{day}")
        self.append(datetime(2031, 3, 6), "DemoCancelled", aggregate_id="X3")
        self.append(datetime(2031, 3, 12), "DemoCancelled", aggregate_id="X3")
        sheet = self.report()[0]["Misoperations"]
        rows = self.rows(sheet)
        self.assertEqual(rows[0][0], "Events from 03/01/2031 to 03/31/2031")
        self.assertEqual(rows[3][:5], [datetime(2031, 3, 2), 4, 1, 0, 25])
        self.assertEqual(rows[4][:5], [datetime(2031, 3, 9), 1, 1, 0, 100])
        self.assertEqual(len(sheet._charts), 1)
        by_reason = [row for row in rows if row[0] and "not in a demo" in str(row[0])]
        self.assertEqual(by_reason[0][1:5], [2, 2, 0, 100])
        by_person = [row for row in rows if row[0] == "Reporter"]
        self.assertEqual(by_person[0][1:5], [5, 2, 0, 40])

    def test_a_period_has_the_borders_of_the_users_days(self):
        for moment in (
            *(datetime(2031, 2, 28, 14, 59, 59), datetime(2031, 2, 28, 15)),
            *(datetime(2031, 3, 31, 14, 59, 59), datetime(2031, 3, 31, 15)),
        ):
            self.append(moment, "RentalPlanned")
        events = self.rows(self.report()[0]["Events"])[1:]
        self.assertEqual(
            [row[0] for row in events],
            [datetime(2031, 3, 1), datetime(2031, 3, 31, 23, 59, 59)],
        )

    def test_in_japanese(self):
        self.user.lang = "ja_JP"
        self.context = {**self.context, "lang": "ja_JP"}
        self.append(datetime(2031, 3, 5), "DemoCancelled", {"reason": "予算の都合がつかないため"})
        book = self.report()[0]
        self.assertNotIn("Events", book.sheetnames)
        sheet = book[book.sheetnames[-1]]
        self.assertEqual({cell.font.name for cell in sheet[2]}, {"Yu Gothic"})
        widths = {name: column.width for name, column in sheet.column_dimensions.items()}
        self.assertGreaterEqual(widths["H"], workbook.width_of("理由: 予算の都合がつかないため"))

    def test_what_excel_would_take_for_something_else(self):
        evil = "=1+1\x0b<b>"
        self.append(datetime(2031, 3, 5), "DemoCancelled", {"reason": evil})
        self.append(datetime(2031, 3, 6), "DemoCancelled", {"reason": "長" * 60000})
        self.append(datetime(2031, 3, 7), "DemoCancelled", {"reason": "https://example.com"})
        cells = self.report()[0]["Events"]["H"][1:]
        self.assertEqual([cell.data_type for cell in cells], ["s", "s", "s"])
        self.assertIn("=1+1", cells[0].value)
        self.assertEqual(len(cells[1].value), workbook.MAX_TEXT)
        self.assertIsNone(cells[2].hyperlink)

    def test_nothing_to_report(self):
        book = self.report()[0]
        self.assertEqual(self.rows(book["Events"])[1][0], "Nothing happened in this period.")
        self.assertIn("nothing of this kind", self.rows(book["Rental Snapshot"])[1][0])

    def test_what_others_own_is_not_in_it(self):
        self.env["event.store"].append(
            "rental", "FOREIGN", "RentalPlanned", timestamp=datetime(2031, 3, 5)
        )
        book = self.report()[0]
        for sheet in book.worksheets:
            self.assertNotIn("FOREIGN", str(self.rows(sheet)))

    def test_only_who_asked_can_open_it(self):
        job = self.report()[1]
        other = make_user(self.env, "report-other", "manager", company=self.company)
        files = self.env["event.job.file"]
        self.assertFalse(files.with_user(other).search([("job_id", "=", job.id)]))
        self.assertTrue(files.with_user(self.user).search([("job_id", "=", job.id)]))

    def test_all_kinds_at_once(self):
        book = self.report(model_name=False)[0]
        self.assertIn("Rental Snapshot", book.sheetnames)
        self.assertIn("Counter Snapshot", book.sheetnames)
        self.assertEqual(len(set(book.sheetnames)), len(book.sheetnames))

    def test_pieces_give_what_one_gives(self):
        self.store.append_batch(
            [
                {
                    "model_name": "rental",
                    "aggregate_id": f"P{number % 7}",
                    "event_type": "RentalPlanned",
                    "timestamp": datetime(2031, 3, 5 + number % 3),
                }
                for number in range(40)
            ]
        )
        whole = [self.rows(sheet) for sheet in self.report()[0].worksheets]
        with patch.object(event_job_excel, "CHUNK", 3), patch.object(event_job_excel, "AT_ONCE", 0):
            book, job, action = self.report()
        self.assertEqual(action["res_model"], "event.job")
        self.assertEqual([self.rows(sheet) for sheet in book.worksheets], whole)
        self.assertEqual(job.done, 47)

    def test_too_much_is_said_before_it_is_begun(self):
        self.append(datetime(2031, 3, 5), "RentalPlanned")
        with (
            patch.object(event_job_excel, "MAX_REPORT", 1),
            self.assertRaisesRegex(UserError, "holds 2 rows"),
        ):
            self.report()

    def test_dates_out_of_order(self):
        question = self.env["event.report"].create(
            {"date_from": "2031-03-02", "date_to": "2031-03-01"}
        )
        with self.assertRaisesRegex(UserError, "ends before it begins"):
            question.action_create()

    def test_the_period_proposed_is_this_month(self):
        question = self.env["event.report"].with_context(tz="Asia/Tokyo").create({})
        self.assertEqual(
            (question.date_from, question.date_to), (date(2031, 3, 1), date(2031, 3, 20))
        )

    def test_more_rows_than_a_sheet_holds_go_on_in_another(self):
        book = workbook.Workbook()
        with patch.object(workbook, "MAX_ROWS", 4):
            count = book.table("Rows: [all]/*?", [("A", "integer")], ([n] for n in range(7)))
        self.assertEqual(count, 7)
        read = load_workbook(io.BytesIO(book.close()))
        self.assertEqual(read.sheetnames, ["Rows   all", "Rows   all (2)", "Rows   all (3)"])
        self.assertEqual([self.rows(sheet)[1][0] for sheet in read.worksheets], [0, 3, 6])


@tagged("-at_install", "post_install")
class TestExcelDownload(HttpCase):
    def test_the_file_is_downloaded_by_who_asked(self):
        admin = self.env.ref("base.user_admin")
        question = self.env["event.report"].with_user(admin).create({"model_name": "counter"})
        url = question.action_create()["url"]
        self.authenticate("admin", "admin")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("spreadsheet", answer.headers["Content-Type"])
        self.assertIn("Misoperations", load_workbook(io.BytesIO(answer.content)).sheetnames)
        make_user(self.env, "download-other", "manager")
        self.authenticate("download-other", "download-other")
        self.assertNotEqual(self.url_open(url).status_code, 200)
