"""Products for rent are Odoo's: who maintains them, and what rentals take from them."""

from odoo.exceptions import AccessError
from odoo.tests import Form

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
            form.product_id = self.product
            self.assertEqual(form.monthly_price, 500)
        here = self.env.company.currency_id
        other = self.env["res.currency"].with_context(active_test=False)
        other = other.search([("id", "!=", here.id)], limit=1)
        other.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": other.id, "name": "2020-01-01", "rate": 2}
        )
        rate = here._convert(500, other, self.env.company, "2026-01-01")
        self.assertEqual(self.product._rental_price_in(other, self.env.company), rate)
        self.assertEqual(self.product._rental_price_in(here, self.env.company), 500)

    def test_the_list_of_products_offers_what_is_for_rent(self):
        action = self.env.ref("rental_event_sourcing.rental_product_action")
        self.assertEqual(action.domain, "[('rental_ok', '=', True)]")
        view = self.env["product.template"].get_view(
            self.env.ref("product.product_template_only_form_view").id, "form"
        )
        for name in ("rental_ok", "rental_price_month"):
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
