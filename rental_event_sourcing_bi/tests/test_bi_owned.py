from datetime import date

from odoo.addons.rental_event_sourcing_bi.tests.test_bi import BiCase


class TestOwned(BiCase):
    """Units and quantities as BI tools read them."""

    def test_a_unit(self):
        product = self.env["product.product"].create({"name": "Drone", "rental_counting": "serial"})
        vals = {"product_id": product.id, "serial_number": "D-1", "cost": 9.5}
        unit = self.env["rental.unit"].create({**vals, "acquired_on": "2026-01-31"})
        unit._apply_event("UnitDamaged", {"description": "Cracked"})
        query = "SELECT * FROM event_bi.bi_rental_unit WHERE unit = %s"
        (row,) = self.rows(query, unit.name)
        self.assertEqual((row["product"], row["serial_number"]), ("Drone", "D-1"))
        self.assertEqual((row["status"], row["damaged"]), ("in_order", True))
        self.assertEqual((row["acquired_on"], row["cost"]), (date(2026, 1, 31), 9.5))
        company = self.env.company
        self.assertEqual(
            (row["company"], row["currency"]), (company.name, company.currency_id.name)
        )

    def test_a_quantity(self):
        product = self.env["product.product"].create({"name": "Chair"})
        stock = self.env["rental.stock"].create({"product_id": product.id, "quantity": 7})
        query = "SELECT * FROM event_bi.bi_rental_stock WHERE stock = %s"
        (row,) = self.rows(query, stock.name)
        self.assertEqual((row["product"], row["quantity"]), ("Chair", 7))
        self.assertEqual((row["last_change"], row["last_why"]), (7, "bought"))
