"""Lines take the cheapest price of their product, and say so; what was typed stays."""

from odoo.tests import Form

from .test_rental_order import RentalCase


class TestPrices(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.write(
            {"rental_price_day": 3000, "rental_price_week": 7500, "rental_price_month": 30000}
        )

    def rented(self, start="2026-03-01", end="2026-04-14", **vals):
        return self.order(planned_start=start, planned_end=end, **vals)

    def said(self, order):
        line = order.line_ids
        return line.price, line.price_period, line.price_typed

    def words(self, order, lang="en_US"):
        return order.with_context(lang=lang).line_ids.price_words.replace("\xa0", " ")

    def test_the_cheapest_combination_with_its_words(self):
        order = self.rented(quantity=2)
        self.assertEqual(self.said(order), (45000, "rental", False))
        self.assertEqual(order.line_ids.amount, 90000)
        self.assertEqual(self.words(order), "1 month + 2 weeks: $ 45,000.00")
        self.env["res.lang"]._activate_lang("ja_JP")
        self.assertIn("1 か月 + 2 週間：", self.words(order, "ja_JP"))

    def test_one_kind_of_period_is_a_price_of_that_period(self):
        for end, price, period, amount in (
            ("2026-03-02", 3000, "day", 6000),
            ("2026-03-14", 7500, "week", 15000),
            ("2026-05-31", 30000, "month", 90000),
        ):
            order = self.rented(end=end)
            self.assertEqual(self.said(order), (price, period, False))
            self.assertEqual(order.line_ids.amount, amount)

    def test_other_days_are_another_price_in_the_same_event(self):
        order = self.rented()
        order.planned_end = "2026-03-31"
        self.assertEqual(self.said(order), (30000, "month", False))
        event = self.store.search([("aggregate_id", "=", order.name)], limit=1)
        line = {"price": 30000, "price_period": "month"}
        self.assertEqual(event.payload, {"planned_end": "2026-03-31", "lines": {"1": line}})
        self.assertEqual(len(self.history(order)), 2)

    def test_what_was_typed_stays(self):
        order = self.rented(monthly_price=100)
        self.assertEqual(self.said(order), (100, "month", True))
        order.planned_end = "2026-03-31"
        self.assertEqual(self.said(order), (100, "month", True))
        self.assertEqual(
            self.words(order), "entered by hand; the product says 1 month: $ 30,000.00"
        )
        self.assertEqual(order.line_ids.amount, 100)

    def test_the_form_follows_and_marks_what_is_typed(self):
        with Form(self.env["rental.order"]) as form:
            form.partner_id = self.partner
            form.planned_start, form.planned_end = "2026-03-01", "2026-03-31"
            with form.line_ids.new() as line:
                line.product_id = self.product
                self.assertEqual((line.price, line.price_period), (30000, "month"))
                self.assertFalse(line.price_typed)
            form.planned_end = "2026-03-07"
            with form.line_ids.edit(0) as line:
                self.assertEqual((line.price, line.price_period), (7500, "week"))
        order = form.save()
        self.assertEqual(self.said(order), (7500, "week", False))
        with Form(order) as form:
            form.planned_end = "2026-03-31"
        self.assertEqual(self.said(order), (30000, "month", False))
        with Form(order) as form, form.line_ids.edit(0) as line:
            line.price = 29000
            self.assertTrue(line.price_typed)
        self.assertEqual(self.said(order), (29000, "month", True))

    def test_take_the_price_of_the_product(self):
        order = self.rented(monthly_price=100)
        order._apply_event("RentalConfirmed")
        order._apply_event("EquipmentDelivered")
        order._apply_event("RentalExtended", {"planned_end": "2026-04-30"})
        self.assertEqual(order.action_take_prices()["params"]["type"], "success")
        self.assertEqual(self.history(order)[-1], ("PriceChanged", "applied"))
        self.assertEqual(self.said(order), (30000, "month", False))
        # Nothing is recorded where nothing changes.
        history = self.history(order)
        self.assertIn("nothing to change", order.action_take_prices()["params"]["message"])
        self.assertEqual(self.history(order), history)

    def test_a_product_without_prices_proposes_none(self):
        self.product.write({"rental_price_day": 0, "rental_price_week": 0, "rental_price_month": 0})
        order = self.rented(monthly_price=100)
        self.assertEqual(self.said(order), (100, "month", True))
        self.assertEqual(self.words(order), "entered by hand")
        order.action_take_prices()
        self.assertEqual(self.said(order), (100, "month", True))

    def test_without_days_it_is_the_price_of_the_longest_period(self):
        order = self.order()
        self.assertEqual(self.said(order), (30000, "month", False))
        self.assertEqual(order.line_ids.amount, 30000)  # of one period
        self.assertEqual(self.words(order), "$ 30,000.00")
