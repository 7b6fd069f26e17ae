"""Documents in the customer's language, with the right figures; how they reach the customer."""

import base64
import re
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html

from odoo import fields
from odoo.exceptions import UserError
from odoo.sql_db import Cursor
from odoo.tools import mute_logger

from odoo.addons.rental_event_sourcing.models import rental_reminder
from odoo.addons.rental_event_sourcing.models.rental_document import KINDS, RentalOrder
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase


class DocumentCase(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ja_JP")
        cls.env["ir.module.module"]._load_module_terms(["rental_event_sourcing"], ["ja_JP"])
        cls.product.default_code = "LFT-12"
        cls.partner.write({"lang": "en_US", "email": "customer@example.com"})
        cls.env.company.rental_terms = "Return it clean."
        cls.clerk = make_user(cls.env, "document-clerk", USER)

    def rented(self, *events, **vals):
        plan = {"planned_start": "2026-03-01", "planned_end": "2026-05-15", "quantity": 3}
        order = self.order(**{**plan, "monthly_price": 1000.5, **vals})
        for event in events:
            order._apply_event(*(event if isinstance(event, tuple) else (event,)))
        return order

    def text(self, kind, order):
        """Return what a document says, as its reader sees it."""
        reports = self.env["ir.actions.report"].with_user(self.clerk)
        page, _type = reports._render_qweb_html(f"rental_event_sourcing.report_{kind}", order.ids)
        return re.sub(r"\s+", " ", html.fromstring(page).text_content().replace("\xa0", " "))


class TestDocuments(DocumentCase):
    def test_a_quotation_says_what_it_costs(self):
        order = self.rented()
        text = self.text("quotation", order)
        self.assertIn(f"Quotation {order.name}", text)
        self.assertIn("[LFT-12] Lift", text)
        self.assertIn("per month", text)
        self.assertIn("3 months", text)
        self.assertIn("9,004.50", text)  # 3 pieces x 3 months that have begun x 1000.50
        self.assertIn("Return it clean.", text)
        self.assertIn("03/01/2026", text)
        self.assertIn(self.env.company.name, text)

    def test_where_it_goes(self):
        partners = self.env["res.partner"]
        site = partners.create({"name": "Site 4", "street": "Dock 9", "city": "Osaka"})
        ito = partners.create({"name": "Ito Aki", "phone": "06-1234"})
        order = self.rented(delivery_partner_id=site.id, contact_partner_id=ito.id)
        text = self.text("pickup", order)
        self.assertRegex(text, r"Delivery address Site 4 Dock 9 ?Osaka")
        self.assertIn("Contact person Ito Aki 06-1234", text)

    def test_without_days_there_is_no_total(self):
        text = self.text("quotation", self.rented(planned_end=False))
        self.assertIn("$ 1,000.50 per month", text)
        self.assertNotIn("Total", text)

    def test_several_lines_with_prices_of_their_own(self):
        crane = self.env["product.product"].create({"name": "Crane"})
        crane.write({"rental_price_week": 70.25, "rental_price_month": 200})
        lines = [
            {"product_id": self.product.id, "quantity": 2, "price": 10, "price_period": "day"},
            {"product_id": crane.id, "quantity": 3},
        ]
        order = self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "planned_start": "2026-03-01",
                "planned_end": "2026-04-14",
                "line_ids": [(0, 0, line) for line in lines],
            }
        )
        text = self.text("quotation", order)
        self.assertRegex(text, r"Lift 2 \$ 10.00 per day 45 days \$ 900.00")
        self.assertRegex(
            text, r"Crane 3 \$ 340.50 for the whole rental 1 month \+ 2 weeks \$ 1,021.50"
        )
        self.assertIn("Total without tax $ 1,921.50", text)

    def test_a_document_says_of_which_day_of_the_shop_it_is(self):
        self.env.company.business_tz = "Asia/Tokyo"
        order = self.rented("RentalConfirmed")
        with freeze_time("2026-03-31 16:00:00"):  # it is the next day in Japan
            for kind in KINDS:
                self.assertIn("Issued on 04/01/2026", self.text(kind, order))

    def test_in_the_language_of_the_customer(self):
        self.partner.lang = "ja_JP"
        order = self.rented("RentalConfirmed")
        titles = {
            "quotation": "見積書",
            "contract": "レンタル契約書",
            "pickup": "出庫リスト",
            "receipt": "返却受領書",
        }
        for kind in KINDS:
            text = self.text(kind, order)
            self.assertIn(f"{titles[kind]} {order.name}", text)
            for english in ("Product", "Quantity", "First day", "Signature", "per month"):
                self.assertNotIn(english.lower(), text.lower())
            self.assertEqual(order._document_name(kind), f"{titles[kind]} {order.name}")
        self.assertIn("9,004.50", self.text("contract", order))
        self.assertIn("3 か月", self.text("contract", order))

    def test_a_contract_says_who_agreed_and_when(self):
        order = self.rented("RentalConfirmed")
        self.assertIn("name and signature", self.text("contract", order))
        order._apply_event("ContractAgreed", {"agreed_by": " Keiko Tanaka "})
        text = self.text("contract", order)
        self.assertRegex(text, r"Agreed by Keiko Tanaka Agreed at \d")
        self.assertNotIn("name and signature", text)
        self.assertTrue(order.agreed_at)
        # Other terms are not what was agreed.
        order._apply_event("RentalExtended", {"planned_end": "2026-06-15"})
        self.assertFalse(order.agreed_by or order.agreed_at)
        self.assertIn("name and signature", self.text("contract", order))

    def test_what_went_out_and_came_back(self):
        order = self.rented("RentalConfirmed")
        self.assertRegex(self.text("pickup", order), r"Lift 3 0 ☐")
        order._apply_event("EquipmentDelivered", {"delivered_on": "2026-03-02"})
        self.assertRegex(self.text("receipt", order), r"Lift 3 0 3")
        for damage in (
            {"description": "Lens scratched", "repair_cost": 120, "charged": True},
            {"description": "Worn tyre", "repair_cost": 80, "charged": False},
        ):
            order._apply_event("DamageReported", damage)
        order._apply_event("EquipmentReturned", {"returned_on": "2026-05-20"})
        text = self.text("receipt", order)
        self.assertRegex(text, r"Lift 3 3 0")
        self.assertRegex(text, r"Lens scratched \D*120.00")
        self.assertRegex(text, r"Worn tyre \D*0.00")
        self.assertIn("05/20/2026", text)

    def test_damages_of_every_version(self):
        order = self.rented("RentalConfirmed", "EquipmentDelivered")
        self.store.create(
            {
                "model_name": "rental",
                "aggregate_id": order.name,
                "event_type": "DamageReported",
                "schema_version": 1,
                "payload": {"description": "Old dent", "cost": 55},
            }
        )
        self.assertEqual(order._document_damages(), [("Old dent", 55)])

    def test_where_no_program_makes_pdf_a_sentence_says_so(self):
        # As the machine has it; tests of servers start one with wkhtmltopdf and one without.
        state = self.env["ir.actions.report"].get_wkhtmltopdf_state()
        hint = self.env["rental.order"].action_print_hint()
        order = self.rented().with_user(self.clerk)
        if state in ("ok", "upgrade"):
            self.assertFalse(hint)
            self.assertTrue(order.action_send_document())
        else:
            self.assertIn("opens as a page", hint)
            with self.assertRaisesRegex(UserError, "no document can be attached"):
                order.action_send_document()

    def test_every_document_can_be_printed(self):
        bound = self.env["ir.actions.actions"].get_bindings("rental.order")["report"]
        names = {action["id"] for action in bound}
        for kind in KINDS:
            self.assertIn(self.env.ref(f"rental_event_sourcing.document_{kind}_report").id, names)


