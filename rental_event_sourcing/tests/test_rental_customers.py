"""Customers: clerks make and change them, see what they have and what was invoiced."""

from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase


class TestCustomers(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = make_user(cls.env, "desk-clerk", USER)

    def test_a_clerk_makes_and_changes_customers_and_deletes_none(self):
        partners = self.env["res.partner"].with_user(self.clerk)
        customer = partners.create({"name": "New", "phone": "06-1234", "street": "1-2-3"})
        customer.child_ids = [(0, 0, {"name": "Ms Ito", "type": "delivery"})]
        customer.write({"email": "new@example.com"})
        with self.assertRaises(AccessError):
            customer.unlink()
        # Nobody takes over an account by its address.
        with self.assertRaises(AccessError):
            self.env.ref("base.user_admin").partner_id.with_user(self.clerk).email = "x@example.com"

    def test_somebody_without_rentals_makes_none(self):
        plain = make_user(self.env, "plain", "user")
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(plain).create({"name": "New"})

    def test_what_a_customer_has(self):
        contact = self.env["res.partner"].create({"name": "Ito", "parent_id": self.partner.id})
        one, two, three = self.order(), self.order(partner_id=contact.id), self.order()
        for order in one + two:
            order._apply_event("RentalConfirmed")
            order._apply_event("RentalInvoiced", {"amount": 250})
        two._apply_event("EquipmentDelivered")
        self.env.flush_all()
        partner = self.partner.with_user(self.clerk)
        self.assertEqual((partner.rental_count, partner.rental_out_count), (3, 1))
        self.assertEqual(partner.rental_invoiced, 500)
        contact = contact.with_user(self.clerk)
        self.assertEqual((contact.rental_count, contact.rental_invoiced), (1, 250))
        orders = self.env["rental.order"]
        for name, found in (
            ("action_view_rentals", one + two + three),
            ("action_view_rentals_out", two),
            ("action_view_rentals_invoiced", one + two),
        ):
            self.assertEqual(orders.search(getattr(partner, name)()["domain"]), found)

    def test_what_is_owed_in_each_currency(self):
        kwd = self.env.ref("base.KWD")
        kuwait = self.env["res.company"].create(
            {"name": "Kuwait", "currency_id": kwd.id, "rental_dates_required": False}
        )
        clerk = make_user(self.env, "two-shops", USER)
        clerk.company_ids += kuwait
        self.env.user.company_ids += kuwait
        contact = self.env["res.partner"].create({"name": "Ito", "parent_id": self.partner.id})
        here = self.order(partner_id=contact.id)
        plan = {"partner_id": self.partner.id, "product_id": self.product.id}
        there = self.env["rental.order"].with_company(kuwait).create(plan)
        for order, amount in ((here, 250), (there, 7.125)):
            order._apply_event("RentalConfirmed")
            order._apply_event("RentalInvoiced", {"amount": amount})
        here._apply_event("InvoiceCorrected", {"invoice": 1, "amount": 50, "reason": "x"})
        self.env.flush_all()

        def owed(*companies, partner=self.partner):
            ids = [company.id for company in companies]
            seen = partner.with_user(clerk).with_context(allowed_company_ids=ids, lang="en_US")
            return (seen.rental_owed or "").replace("\xa0", " ")

        self.assertRegex(owed(self.env.company), r"^\D*200.00$")
        both = owed(self.env.company, kuwait)
        self.assertEqual(sorted(both.split(" + ")), sorted([owed(self.env.company), owed(kuwait)]))
        self.assertRegex(owed(kuwait), r"^7.125")
        self.assertEqual(owed(kuwait, partner=contact), "")
        found = self.env["rental.order"].search(self.partner.action_view_rentals_owed()["domain"])
        self.assertEqual(found, here + there)

    def test_the_name_is_only_for_who_may_read_the_customer(self):
        self.partner.company_id = self.env.company
        theirs = self.env["res.company"].create({"name": "Theirs"})
        stranger = self.partner.with_user(make_user(self.env, "stranger", USER, company=theirs))
        for name in ("", "_out", "_invoiced", "_owed"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(stranger, f"action_view_rentals{name}")()

    def test_where_it_goes_and_whom_to_ask_for(self):
        site, ito = self.env["res.partner"].create(
            [
                {"name": "Site 4", "parent_id": self.partner.id, "type": "delivery"},
                {"name": "Ito", "parent_id": self.partner.id, "email": "ito@example.com"},
            ]
        )
        with Form(self.env["rental.order"].with_user(self.clerk)) as form:
            form.partner_id = self.partner
            self.assertEqual(form.delivery_partner_id, site)
            form.contact_partner_id = ito
            with form.line_ids.new() as line:
                line.product_id = self.product
        order = form.save()
        self.assertEqual(order.snapshot_id.sudo().delivery_partner_id, site)
        event = self.store.search([("aggregate_id", "=", order.name)])
        people = {"delivery_partner_id": site.id, "contact_partner_id": ito.id}
        self.assertEqual({key: event.payload.get(key) for key in people}, people)
        self.assertEqual(order._mail_partner(), ito)
        order.write({"delivery_partner_id": False, "contact_partner_id": False})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(order.delivery_partner_id or order.contact_partner_id)
        self.assertEqual(order._mail_partner(), self.partner)
        self.assertEqual(self.history(order)[-1], ("PlanChanged", "applied"))

    def test_the_form_opens_with_and_without_rentals(self):
        for user in (self.clerk, make_user(self.env, "plain", "user")):
            views = self.env["res.partner"].with_user(user).get_views([(False, "form")])
            shown = "action_view_rentals_out" in views["views"]["form"]["arch"]
            self.assertEqual(shown, user == self.clerk)

    def test_another_company_counts_for_itself(self):
        self.order()
        theirs = self.env["res.company"].create({"name": "Theirs"})
        stranger = make_user(self.env, "stranger", USER, company=theirs)
        partner = self.partner.with_user(stranger)
        self.assertEqual((partner.rental_count, partner.rental_invoiced), (0, 0))

    def test_a_merged_customer_keeps_the_rentals_readable(self):
        twin = self.env["res.partner"].create({"name": "株式会社テスト 大阪"})
        order = self.order(partner_id=twin.id, quantity=2)
        order._apply_event("RentalConfirmed")
        self.env.flush_all()
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge((self.partner + twin).ids, self.partner, extra_checks=False)
        self.assertFalse(twin.exists())
        self.env.invalidate_all()
        self.assertEqual(order.partner_id, self.partner)
        self.assertEqual(order.snapshot_id.partner_id, self.partner)
        # It goes on, and is the customer's after every further event.
        order.write({"quantity": 3})
        order._apply_event("EquipmentDelivered")
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((order.status, order.partner_id), ("active", self.partner))
        self.assertEqual(order.snapshot_id.partner_id, self.partner)
        page = self.env["event.timeline"].page("rental.order", order.id)
        words = str(page["entries"][-1])
        self.assertIn("顧客" if self.env.lang == "ja_JP" else "Customer", words)
        self.assertEqual(self.partner.rental_count, 1)
