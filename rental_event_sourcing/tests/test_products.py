"""Products for rent are Odoo's: who maintains them, and what rentals take from them."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form

from odoo.addons.rental_event_sourcing.models.product_template import PRICES, VARIANT_PRICES
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase

MANAGER = "rental_event_sourcing.rental_order_group_manager"


class TestProducts(RentalCase):
    def test_a_manager_maintains_them_and_a_clerk_reads_them(self):
        manager = make_user(self.env, "shop-manager", "user", MANAGER)
        clerk = make_user(self.env, "shop-clerk", "user", USER)
        templates = self.env["product.template"]
        tent = templates.with_user(manager).create(
            {"name": "Tent", "default_code": "TNT", "rental_ok": True, "rental_price_month": 90}
        )
        tent.with_user(manager).rental_price_month = 95
        self.assertEqual(tent.with_user(clerk).product_variant_id.rental_price_month, 95)
        with self.assertRaises(AccessError):
            tent.with_user(clerk).write({"rental_price_month": 1})
        colour = (
            self.env["product.attribute"]
            .with_user(manager)
            .create(
                {"name": "Colour", "value_ids": [(0, 0, {"name": "Red"}), (0, 0, {"name": "Blue"})]}
            )
        )
        values = [(6, 0, colour.value_ids.ids)]
        tent.with_user(manager).attribute_line_ids = [
            (0, 0, {"attribute_id": colour.id, "value_ids": values})
        ]
        self.assertEqual(len(tent.product_variant_ids), 2)

    def test_the_price_of_the_product_is_proposed_in_the_currency_of_the_rental(self):
        clerk = make_user(self.env, "shop-clerk", "user", USER)
        self.product.rental_price_month = 500
        with Form(self.env["rental.order"].with_user(clerk)) as form:
            form.partner_id = self.partner
            with form.line_ids.new() as line:
                line.product_id = self.product
                self.assertEqual(line.price, 500)
        here = self.env.company.currency_id
        other = self.env["res.currency"].with_context(active_test=False)
        other = other.search([("id", "!=", here.id)], limit=1)
        other.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": other.id, "name": "2020-01-01", "rate": 2}
        )
        rate = here._convert(500, other, self.env.company, "2026-01-01")
        self.assertEqual(self.product._rental_prices(other, self.env.company), {"month": rate})
        self.assertEqual(self.product._rental_prices(here, self.env.company), {"month": 500})

    def variants(self):
        """Return a red and a blue tent: the red one has a week's price of its own."""
        colour = self.env["product.attribute"].create(
            {"name": "Colour", "value_ids": [(0, 0, {"name": "Red"}), (0, 0, {"name": "Blue"})]}
        )
        line = {"attribute_id": colour.id, "value_ids": [(6, 0, colour.value_ids.ids)]}
        tent = self.env["product.template"].create(
            {
                "name": "Tent",
                "rental_ok": True,
                "rental_price_day": 20,
                "rental_price_week": 100,
                "attribute_line_ids": [(0, 0, line)],
            }
        )
        red, blue = tent.product_variant_ids
        red.rental_variant_price_week = 90
        return red, blue

    def test_a_variant_has_its_own_price_where_it_is_given(self):
        red, blue = self.variants()
        here, company = self.env.company.currency_id, self.env.company
        self.assertEqual(red._rental_prices(here, company), {"day": 20, "week": 90})
        self.assertEqual(blue._rental_prices(here, company), {"day": 20, "week": 100})
        plan = {"planned_start": "2026-03-01", "planned_end": "2026-03-14"}
        with Form(self.env["rental.order"]) as form:
            form.partner_id = self.partner
            form.planned_start, form.planned_end = plan["planned_start"], plan["planned_end"]
            for variant, price in ((red, 90), (blue, 100)):
                with form.line_ids.new() as line:
                    line.product_id = variant
                    self.assertEqual((line.price, line.price_period), (price, "week"))
        order = form.save()
        self.assertEqual(order.line_ids.mapped("amount"), [180, 200])
        words = order.line_ids[0].with_context(lang="en_US").price_words
        self.assertIn("2 weeks", words)
        self.assertIn("180", words)
        # What was typed stays, and says what the variant says.
        order.line_ids[0].price = 85
        words = order.line_ids[0].with_context(lang="en_US").price_words
        self.assertIn("entered by hand; the product says 2 weeks", words)
        red.rental_variant_price_week = 0
        order.action_take_prices()
        self.assertEqual(order.line_ids.mapped("price"), [100, 100])

    def test_a_price_of_a_variant_is_not_below_zero(self):
        red, _blue = self.variants()
        with self.assertRaisesRegex(ValidationError, "Tent cannot be below 0"):
            red.rental_variant_price_day = -1

    def test_forms_of_variants_show_their_prices(self):
        for name in ("product_normal_form_view", "product_variant_easy_edit_view"):
            view = self.env["product.product"].get_view(self.env.ref(f"product.{name}").id, "form")
            for price in VARIANT_PRICES:
                self.assertIn(f'name="{price}"', view["arch"])

    def test_a_currency_without_a_rate_proposes_no_price(self):
        self.product.write({"rental_price_month": 500, "rental_late_fee": 7})
        kwd = self.env.ref("base.KWD")
        here = self.env.company.currency_id
        self.env["res.currency.rate"].search([("currency_id", "in", (kwd + here).ids)]).unlink()
        kuwait = self.env["res.company"].create(
            {
                "name": "Kuwait",
                "currency_id": kwd.id,
                "rental_dates_required": False,
                "rental_backdate_days": 36500,
                "rental_late_fee": 3,
            }
        )
        self.env.user.company_ids += kuwait
        order = self.env["rental.order"].with_company(kuwait)
        plan = {"planned_start": "2026-03-01", "planned_end": "2026-03-31"}
        order = order.create({"partner_id": self.partner.id, "product_id": self.product.id, **plan})
        self.assertEqual((order.line_ids.price, order.line_ids.price_typed), (0, False))
        self.assertEqual(
            order.line_ids.with_context(lang="en_US").price_words,
            f"no price: there is no exchange rate from {here.name} to KWD",
        )
        order._apply_event("RentalConfirmed")
        order._apply_event("EquipmentDelivered", {"delivered_on": "2026-03-01"})
        days = (order.planned_start, order.planned_start)
        self.assertEqual(order.snapshot_id._late_fee(*days), 3)
        self.env["res.currency.rate"].create(
            {"currency_id": kwd.id, "name": "2020-01-01", "rate": 0.25, "company_id": kuwait.id}
        )
        order.action_take_prices()
        self.assertEqual(order.line_ids.price, 125)
        self.assertEqual(order.snapshot_id._late_fee(*days), 1.75)

    def test_the_list_of_products_offers_what_is_for_rent(self):
        action = self.env.ref("rental_event_sourcing.rental_product_action")
        self.assertEqual(action.domain, "[('rental_ok', '=', True)]")
        view = self.env["product.template"].get_view(
            self.env.ref("product.product_template_only_form_view").id, "form"
        )
        for name in ("rental_ok", *PRICES):
            self.assertIn(f'name="{name}"', view["arch"])
        field = self.env["rental.order"].fields_get(["product_id"])["product_id"]
        self.assertIn("rental_ok", str(field["domain"]))

    def test_every_code_finds_the_rental(self):
        self.product.default_code = "XQ-77"
        order = self.order()
        for model in ("rental.order", "rental.snapshot"):
            found = self.env[model].search([("product_id", "ilike", "xq-77")])
            self.assertIn(
                order.name,
                found.mapped("display_name" if model == "rental.order" else "aggregate_id"),
            )
