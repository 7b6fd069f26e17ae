"""The rental addon's exports go the same way as the engine's."""

import io
import json
from datetime import datetime

import openpyxl

from odoo import http
from odoo.tests import HttpCase, tagged

from .test_rental_limits import without_limits


@tagged("post_install", "-at_install")
class TestRentalExport(HttpCase):
    def setUp(self):
        super().setUp()
        without_limits(self.env)
        self.order = self.env["rental.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "=東京建機"}).id,
                "product_id": self.env["product.product"].create({"name": "+Crane"}).id,
                "quantity": 3,
                "planned_start": "2026-02-03",
                "planned_end": "2026-03-04",
                "notes": "=1+1",
            }
        )
        self.authenticate("admin", "admin")

    def export(self, model, names, ids, groupby=()):
        fields = [
            {"name": n, "label": n, "store": True, "type": self.env[model]._fields[n].type}
            for n in names
        ]
        data = {
            "model": model,
            "fields": fields,
            "ids": ids,
            "domain": [],
            "groupby": list(groupby),
            "context": {"lang": "en_US"},
            "import_compat": False,
        }
        answer = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        for row in sheet.iter_rows():
            for cell in row:
                self.assertNotEqual(cell.data_type, "f", cell.coordinate)
        return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]

    def test_orders(self):
        names = ["name", "partner_id", "product_id", "quantity", "planned_start", "notes", "status"]
        start = datetime(2026, 2, 3)
        row = [self.order.name, "=東京建機", "+Crane", 3, start, "=1+1", "Draft"]
        self.assertEqual(self.export("rental.order", names, self.order.ids), [row])
        grouped = self.export("rental.order", names, self.order.ids, ["partner_id"])
        self.assertEqual((grouped[0][0], grouped[1]), ("=東京建機 (1)", row))

    def test_snapshots(self):
        snapshot = self.order.snapshot_id
        names = ["aggregate_id", "partner_id", "quantity", "planned_end", "version", "state"]
        (row,) = self.export("rental.snapshot", names, snapshot.ids)
        self.assertEqual(row[:5], [self.order.name, "=東京建機", 3, datetime(2026, 3, 4), 1])
        self.assertEqual(json.loads(row[5])["quantity"], 3)
        grouped = self.export("rental.snapshot", names[:5], snapshot.ids, ["partner_id"])
        self.assertEqual((grouped[0][0], grouped[1]), ("=東京建機 (1)", row[:5]))
