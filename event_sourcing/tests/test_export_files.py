"""Real exports through the web client's own addresses, read back as a user gets them."""

import csv
import io
import json
from datetime import datetime

import openpyxl

from odoo import http
from odoo.tests import HttpCase, tagged

TITLES = ("=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "http://x.test/", "東京\n建機", "日本語")


@tagged("post_install", "-at_install")
class TestExport(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.env["event.store"]
        for number, title in enumerate(TITLES, 1):
            cls.store.append(
                "ticket",
                f"X{number}",
                "Opened",
                {"title": title},
                timestamp="2026-02-03 05:06:07",
                correlation_id=title.replace("\n", " "),
            )
        cls.store.append("counter", "=C1", "Added", {"amount": 3, "day": "2026-02-04"})
        cls.store.append("counter", "=C1", "Added", {"amount": -9})
        cls.tickets = cls.env["test.ticket"].create(
            [
                {"name": f"X{n}", "title": title, "due": "2026-05-06", "hours": n}
                for n, title in enumerate(TITLES, 1)
            ]
        )

    def export(self, model, names, ids=None, groupby=None, kind="xlsx", domain=None):
        self.authenticate("admin", "admin")
        fields = [
            {
                "name": name,
                "label": f"={name}",
                "store": True,
                "type": self.env[model]._fields[name.split("/")[0]].type,
            }
            for name in names
        ]
        data = {
            "model": model,
            "fields": fields,
            "ids": ids or False,
            "domain": domain or [],
            "groupby": groupby or [],
            "context": {"lang": "en_US", "tz": "UTC"},
            "import_compat": False,
        }
        answer = self.url_open(
            f"/web/export/{kind}",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        if kind == "csv":
            return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        return openpyxl.load_workbook(io.BytesIO(answer.content)).active

    def no_formulas(self, sheet):
        for row in sheet.iter_rows():
            for cell in row:
                self.assertNotEqual(cell.data_type, "f", cell.coordinate)
                self.assertFalse(cell.hyperlink, cell.coordinate)

    def test_events(self):
        names = (
            *("timestamp", "aggregate_id", "event_label", "version", "outcome"),
            *("correlation_id", "create_uid", "is_failure"),
        )
        events = self.store.search([("aggregate_id", "=like", "X_")], order="id")
        sheet = self.export("event.store", names, events.ids)
        self.no_formulas(sheet)
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        self.assertEqual([row[5] for row in rows], [t.replace("\n", " ") for t in TITLES])
        for row in rows:
            self.assertEqual(row[0], datetime(2026, 2, 3, 5, 6, 7))
            self.assertEqual((row[2], type(row[3]), row[3]), ("Ticket opened", int, 1))
            self.assertEqual((row[4], row[7]), ("Applied", False))
        self.assertTrue(sheet["A2"].is_date)

    def test_json_only_when_asked_for_and_readable(self):
        events = self.store.search([("aggregate_id", "=", "X7")])
        cell = self.export("event.store", ["payload"], events.ids)["A2"]
        self.assertEqual(json.loads(cell.value), {"title": "東京\n建機"})
        self.assertIn("東京", cell.value)
        empty = self.store.append("machine", "M", "Stopped")["id"]
        self.assertEqual(self.export("event.store", ["payload"], [empty])["A2"].value, "{}")

    def test_events_grouped(self):
        domain = [("aggregate_id", "=like", "X_")]
        names = ("aggregate_id", "correlation_id", "timestamp", "version")
        for groupby in (["correlation_id"], ["model_name", "correlation_id"], ["timestamp:day"]):
            with self.subTest(groupby=groupby):
                sheet = self.export("event.store", names, groupby=groupby, domain=domain)
                self.no_formulas(sheet)
                data = [row for row in sheet.iter_rows(values_only=True) if row[3] == 1]
                self.assertEqual(len(data), len(TITLES))
                self.assertEqual({row[2] for row in data}, {datetime(2026, 2, 3, 5, 6, 7)})
                if groupby[0] == "correlation_id":
                    heads = {row[0] for row in sheet.iter_rows(values_only=True)}
                    self.assertIn("=1+1 (1)", heads)
                    self.assertIn("日本語 (1)", heads)

    def test_streams_and_snapshots(self):
        domain = [("aggregate_id", "=", "=C1")]
        sheet = self.export(
            "event.stream", ["aggregate_id", "version", "write_date"], domain=domain
        )
        self.no_formulas(sheet)
        self.assertEqual((sheet["A2"].value, sheet["B2"].value), ("=C1", 2))
        self.assertTrue(sheet["C2"].is_date)
        names = ["aggregate_id", "status", "total", "last_day", "state"]
        sheet = self.export("counter.snapshot", names, domain=domain)
        self.no_formulas(sheet)
        row = [cell.value for cell in sheet[2]]
        self.assertEqual(row[:4], ["=C1", "Open", 3, datetime(2026, 2, 4)])
        self.assertEqual(json.loads(row[4])["total"], 3)
        grouped = self.export(
            "counter.snapshot", names[:3], domain=domain, groupby=["aggregate_id"]
        )
        self.no_formulas(grouped)
        self.assertEqual(grouped["A2"].value, "=C1 (1)")

    def test_generic_snapshots(self):
        self.store.append("prefixed", "-P", "Any", {"status": "=2+2", "金額": 5})
        sheet = self.export(
            "event.snapshot",
            ["aggregate_id", "status", "state"],
            domain=[("aggregate_id", "=", "-P")],
        )
        self.no_formulas(sheet)
        self.assertEqual([cell.value for cell in sheet[2]][:2], ["-P", "=2+2"])
        self.assertIn("金額", sheet["C2"].value)

    def test_business_records(self):
        sheet = self.export("test.ticket", ["name", "title", "due", "hours"], self.tickets.ids)
        self.no_formulas(sheet)
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        self.assertEqual([row[1] for row in rows], list(TITLES))
        self.assertEqual({(type(row[2]), type(row[3])) for row in rows}, {(datetime, int)})

    def test_csv(self):
        rows = self.export("test.ticket", ["title", "hours"], self.tickets.ids, kind="csv")
        self.assertEqual(rows[1], ["'=1+1", "1"])
        self.assertEqual([row[0] for row in rows[2:5]], ["'+1", "'-1", "'@SUM(A1)"])
        self.assertEqual(rows[8][0], "日本語")
        for row in rows[1:]:
            self.assertFalse(row[0].startswith(("=", "+", "-", "@")))

    def test_other_models_are_left_alone(self):
        partner = self.env["res.partner"].create({"name": "=1+1"})
        sheet = self.export("res.partner", ["name"], partner.ids)
        self.assertEqual(sheet["A2"].data_type, "f")

    def test_default_columns_hold_no_json(self):
        for model in ("event.store", "event.stream", "event.snapshot"):
            arch = self.env[model].get_views([(False, "list")])["views"]["list"]["arch"]
            for name, field in self.env[model]._fields.items():
                if field.type == "json":
                    self.assertNotIn(f'name="{name}"', arch)