class TestMail(DocumentCase):
    def setUp(self):
        super().setUp()
        # As where wkhtmltopdf is; in tests Odoo gives the page that it would make a PDF of.
        self.patch(RentalOrder, "action_print_hint", lambda orders: False)

    def composed(self, order):
        action = order.with_user(self.clerk).action_send_document()
        composer = self.env["mail.compose.message"].with_user(self.clerk)
        return composer.with_context(**action["context"]).create({})

    def test_the_customer_gets_the_document(self):
        self.partner.lang = "ja_JP"
        order = self.rented("RentalConfirmed")
        composer = self.composed(order)
        (attachment,) = composer.attachment_ids
        self.assertTrue(attachment.name.startswith(f"レンタル契約書 {order.name}."))
        self.assertIn(b"LFT-12", base64.b64decode(attachment.datas))
        self.assertIn(order.name, composer.subject)
        self.assertIn("ご確認", composer.body)
        self.assertEqual(composer.partner_ids, self.partner)
        composer._action_send_mail()
        self.assertIn(attachment.name, order.message_ids.attachment_ids.mapped("name"))

    def test_the_document_of_each_status(self):
        for events, title in (
            ((), "Quotation"),
            (("RentalConfirmed", "EquipmentDelivered"), "Rental Contract"),
            (("RentalConfirmed", "EquipmentDelivered", "EquipmentReturned"), "Return Receipt"),
        ):
            composer = self.composed(self.rented(*events))
            self.assertIn(title, composer.attachment_ids.name)
        with self.assertRaisesRegex(UserError, "no document to send"):
            self.rented("RentalCancelled").action_send_document()

    def test_an_append_asks_nothing_of_mail(self):
        order = self.rented("RentalConfirmed")
        self.env.flush_all()
        asked = []
        execute = Cursor.execute

        def listen(cursor, query, *args, **kwargs):
            asked.append(str(query))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, "execute", listen):
            self.store.append("rental", order.name, "EquipmentDelivered")
            self.env.flush_all()
        self.assertTrue(asked)
        self.assertEqual([query for query in asked if "mail_" in query], [])

    def test_a_new_rental_says_nothing_of_itself(self):
        self.assertFalse(self.rented().message_ids)


