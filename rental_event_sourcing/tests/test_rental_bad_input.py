"""Bad input of a shop that no other test shows: archived products, photos of units, no accounting.

The rest of what a shop gets wrong is shown where the rule is: a unit out twice and one retired
while booked in ``test_rental_boundaries``, as the night in which clocks change; returns in
``test_rental_movements``, as barcodes of something else; currencies in ``test_exact_numbers``; a
merged customer in ``test_rental_customers``; other companies in ``test_rental_guards``.
"""

import base64

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_lines import LineCase
from .test_rental_order import USER
from .test_rental_photos import MEGABYTE, picture

ARCHIVED = "Crane is archived, so it is not rented any more; choose another product"


class TestArchivedProduct(LineCase):
    def append(self, order, event_type, payload):
        return self.store.append("rental", order.name, event_type, payload)

    def test_a_new_plan_does_not_name_it(self):
        self.crane.active = False
        with self.assertRaisesRegex(UserError, ARCHIVED), self.env.cr.savepoint():
            self.two()
        with self.assertRaisesRegex(UserError, ARCHIVED), self.env.cr.savepoint():
            self.order(product_id=self.crane.id)
        flat = {"partner_id": self.partner.id, "product_id": self.crane.id, "quantity": 1}
        answer = self.store.append("rental", "WEB-A", "RentalPlanned", flat)
        self.assertEqual((answer["outcome"], answer["message"][:60]), ("rejected", ARCHIVED[:60]))
        label = self.env["snapshot.handler.registry"]._rule_label(
            "rental", "RentalPlanned/archived_product"
        )
        self.assertEqual(label, "A product that is archived is not rented any more.")

    def test_a_batch_asks_once(self):
        products = self.env["product.product"].create([{"name": f"P{n}"} for n in range(25)])
        counts = []
        for some in (products[:1], products[:5], products):
            calls = [
                {
                    "model_name": "rental",
                    "aggregate_id": f"WEB-{len(some)}-{product.id}",
                    "event_type": "RentalPlanned",
                    "payload": {
                        "partner_id": self.partner.id,
                        "lines": {"1": {"product_id": product.id, "quantity": 1}},
                    },
                }
                for product in some
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            answers = self.store.append_batch(calls)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual({answer["outcome"] for answer in answers}, {"applied"})
        self.assertEqual(counts[2], counts[1], counts)

    def test_neither_a_changed_plan_nor_an_exchange_names_it(self):
        order = self.order()
        self.crane.active = False
        with self.assertRaisesRegex(UserError, ARCHIVED), self.env.cr.savepoint():
            order.product_id = self.crane
        order.invalidate_recordset()
        order._apply_event("RentalConfirmed")
        line = {"2": {"product_id": self.crane.id, "quantity": 1}}
        exchange = {"line": "1", "product_id": self.crane.id}
        for event_type, payload in (
            ("PlanChanged", {"lines": line}),
            ("PlanChanged", {"product_id": self.crane.id}),
            ("ProductExchanged", exchange),
        ):
            answer = self.append(order, event_type, payload)
            self.assertEqual(answer["outcome"], "rejected", (event_type, payload))
            self.assertRegex(answer["message"], ARCHIVED)
        error = order._forecast("ProductExchanged", exchange)[order]
        self.assertRegex(str(error), ARCHIVED)
        self.assertEqual(order.line_ids.product_id, self.product)

    def test_what_is_rented_already_goes_on(self):
        order = self.two(planned_start="2026-02-01", planned_end="2026-03-01")
        self.crane.active = False
        again = {"lines": {"2": {"product_id": self.crane.id, "quantity": 2}}}
        for event_type, payload in (
            ("PlanChanged", again),
            ("RentalConfirmed", {}),
            ("EquipmentDelivered", {"delivered_on": "2026-02-01"}),
            ("RentalExtended", {"planned_end": "2026-04-01"}),
            ("RentalInvoiced", {"amount": 40}),
            ("EquipmentReturned", {"returned_on": "2026-02-02"}),
            ("RentalClosed", {}),
        ):
            answer = self.append(order, event_type, payload)
            self.assertEqual(answer["outcome"], "applied", answer)
        self.assertEqual(order.line_ids[1].product_id, self.crane)
        with self.assertRaisesRegex(UserError, ARCHIVED), self.env.cr.savepoint():
            order.copy()

    def test_the_dialog_says_it_before(self):
        order = self.order()
        order._apply_event("RentalConfirmed")
        self.crane.active = False
        wizard = self.env["rental.event.wizard"].create(
            {
                "event_type": "ProductExchanged",
                "order_ids": order.ids,
                "line_id": order.line_ids.id,
                "product_id": self.crane.id,
            }
        )
        self.assertRegex(wizard.forecast, ARCHIVED)
        with self.assertRaisesRegex(UserError, ARCHIVED):
            wizard.action_record()

    def test_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.env["ir.module.module"]._load_module_terms(["rental_event_sourcing"], ["ja_JP"])
        self.crane.active = False
        with self.assertRaisesRegex(UserError, "Craneはアーカイブ済み"):
            self.env["rental.order"].with_context(lang="ja_JP").create(
                {"partner_id": self.partner.id, "product_id": self.crane.id}
            )


class TestPhotoOfAUnit(LineCase):
    def test_one_of_20_mb_is_refused_with_a_sentence(self):
        self.crane.rental_counting = "serial"
        unit = self.env["rental.unit"].create(
            {"product_id": self.crane.id, "serial_number": "CR-1"}
        )
        wizard = self.env["rental.unit.wizard"].create(
            {
                "event_type": "UnitDamaged",
                "unit_ids": unit.ids,
                "description": "Bent",
                "photo": base64.b64encode(picture(20 * MEGABYTE)),
            }
        )
        with self.assertRaisesRegex(UserError, "has 20.0 MB; at most 10 MB"):
            wizard.action_record()
        self.assertFalse(unit.damaged)
        self.assertEqual(len(self.stream(unit.name, "rental_unit")), 1)


class TestWithoutAccounting(LineCase):
    def test_what_a_clerk_sees(self):
        """Runs where no accounting is installed, as in the database of this addon alone."""
        if "account.move" in self.env:
            self.skipTest("accounting is installed")
        clerk = make_user(self.env, "no-accounting", USER)
        order = self.two(planned_start="2026-02-01", planned_end="2026-02-28").with_user(clerk)
        order._apply_event("RentalConfirmed")
        action = order.action_invoice()
        wizard = self.env[action["res_model"]].with_user(clerk).with_context(**action["context"])
        Form(wizard).save().action_record()
        self.assertEqual((order.invoiced_amount, order.owed_amount), (2620, 2620))
        self.assertIn("2,620.00", self.partner.with_user(clerk).rental_owed)
        arch = order.get_views([(False, "form")])["views"]["form"]["arch"]
        for name in ("payment_state", "invoice_count", "action_view_invoices"):
            self.assertNotIn(name, arch)
        help_text = order.fields_get(["owed_amount"], ["help"])["owed_amount"]["help"]
        self.assertIn("payments are not known here", help_text)
