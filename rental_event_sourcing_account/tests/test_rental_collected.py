"""Charges that are collected: one draft of a customer, each of them exactly once."""

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_invoice import DAMAGE, INVOICED, USER, InvoiceCase

KEY = {"collected_as": "R1/7"}


class CollectedCase(InvoiceCase):
    def collected(self, *orders):
        """Charge all that is due of rentals in one dialog; return what became of it."""
        orders = self.env["rental.order"].union(*orders)
        known = self.store.search([], order="id desc", limit=1).id
        action = orders.action_collect()
        self.env[action["res_model"]].browse(action["res_id"]).action_record()
        return self.meet(self.store.search([("id", ">", known)], order="id"))

    def out(self, *steps, **vals):
        order = self.order(**vals)
        self.record(order, ("EquipmentDelivered", {"delivered_on": "2025-12-01"}), *steps)
        return order

    def pay(self, move, amount):
        context = {"active_model": "account.move", "active_ids": move.ids}
        register = self.env["account.payment.register"].with_context(**context)
        register.create({"amount": amount}).action_create_payments()


class TestCollected(CollectedCase):
    def test_charges_of_one_rental_are_lines_of_one_draft(self):
        self.env.company.rental_late_fee = 3
        order = self.out(DAMAGE, planned_end="2025-12-20")
        rows = self.collected(order)
        self.assertEqual(rows.mapped("kind"), ["invoice", "late_fee", "damage"])
        (move,) = rows.move_id
        names = move.invoice_line_ids.mapped("name")
        self.assertEqual(len(names), 3)
        self.assertRegex(names[0], f"{order.name}: Lift, .*2025.*2025")
        self.assertRegex(names[1], f"Late return of {order.name}, ")
        self.assertEqual(names[2], f"Damage of {order.name}")
        self.assertEqual(move.amount_untaxed, sum(rows.mapped("amount")))
        self.assertEqual([len(row.move_line_ids) for row in rows], [1, 1, 1])
        self.assertEqual(rows.move_line_ids, move.invoice_line_ids)
        self.assertEqual((move.state, move.invoice_origin), ("draft", order.name))
        self.assertEqual((order.payment_state, order.invoice_count), ("draft", 1))
        notice = order.action_collect()
        self.assertEqual(notice["params"]["title"], "Nothing is due")

    def test_several_rentals_of_a_customer_share_a_draft_and_others_do_not(self):
        other = self.env["res.partner"].create({"name": "Mr Mori"})
        one, two, three = self.out(), self.out(), self.out(partner_id=other.id)
        rows = self.collected(one, two, three)
        self.assertEqual(len(rows.move_id), 2)
        shared = one.rental_invoice_ids.move_id
        self.assertEqual(shared, two.rental_invoice_ids.move_id)
        self.assertEqual(shared.invoice_origin, f"{one.name}, {two.name}")
        self.assertEqual(shared.partner_id, self.partner)
        self.assertEqual(three.rental_invoice_ids.move_id.partner_id, other)
        self.assertEqual(len(shared.invoice_line_ids), 2)

    def test_what_is_unpaid_of_a_shared_invoice_is_each_rentals_own(self):
        one, two = self.out(), self.out(quantity=3)
        move = self.collected(one, two).move_id
        move.action_post()
        whole = move.amount_total
        self.assertEqual(one.unpaid_amount + two.unpaid_amount, whole)
        self.assertAlmostEqual(two.unpaid_amount / one.unpaid_amount, 1.5)
        self.assertEqual((one.payment_state, two.payment_state), ("not_paid", "not_paid"))
        self.pay(move, whole / 2)
        self.assertAlmostEqual(one.unpaid_amount + two.unpaid_amount, whole / 2)
        self.assertEqual((one.payment_state, two.payment_state), ("partial", "partial"))
        self.pay(move, whole / 2)
        self.assertEqual((one.payment_state, two.unpaid_amount), ("paid", 0))

    def test_what_a_customer_owes_is_what_is_not_paid(self):
        clerk = make_user(self.env, "debts-clerk", USER)
        one, two = self.out(), self.out()
        rows = self.collected(one, two)
        charged = sum(rows.mapped("amount"))

        def owed():
            self.env.flush_all()
            self.env.invalidate_all()
            debts = self.partner.with_user(clerk)._rental_debts(self.partner.ids)
            return sum(amount for _currency, amount in debts[self.partner.id])

        self.assertAlmostEqual(owed(), charged)  # a draft: without tax, as charged
        move = rows.move_id
        move.action_post()
        self.assertAlmostEqual(owed(), move.amount_total)
        domain = self.partner.action_view_rentals_owed()["domain"]
        self.assertEqual(self.env["rental.order"].search(domain), one + two)
        self.pay(move, move.amount_total)
        self.assertAlmostEqual(owed(), 0)
        self.assertFalse(self.env["rental.order"].search(domain))

    def test_a_credit_names_one_of_them(self):
        one, two = self.out(), self.out()
        rows = self.collected(one, two)
        credit = {"invoice": 1, "amount": 50, "reason": "Came back early"}
        note = self.meet(self.record(two, ("InvoiceCorrected", credit)))
        self.assertEqual(note.corrects_id, two.rental_invoice_ids - note)
        self.assertEqual(note.move_id.reversed_entry_id, rows.move_id)
        self.assertNotEqual(note.move_id, rows.move_id)

    def test_each_joins_the_draft_as_long_as_it_is_one(self):
        one, two, three = self.order(), self.order(), self.order()
        charge = ("RentalInvoiced", {**INVOICED[1], **KEY})
        first = self.meet(self.record(one, charge))
        second = self.meet(self.record(two, charge))
        self.assertEqual(first.move_id, second.move_id)
        first.move_id.action_post()
        third = self.meet(self.record(three, charge))
        self.assertNotEqual(third.move_id, first.move_id)
        self.assertEqual((first | second | third).mapped("begins"), [True, False, False])

    def test_two_that_begin_it_at_once_are_told_apart(self):
        _order, row = self.invoiced()
        row.write({**KEY, "begins": True})
        self.env.flush_all()
        other = self.invoiced()[1]
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            other.write({**KEY, "begins": True})
            self.env.flush_all()

    def test_a_deleted_draft_is_made_again_as_one(self):
        one, two = self.out(), self.out()
        rows = self.collected(one, two)
        amount = rows.move_id.amount_untaxed
        rows.move_id.unlink()
        self.assertEqual((one.payment_state, two.payment_state), ("deleted", "deleted"))
        one.action_draft_invoices_again()
        two.action_draft_invoices_again()
        (move,) = rows.move_id
        self.assertEqual(move.amount_untaxed, amount)
        self.assertEqual((one.payment_state, two.payment_state), ("draft", "draft"))

    def test_lines_that_were_deleted_alone_are_missed_and_made_again(self):
        one, two = self.out(), self.out()
        rows = self.collected(one, two)
        move, (first, second) = rows.move_id, rows
        amount = move.amount_untaxed
        second.move_line_ids.unlink()
        self.assertEqual((first.state, second.state), ("draft", "deleted"))
        self.assertEqual((one.payment_state, two.payment_state), ("draft", "deleted"))
        with self.assertRaisesRegex(UserError, "The invoice is there"):
            first.action_draft_again()
        two.action_draft_invoices_again()
        self.assertEqual((second.move_id, move.amount_untaxed), (move, amount))
        self.assertEqual(second.state, "draft")
