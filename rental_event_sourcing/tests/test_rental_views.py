"""Rentals on a board and in a calendar."""

from datetime import timedelta

from lxml import etree

from odoo.tools.safe_eval import safe_eval

from odoo.addons.rental_event_sourcing.models.rental_order import COLORS
from odoo.addons.rental_event_sourcing.models.rental_snapshot import STATUSES
from odoo.addons.test_event_sourcing.common import EventCase

from .test_rental_limits import without_limits


class TestRentalViews(EventCase):
    def order(self, **vals):
        without_limits(self.env)
        partner = self.env["res.partner"].create({"name": "株式会社テスト"})
        product = self.env["product.product"].create({"name": "Lift", "rental_price_month": 500})
        return self.env["rental.order"].create(
            {"partner_id": partner.id, "product_id": product.id, **vals}
        )

    def test_overdue_is_active_after_the_planned_end(self):
        today = self.store._business_today(self.env.company.id)
        orders = self.env["rental.order"]
        late, other = self.order(planned_end=today - timedelta(days=1)), self.order()
        domain = [("id", "in", (late + other).ids)]
        self.assertFalse(late.overdue)  # nothing was delivered yet
        for event_type in ("RentalConfirmed", "EquipmentDelivered"):
            (late + other)._apply_event(event_type)
        self.assertTrue(late.overdue)
        self.assertFalse(other.overdue)
        for value, found in ((True, late), (False, other)):
            self.assertEqual(orders.search([("overdue", "=", value), *domain]), found)
            self.assertEqual(orders.search([("overdue", "!=", not value), *domain]), found)

    def test_columns_of_the_kanban_are_in_the_order_of_a_rentals_life(self):
        self.order()
        groups = self.env["rental.order"].read_group([], ["status"], ["status"])
        self.assertEqual([group["status"] for group in groups], [name for name, _label in STATUSES])

    def test_the_calendar_shows_what_is_under_way_in_the_colors_of_the_badges(self):
        self.assertEqual(set(COLORS), {status for status, _label in STATUSES})
        order = self.order()
        draft = order.color
        order._apply_event("RentalConfirmed")
        self.assertNotEqual(order.color, draft)
        action = self.env.ref("rental_event_sourcing.rental_order_calendar_action")
        views = self.env["rental.order"].get_views([(False, "calendar"), (False, "search")])
        calendar = etree.fromstring(views["views"]["calendar"]["arch"])
        self.assertEqual(calendar.get("color"), "color")
        self.assertEqual(calendar.find("field[@filters]").get("name"), "status")
        search = etree.fromstring(views["views"]["search"]["arch"])
        [default] = safe_eval(action.context)
        name = default.removeprefix("search_default_")
        [under_way] = search.xpath(f"//filter[@name='{name}']")
        orders = self.env["rental.order"]
        domain = [*safe_eval(under_way.get("domain")), ("id", "=", order.id)]
        self.assertEqual(orders.search(domain), order)
        order._apply_event("RentalCancelled")
        self.assertFalse(orders.search(domain))

    def test_the_calendar_says_whose_rental_it_is(self):
        order = self.order()
        self.assertEqual(order.display_name, order.name)
        self.assertEqual(order.calendar_name, f"{order.name} {order.partner_id.name}")
        orders = self.env["rental.order"]
        self.assertIn(order, orders.search([("calendar_name", "ilike", order.partner_id.name)]))
