"""Rentals of the time when products were theirs alone: what events said of them still holds."""

import json

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.testing import lint_handler
from odoo.addons.rental_event_sourcing.former_products import convert, detach
from odoo.addons.test_event_sourcing.common import EventCase

from .test_rental_limits import without_limits

WEEK = {"planned_start": "2026-02-01", "planned_end": "2026-02-08"}


class FormerCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        without_limits(cls.env)
        cls.products = cls.env["product.product"].create(
            [{"name": "Lift", "default_code": "LFT", "rental_ok": True}, {"name": "Crane"}]
        )
        cls.lift, cls.crane = cls.env["rental.former.product"].create(
            [{"name": "Old " + product.name, "product_id": product.id} for product in cls.products]
        )
        cls.partner = cls.env["res.partner"].create({"name": "Ms Sato"})

    def append(self, event_type, payload, version=None, key="F1"):
        return self.store.append(
            "rental", key, event_type, payload, **({"schema_version": version} if version else {})
        )

    def state(self, key="F1"):
        return json.loads(self.store.state_at("rental", key)["state_json"])

    def rental(self, key="F1"):
        return self.env["rental.snapshot"].search([("aggregate_id", "=", key)])


class TestFormerProducts(FormerCase):
    def test_a_plan_of_version_1_names_what_its_product_became(self):
        plan = {"partner_id": self.partner.id, "product_id": self.lift.id, **WEEK}
        self.assertEqual(self.append("RentalPlanned", plan, 1)["outcome"], "applied")
        self.assertEqual(self.rental().product_id, self.products[0])
        self.assertEqual(self.rental().former_product_id, self.lift)
        state = self.state()
        self.assertEqual(state["former_product_id"], self.lift.id)
        self.assertNotIn("product_id", state)
        event = self.store.search([("aggregate_id", "=", "F1")])
        self.assertEqual((event.payload, event.schema_version), (plan, 1))

    def test_the_last_event_decides_whichever_catalogue_it_speaks_of(self):
        self.append("RentalPlanned", {"product_id": self.lift.id}, 1)
        self.append("PlanChanged", {"product_id": self.products[1].id})
        self.assertEqual(self.rental().product_id, self.products[1])
        self.assertFalse(self.rental().former_product_id)
        self.assertNotIn("former_product_id", self.state())
        self.append("PlanChanged", {"product_id": self.lift.id}, 1)
        self.append("PlanChanged", {"quantity": 3})
        self.assertEqual(self.rental().product_id, self.products[0])
        self.assertNotIn("product_id", self.state())
        self.append("PlanChanged", {"product_id": self.crane.id}, 1)
        self.assertEqual(self.rental().product_id, self.products[1])

    def test_a_replay_asks_nothing_and_a_rebuild_gives_the_same(self):
        self.append("RentalPlanned", {"product_id": self.lift.id}, 1)
        before = self.rental().read(["state", "product_id", "former_product_id"])
        self.rental().action_rebuild()
        self.assertEqual(self.rental().read(["state", "product_id", "former_product_id"]), before)
        old = ("RentalPlanned", {"product_id": 7})
        self.assertEqual(lint_handler(self.env, "rental", [[old, "RentalConfirmed"]]), [])

    def test_what_is_not_here_stays_in_history_and_out_of_the_column(self):
        answer = self.append("RentalPlanned", {"product_id": 999999999}, 1)
        self.assertEqual(answer["outcome"], "failed")
        for value in ("seven", -1, True):
            answer = self.append("RentalPlanned", {"product_id": value}, 1)
            self.assertEqual(answer["outcome"], "rejected", value)
        self.append("RentalPlanned", {"product_id": self.lift.id}, 1, key="F2")
        answer = self.append("PlanChanged", {"product_id": None}, 1, key="F2")
        self.assertEqual(answer["outcome"], "rejected")

    def test_a_product_of_another_company_is_refused_there_too(self):
        self.lift.company_id = self.env["res.company"].create({"name": "Theirs"})
        answer = self.append("RentalPlanned", {"product_id": self.lift.id}, 1)
        self.assertEqual(answer["outcome"], "rejected")

    def test_screens_name_the_product_and_not_another_one_of_that_id(self):
        ids = self.env["rental.former.product"].create(
            {"name": "Old Lift", "product_id": self.products[0].id}
        )
        # The same number means something else in each catalogue.
        self.env.cr.execute(
            "UPDATE rental_former_product SET id = %s WHERE id = %s", [self.products[1].id, ids.id]
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.append("RentalPlanned", {"product_id": self.products[1].id}, 1)
        event = self.store.search([("aggregate_id", "=", "F1")])
        shown = str(self.env["event.document"].describe("event.store", event.id, "payload")["rows"])
        self.assertIn("[LFT] Lift", shown)
        self.assertNotIn("Crane", shown)
        timeline = str(self.env["event.timeline"]._entry(event, None))
        self.assertIn("[LFT] Lift", timeline)
        self.assertNotIn("Crane", timeline)

    def test_a_product_that_was_rented_is_archived_not_deleted(self):
        self.append("RentalPlanned", {"product_id": self.lift.id}, 1)
        with self.assertRaisesRegex(UserError, "Archive it instead"), self.env.cr.savepoint():
            self.products[0].unlink()
        self.products[0].active = False
        self.assertEqual(self.rental().product_id, self.products[0])


class TestUpdate(FormerCase):
    """The update's two steps, on tables as version 1 had them."""

    def setUp(self):
        super().setUp()
        plan = {"partner_id": self.partner.id, "product_id": self.products[0].id, **WEEK}
        self.order = self.env["rental.order"].create(plan)
        self.env.flush_all()
        cr = self.env.cr
        for table in ("rental_order", "rental_snapshot", "rental_snapshot_as_of"):
            cr.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_product_id_fkey")
            more = f"DROP CONSTRAINT {table}_former_product_id_fkey"
            if table != "rental_order":
                cr.execute(f"ALTER TABLE {table} {more}")
        cr.execute("DROP TABLE rental_former_product")
        cr.execute(
            """
            CREATE TABLE rental_product (id serial PRIMARY KEY, name jsonb NOT NULL, code varchar,
                monthly_price numeric, company_id int NOT NULL, active bool,
                create_uid int, create_date timestamp, write_uid int, write_date timestamp);
            INSERT INTO rental_product (id, name, code, monthly_price, company_id, active)
            VALUES (7, '{"en_US": "Projector", "ja_JP": "映写機"}', 'PRJ', 480.5,
                    %(company)s, TRUE),
                   (8, '{"ja_JP": "発電機"}', NULL, NULL, %(company)s, FALSE);
            UPDATE rental_order SET product_id = 7 WHERE id = %(order)s;
            UPDATE rental_snapshot SET product_id = 7, former_product_id = NULL,
                   state = state || '{"product_id": 7}' WHERE id = %(snapshot)s;
            UPDATE ir_model_fields SET relation = 'rental.product'
             WHERE name = 'product_id' AND model IN ('rental.order', 'rental.snapshot');
            INSERT INTO ir_model_data (module, name, model, res_id, noupdate)
            VALUES ('__import__', 'my_projector', 'rental.product', 7, TRUE);
            """,
            {
                "company": self.env.company.id,
                "order": self.order.id,
                "snapshot": self.order.snapshot_id.id,
            },
        )
        # Others are of today, and stay.
        cr.execute("UPDATE rental_order SET product_id = 8 WHERE id != %s", [self.order.id])
        cr.execute(
            "UPDATE rental_snapshot SET product_id = 8 WHERE id != %s", [self.order.snapshot_id.id]
        )
        self.env.invalidate_all()

    def update(self):
        detach(self.env.cr)
        # What Odoo does between the two.
        self.env.cr.execute("ALTER TABLE rental_former_product ADD COLUMN product_id int")
        self.env.registry.clear_cache()
        convert(self.env)
        self.env.invalidate_all()

    def test_products_rentals_and_names_come_along(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.update()
        product = self.order.product_id
        self.assertEqual(
            (product.default_code, product.rental_ok, product.rental_price_month, product.active),
            ("PRJ", True, 480.5, True),
        )
        self.assertEqual(product.company_id, self.env.company)
        self.assertEqual(product.with_context(lang="en_US").name, "Projector")
        self.assertEqual(product.with_context(lang="ja_JP").name, "映写機")
        self.assertEqual(self.env.ref("__import__.my_projector"), product)
        snapshot = self.order.snapshot_id
        self.assertEqual((snapshot.product_id, snapshot.former_product_id.id), (product, 7))
        self.assertEqual(snapshot.state["former_product_id"], 7)
        self.assertNotIn("product_id", snapshot.state)
        self.assertEqual(snapshot.planned_start, fields.Date.to_date("2026-02-01"))
        other = self.env["rental.former.product"].browse(8).product_id
        self.assertEqual((other.active, other.rental_price_month), (False, 0))
        self.assertEqual(other.with_context(lang="en_US").name, "発電機")

    def test_an_interrupted_update_goes_on_and_a_finished_one_does_nothing(self):
        self.update()
        product, count = self.order.product_id, self.env["product.product"].search_count([])
        self.env.cr.execute(
            "ALTER TABLE rental_order ADD COLUMN rental_product_of_1_product_id int;"
            " UPDATE rental_order SET rental_product_of_1_product_id = 7, product_id = NULL"
            f" WHERE id = {self.order.id}"
        )
        convert(self.env)
        convert(self.env)
        detach(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(self.order.product_id, product)
        self.assertEqual(self.env["product.product"].search_count([]), count)
