"""Rentals on a board and in a calendar."""

from datetime import timedelta

from odoo import fields

from odoo.addons.rental_event_sourcing.models.rental_snapshot import STATUSES
from odoo.addons.test_event_sourcing.common import EventCase


class TestRentalViews(EventCase):
    def order(self, **vals):
        partner = self.env["res.partner"].create({"name": "株式会社テスト"})
        product = self.env["rental.product"].create({"name": "Lift", "monthly_price": 500})
        return self.env["rental.order"].create(
            {"partner_id": partner.id, "product_id": product.id, **vals}
        )

    def test_overdue_is_active_after_the_planned_end(self):
        today = fields.Date.today()
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

    def test_the_calendar_says_whose_rental_it_is(self):
        order = self.order()
        self.assertEqual(order.display_name, order.name)
        self.assertEqual(order.calendar_name, f"{order.name} {order.partner_id.name}")
        orders = self.env["rental.order"]
        self.assertIn(order, orders.search([("calendar_name", "ilike", order.partner_id.name)]))
