"""Quantities: how many pieces a company owns of a product without serial numbers."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.event_sourcing.testing import lint_handler
from odoo.addons.test_event_sourcing.common import EventCase, make_user

USER = "rental_event_sourcing.rental_order_group_user"


class StockCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        products = cls.env["product.product"]
        cls.chair = products.create({"name": "Chair"})
        cls.drone = products.create({"name": "Drone", "rental_counting": "serial"})
        cls.stocks = cls.env["rental.stock"]

    def change(self, change, why="bought", product=None, **payload):
        product = product or self.chair
        payload = {"product_id": product.id, "change": change, "why": why, **payload}
        name = f"P{product.id}"
        return self.store.append("rental_stock", name, "QuantityChanged", payload, policy="record")

    def stock(self):
        return self.stocks.search([("product_id", "=", self.chair.id)])


class TestRules(StockCase):
    def test_never_below_zero(self):
        self.assertEqual(self.change(5)["outcome"], "applied")
        self.assertEqual(self.change(-3, "lost")["outcome"], "applied")
        self.assertEqual(
            self.change(-3, "sold")["message"],
            "Only 2 are owned, so 3 cannot go; enter at most 2.",
        )
        self.assertEqual(self.change(-2, "corrected")["outcome"], "applied")
        self.assertEqual(self.stock().quantity, 0)

    def test_refusals(self):
        for change, why, sentence in (
            (0, "bought", "The quantity would stay as it is"),
            (-1, "bought", "makes the quantity larger"),
            (1, "lost", "makes it smaller"),
            (1, "found", "is no reason"),
            (2**31, "bought", "2147483647"),
            (1.5, "bought", "whole number"),
        ):
            with self.subTest(change=change, why=why):
                answer = self.change(change, why)
                self.assertEqual(answer["outcome"], "rejected", answer)
                self.assertIn(sentence, answer["message"])
        self.assertIn("by serial number", self.change(1, product=self.drone)["message"])
        payload = {"product_id": self.chair.id, "change": 1, "why": "bought"}
        answer = self.store.append("rental_stock", "X", "QuantityChanged", payload, policy="record")
        self.assertIn(f"must be P{self.chair.id}", answer["message"])

    def test_the_handler_is_declared_well(self):
        self.assertEqual(lint_handler(self.env, "rental_stock", []), [])

    def test_words_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        handler = self.env["rental.stock.snapshot.handler"].with_context(lang="ja_JP")
        for text in (
            *handler._event_labels().values(),
            *handler._event_help().values(),
            *handler._payload_labels().values(),
            *handler._payload_help().values(),
            *handler._rule_labels().values(),
            *handler._status_labels().values(),
        ):
            self.assertRegex(text, r"[\u3040-\u30ff\u4e00-\u9fff]")


class TestStock(StockCase):
    def test_it_follows_the_events(self):
        self.change(5, changed_on="2026-01-31")
        stock = self.stock()
        self.assertEqual((stock.quantity, stock.last_why), (5, "bought"))
        self.assertEqual((stock.changed_on, stock.event_count), (date(2026, 1, 31), 1))
        self.change(-1, "lost")
        self.assertEqual((stock.quantity, stock.last_change), (4, -1))

    def test_a_new_one_is_an_event(self):
        stock = self.stocks.create({"product_id": self.chair.id, "quantity": 7})
        self.assertEqual(self.stream(stock.name, "rental_stock"), [(1, "applied")])
        self.assertEqual((stock.quantity, stock.display_name), (7, "Chair"))
        with self.assertRaisesRegex(UserError, "there already"):
            self.stocks.create({"product_id": self.chair.id, "quantity": 1})
        with self.assertRaisesRegex(UserError, "use the button"):
            stock.write({"quantity": 8})
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            stock.unlink()
        with self.assertRaisesRegex(UserError, "by serial number"):
            self.stocks.create({"product_id": self.drone.id, "quantity": 1})

    def test_each_company_has_its_own(self):
        self.stocks.create({"product_id": self.chair.id, "quantity": 7})
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.stocks.with_company(company).create(
            {"product_id": self.chair.id, "quantity": 2}
        )
        self.assertEqual((self.stock() - other).quantity, 7)
        self.assertEqual(other.quantity, 2)

    def test_as_of(self):
        self.store.append(
            *("rental_stock", f"P{self.chair.id}", "QuantityChanged"),
            {"product_id": self.chair.id, "change": 5, "why": "bought"},
            timestamp="2026-03-01 12:00:00",
        )
        self.change(-1, "lost")
        moment = self.store._clean_timestamp("2026-03-02 12:00:00")
        action = self.env["event.job"]._ask("as_of", "rental_stock", moment)
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [*action["domain"], ("product_id", "=", self.chair.id)]
        rows = self.env[action["res_model"]].search(domain)
        self.assertEqual(rows._name, "rental.stock.snapshot.as.of")
        self.assertEqual(rows.mapped("quantity"), [5])


class TestWizard(StockCase):
    def form(self, user=None, **context):
        wizards = self.env["rental.stock.wizard"].with_user(user or self.env.user)
        return Form(wizards.with_context(**context))

    def test_a_clerk_records_what_happened(self):
        clerk = make_user(self.env, "stock-clerk", USER)
        form = self.form(clerk)
        form.product_id = self.chair
        form.quantity = 10
        told = form.save().action_record()["params"]
        self.assertEqual(told["message"], "Chair: 10 owned.")
        stock = self.stock().with_user(clerk)
        action = stock.action_change_quantity()
        for why, values, quantity in (
            ("lost", {"quantity": 3}, 7),
            ("sold", {"quantity": 1}, 6),
            ("corrected", {"counted": 8}, 8),
        ):
            form = self.form(clerk, **action["context"])
            self.assertEqual(form.product_id, self.chair)
            form.why = why
            for name, value in values.items():
                form[name] = value
            form.save().action_record()
            self.assertEqual((stock.quantity, stock.last_why), (quantity, why))

    def test_a_first_change_for_another_reason_and_of_another_day(self):
        form = self.form()
        form.product_id = self.chair
        form.why = "corrected"
        form.counted = 4
        form.changed_on = "2026-01-31"
        form.save().action_record()
        stock = self.stock()
        self.assertEqual((stock.quantity, stock.last_why), (4, "corrected"))
        self.assertEqual(stock.changed_on, date(2026, 1, 31))

    def test_what_can_be_checked_is_checked_before(self):
        stock = self.stocks.create({"product_id": self.chair.id, "quantity": 7})
        for why, values, sentence in (
            ("lost", {"quantity": 8}, "Only 7 are owned"),
            ("bought", {"quantity": 0}, "1 or more"),
            ("corrected", {"counted": -1}, "0 or more"),
            ("corrected", {"counted": 7}, "nothing to correct"),
        ):
            form = self.form(**stock.action_change_quantity()["context"])
            form.why = why
            for name, value in values.items():
                form[name] = value
            with self.subTest(why=why), self.assertRaisesRegex(UserError, sentence):
                form.save().action_record()
        self.assertEqual(stock.event_count, 1)

    def test_somebody_was_faster(self):
        stock = self.stocks.create({"product_id": self.chair.id, "quantity": 7})
        form = self.form(**stock.action_change_quantity()["context"])
        form.why = "corrected"
        form.counted = 6
        wizard = form.save()
        self.change(3)
        with self.assertRaisesRegex(UserError, "in the meantime: 10 are owned"):
            wizard.action_record()


class TestCounting(StockCase):
    def test_it_changes_only_while_nothing_is_recorded(self):
        self.chair.rental_counting = "serial"
        self.chair.rental_counting = "quantity"
        self.change(1)
        self.assertTrue(self.chair.rental_recorded)
        self.chair.write({"rental_counting": "quantity", "name": "Chair 2"})
        with self.assertRaisesRegex(UserError, "stays as it is"):
            self.chair.rental_counting = "serial"
        self.env["rental.unit"].create({"product_id": self.drone.id, "serial_number": "1"})
        with self.assertRaisesRegex(UserError, "stays as it is"):
            self.drone.product_tmpl_id.rental_counting = "quantity"

    def test_another_companys_records_count_too(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.stocks.with_company(company).create({"product_id": self.chair.id, "quantity": 2})
        user = make_user(self.env, "counting", "base.group_system")
        with self.assertRaisesRegex(UserError, "stays as it is"):
            self.chair.with_user(user).rental_counting = "serial"
