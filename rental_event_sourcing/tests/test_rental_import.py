"""Odoo's import: what a file says becomes events, all of it or nothing."""

import openpyxl

from odoo.modules.module import get_module_path

from .test_rental_order import RentalCase

HEAD = ["partner_id", "planned_start", "planned_end"]
LINE = ["line_ids/product_id", "line_ids/quantity", "line_ids/price", "line_ids/price_period"]


class ImportCase(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        products = cls.env["product.product"]
        cls.crane = products.create(
            {
                "name": "Crane X",
                "default_code": "CRX",
                "rental_ok": True,
                "rental_counting": "serial",
                "rental_price_day": 100,
            }
        )
        cls.lift = products.create(
            {"name": "Lift X", "default_code": "LFX", "rental_ok": True, "rental_price_month": 30}
        )

    def load(self, model, head, rows):
        return self.env[model].load(head, [[str(value) for value in row] for row in rows])

    def refused(self, found):
        """Return ``[(first row of the record, sentence)]``; the first row of the file is 0."""
        self.assertFalse(found["ids"])
        told = [(m["rows"]["from"], m["message"]) for m in found["messages"]]
        # 19.0 first tells of the whole batch what it then tells of a record.
        (_row, first), *others = told
        return others if any(first.endswith(sentence) for _row, sentence in others) else told

    def template(self, model):
        """Return the rows of the template that the import dialog offers last."""
        path = self.env[model].get_import_templates()[-1]["template"]
        path = path.removeprefix("/rental_event_sourcing")
        book = openpyxl.load_workbook(get_module_path("rental_event_sourcing") + path)
        return [[cell.value for cell in row] for row in book.active]


class TestRentals(ImportCase):
    def test_lines_prices_and_events(self):
        name = self.partner.name
        found = self.load(
            "rental.order",
            HEAD + LINE,
            [
                [name, "2030-02-01", "2030-02-28", "LFX", 3, "", ""],
                ["", "", "", "CRX", 1, 70, "per day"],
                [name, "2030-03-01", "2030-03-02", "Crane X", "", "", ""],
            ],
        )
        self.assertFalse(found["messages"])
        first, second = self.env["rental.order"].browse(found["ids"])
        self.assertRegex(first.name, r"^R\d{5}$")
        self.assertEqual(first.line_ids.mapped("quantity"), [3, 1])
        self.assertEqual(first.line_ids.mapped("price"), [30, 70])
        self.assertEqual(first.line_ids.mapped("price_period"), ["month", "day"])
        self.assertEqual(first.line_ids.mapped("price_typed"), [False, True])
        # What the file leaves empty is as if nothing was typed.
        line = second.line_ids
        self.assertEqual((line.quantity, line.price, line.price_period), (1, 100, "day"))
        for order in (first, second):
            self.assertEqual(self.history(order), [("RentalPlanned", "applied")])
            self.assertEqual(
                order.snapshot_id.state["lines"].keys(), {*order.line_ids.mapped("line_key")}
            )

    def test_a_rule_that_row_7_breaks(self):
        rows = [[self.partner.name, "2030-02-01", "2030-02-28", "LFX"] for _row in range(9)]
        rows[6][2] = "2030-01-01"
        before = self.env["rental.order"].search_count([]), self.store.search_count([])
        found = self.load("rental.order", [*HEAD, LINE[0]], rows)
        self.assertEqual(self.refused(found), [(6, "The end is before the start.")])
        after = self.env["rental.order"].search_count([]), self.store.search_count([])
        self.assertEqual(after, before)

    def test_several_faults_are_told_together(self):
        rows = [[self.partner.name, "2030-02-01", "2030-02-28", "LFX", 1] for _row in range(6)]
        rows[1][4] = 0
        rows[3][0] = ""
        rows[5][3] = ""
        found = self.load("rental.order", [*HEAD, *LINE[:2]], rows)
        refused = self.refused(found)
        self.assertEqual([row for row, _sentence in refused], [1, 3, 5])
        for (_row, sentence), words in zip(
            refused, ("must be at least 1", "needs a customer", "needs a line"), strict=True
        ):
            self.assertIn(words, sentence)

    def test_an_unknown_product_or_customer(self):
        for column, what in ((0, "Nobody & Sons"), (3, "NO-SUCH")):
            row = [self.partner.name, "2030-02-01", "2030-02-28", "LFX"]
            row[column] = what
            refused = self.refused(self.load("rental.order", [*HEAD, LINE[0]], [row]))
            sentence = refused[0][1]
            self.assertIn(f"No matching record found for name '{what}'", sentence)

    def test_the_template(self):
        head, *rows = self.template("rental.order")
        for row in rows:  # the demo data may have the codes already
            row[3] = f"T-{row[3]}"
        labels = self.env["rental.order"].fields_get()
        lines = self.env["rental.order.line"].fields_get()
        names = {field["string"]: name for name, field in labels.items()}
        names |= {f"Lines/{field['string']}": f"line_ids/{name}" for name, field in lines.items()}
        for customer in {row[0] for row in rows if row[0]}:
            self.env["res.partner"].create({"name": customer})
        for code in {row[3] for row in rows}:
            vals = {"name": f"T {code}", "default_code": code, "rental_price_day": 5}
            if not self.env["product.product"].search([("default_code", "=", code)]):
                self.env["product.product"].create(vals)
        rows = [[("" if v is None else str(v).removesuffix(" 00:00:00")) for v in r] for r in rows]
        found = self.load("rental.order", [names[label] for label in head], rows)
        self.assertFalse([m for m in found["messages"] if m["type"] == "error"], found)
        orders = self.env["rental.order"].browse(found["ids"])
        self.assertEqual([len(order.line_ids) for order in orders], [2, 1])


class TestWhatIsOwned(ImportCase):
    def test_units(self):
        head = ["product_id", "serial_number", "acquired_on", "cost"]
        rows = [["CRX", f"I-{number}", "2026-01-31", 5] for number in range(9)]
        rows[6][3] = -1
        found = self.load("rental.unit", head, rows)
        ((row, sentence),) = self.refused(found)
        self.assertEqual(row, 6)
        self.assertIn("must be at least 0", sentence)
        self.assertFalse(self.env["rental.unit"].search([("serial_number", "like", "I-")]))
        rows[6] = ["LFX", "I-6", "2026-01-31", 5]
        ((row, sentence),) = self.refused(self.load("rental.unit", head, rows))
        self.assertIn("Lift X is counted by quantity", sentence)
        rows[6] = ["CRX", "I-6", "2026-01-31", 5]
        found = self.load("rental.unit", head, rows)
        units = self.env["rental.unit"].browse(found["ids"])
        self.assertEqual(len(units), 9)
        for unit in units:
            self.assertEqual(self.stream(unit.name, "rental_unit"), [(1, "applied")])

    def test_quantities(self):
        others = self.env["product.product"].create(
            [{"name": f"Chair {number}", "default_code": f"CH{number}"} for number in range(8)]
        )
        rows = [[product.default_code, 5] for product in others]
        rows[6][1] = -3
        found = self.load("rental.stock", ["product_id", "quantity"], rows)
        ((row, sentence),) = self.refused(found)
        self.assertEqual(row, 6)
        self.assertIn("the change is above 0", sentence)
        self.assertFalse(self.env["rental.stock"].search([("product_id", "in", others.ids)]))
        rows[6][1] = 3
        found = self.load("rental.stock", ["product_id", "quantity"], rows)
        stocks = self.env["rental.stock"].browse(found["ids"])
        self.assertEqual(stocks.mapped("quantity"), [5] * 6 + [3, 5])
        again = self.load("rental.stock", ["product_id", "quantity"], rows[:1])
        self.assertIn("is there already", self.refused(again)[0][1])

    def test_products(self):
        head, *rows = self.template("product.template")
        labels = {
            "Name": "name",
            "Internal Reference": "default_code",
            "For Rent": "rental_ok",
            "Counted": "rental_counting",
            "Rental Price per Day": "rental_price_day",
            "Rental Price per Week": "rental_price_week",
            "Rental Price per Month": "rental_price_month",
        }
        known = self.env["product.template"].fields_get(list(labels.values()))
        for label, name in labels.items():
            self.assertEqual(known[name]["string"], label)
        found = self.load("product.template", [labels[label] for label in head], rows)
        self.assertFalse(found["messages"])
        drone, chair = self.env["product.template"].browse(found["ids"])
        self.assertEqual((drone.rental_counting, chair.rental_counting), ("serial", "quantity"))
        self.assertTrue(drone.rental_ok and chair.rental_ok)
        self.assertEqual(drone.rental_price_week, 45000)
        rows[1][4] = -1
        ((row, sentence),) = self.refused(
            self.load("product.template", [labels[label] for label in head], rows)
        )
        self.assertEqual(row, 1)
        self.assertIn("cannot be below 0", sentence)
