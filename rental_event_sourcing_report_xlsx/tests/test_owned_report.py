from datetime import datetime

from odoo.addons.rental_event_sourcing_report_xlsx.tests.test_excel_report import Book, ReportCase


class TestOwnedReport(ReportCase):
    """Units and quantities in the Excel report: dates and numbers are typed."""

    def test_their_columns(self):
        product = self.env["product.product"].create({"name": "Drone", "rental_counting": "serial"})
        payload = {"serial_number": "D-1", "product_id": product.id}
        payload |= {"acquired_on": "2026-10-31", "cost": 42}
        self.store.append(
            *("rental_unit", f"{product.id}/D-1", "UnitAcquired", payload),
            timestamp="2026-11-03 01:00:00",
        )
        chair = self.env["product.product"].create({"name": "Chair"})
        payload = {"product_id": chair.id, "change": 7, "why": "bought"}
        self.store.append(
            *("rental_stock", f"P{chair.id}", "QuantityChanged", payload),
            timestamp="2026-11-03 01:00:00",
        )
        book = self.book("rental_unit", "rental_stock")
        self.assertEqual({Book.about(sheet) for sheet in book.worksheets[:2]}, {"Unit", "Quantity"})
        for sheet, name, values in (
            ("Unit", "D-1", {"Drone", "In order", 42, datetime(2026, 10, 31)}),
            ("Quantity", "Chair", {7, "Bought", datetime(2026, 11, 3)}),
        ):
            rows = [[c.value for c in row] for row in book[sheet].iter_rows()]
            (row,) = (row for row in rows if name in row)
            with self.subTest(sheet=sheet):
                self.assertLessEqual(values, set(row))