class TestReminder(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.store._business_today(cls.env.company.id)

    def out(self, days, **vals):
        end = fields.Date.add(self.today, days=days)
        start = fields.Date.subtract(self.today, days=9)
        return self.rented(
            *("RentalConfirmed", "EquipmentDelivered"), planned_start=start, planned_end=end, **vals
        )

    def mails(self, order):
        return self.env["mail.mail"].search(
            [("model", "=", "rental.order"), ("res_id", "=", order.id)]
        )

    def test_once_before_the_return(self):
        due, later, late = self.out(2), self.out(3), self.out(-1)
        for _time in range(2):
            self.env["rental.order"]._remind_of_returns()
        self.assertEqual([len(self.mails(order)) for order in (due, later, late)], [1, 0, 0])
        self.assertEqual(self.history(due)[-1], ("ReturnReminded", "applied"))
        self.assertIn(due.name, self.mails(due).subject)
        self.assertEqual(self.mails(due).recipient_ids, self.partner)
        # Of another end it is another reminder.
        due._apply_event("RentalExtended", {"planned_end": str(later.planned_end)})
        later.company_id.rental_reminder_days = 3
        self.env["rental.order"]._remind_of_returns()
        self.assertEqual([len(self.mails(order)) for order in (due, later, late)], [2, 1, 0])

    def test_in_the_language_of_the_customer(self):
        self.partner.lang = "ja_JP"
        order = self.out(1)
        self.env["rental.order"]._remind_of_returns()
        mail = self.mails(order)
        self.assertIn("返却", mail.subject)
        self.assertNotIn("Hello", mail.body_html)

    def test_nobody_without_an_address_or_where_it_is_switched_off(self):
        self.partner.email = False
        order = self.out(1)
        self.env["rental.order"]._remind_of_returns()
        self.assertFalse(self.mails(order))
        self.partner.email = "customer@example.com"
        self.env.company.rental_reminder_days = 0
        self.env["rental.order"]._remind_of_returns()
        self.assertEqual(self.history(order)[-1], ("EquipmentDelivered", "applied"))

    def test_the_same_reminder_twice_is_refused(self):
        order = self.out(1)
        order._remind()
        with self.assertRaisesRegex(UserError, "was reminded already"):
            order._remind()
        self.assertEqual(len(self.mails(order)), 1)

    @mute_logger(rental_reminder.__name__)
    def test_one_that_fails_keeps_no_other_from_it(self):
        broken, fine = self.out(1), self.out(1)
        self.env.ref(
            "rental_event_sourcing.mail_reminder"
        ).subject = f"{{{{ object.name == '{broken.name}' and 1 / 0 }}}}"
        self.env["rental.order"]._remind_of_returns()
        self.assertFalse(self.mails(broken))
        self.assertEqual(self.history(broken)[-1], ("EquipmentDelivered", "applied"))
        self.assertEqual(len(self.mails(fine)), 1)

    def test_a_limit_below_0_is_refused(self):
        with self.assertRaisesRegex(UserError, "cannot be below 0"):
            self.env.company.rental_reminder_days = -1
