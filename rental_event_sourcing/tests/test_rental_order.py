"""Rentals as people work with them: orders, actions, rights, columns."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models import event_store_failure
from odoo.addons.event_sourcing_base.from_code import FromCode
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_limits import without_limits

USER = "rental_event_sourcing.rental_order_group_user"


class RentalCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "株式会社テスト"})
        without_limits(cls.env)
        cls.product = cls.env["product.product"].create({"name": "Lift", "rental_price_month": 500})

    def order(self, **vals):
        return self.env["rental.order"].create(
            {"partner_id": self.partner.id, "product_id": self.product.id, **vals}
        )

    def history(self, order):
        return [
            (event.event_type, event.outcome)
            for event in self.store.search(
                [
                    ("model_name", "=", "rental"),
                    ("aggregate_id", "=", order.name),
                    ("event_type", "not in", ("InvalidOperationAttempted", "SystemErrorOccurred")),
                ],
                order="version",
            )
        ]


class TestOrder(RentalCase):
    def test_a_new_rental_is_planned_by_an_event(self):
        order = self.order(quantity=3, planned_start="2026-02-01", planned_end="2026-03-01")
        self.assertRegex(order.name, r"^R\d{5}$")
        self.assertEqual((order.status, order.quantity), ("draft", 3))
        self.assertEqual(self.history(order), [("RentalPlanned", "applied")])
        event = self.store.search([("aggregate_id", "=", order.name)])
        self.assertEqual(
            event.payload,
            {
                "partner_id": self.partner.id,
                "planned_start": "2026-02-01",
                "planned_end": "2026-03-01",
                "lines": {
                    "1": {
                        "product_id": self.product.id,
                        "quantity": 3,
                        "price": 500,
                        "price_period": "month",
                    }
                },
            },
        )
        self.assertEqual(order.snapshot_id.partner_id, self.partner)
        self.assertEqual((order.event_count, order.rejected_event_count), (1, 0))
        state = order._current_state()
        line = {**event.payload["lines"]["1"], "delivered": 0, "returned": 0, "out": []}
        self.assertEqual(state["lines"], {"1": line})
        self.assertEqual((state["status"], state["quantity"]), ("draft", 3))

    def test_many_rentals_at_once(self):
        orders = self.env["rental.order"].create(
            [{"partner_id": self.partner.id, "product_id": self.product.id}] * 3
        )
        self.assertEqual(len(set(orders.mapped("name"))), 3)
        self.assertEqual(orders.mapped("event_count"), [1, 1, 1])

    def test_a_plan_that_breaks_a_rule_is_not_created(self):
        with self.assertRaisesRegex(UserError, "The end is before the start."):
            with self.env.cr.savepoint():
                self.order(planned_start="2026-03-01", planned_end="2026-02-01")
        with self.assertRaisesRegex(UserError, "Quantity must be at least 1"):
            with self.env.cr.savepoint():
                self.order(quantity=0)

    def test_changing_the_plan_is_an_event(self):
        order = self.order(planned_start="2026-02-01", planned_end="2026-03-01")
        order.write({"planned_end": "2026-04-01", "notes": "by phone"})
        event = self.store.search([("aggregate_id", "=", order.name)], limit=1)
        self.assertEqual(event.event_type, "PlanChanged")
        self.assertEqual(event.payload, {"planned_end": "2026-04-01"})
        order.planned_end = False
        self.env.flush_all()
        order.invalidate_recordset()
        self.assertFalse(order.planned_end)
        self.assertFalse(order.snapshot_id.planned_end)

    def test_what_changes_no_plan_is_no_event(self):
        order = self.order()
        order.write({"notes": "x", "quantity": order.quantity, "user_id": False})
        self.assertEqual(self.history(order), [("RentalPlanned", "applied")])

    @mute_logger("odoo.sql_db", event_store_failure.__name__)
    def test_a_refused_change_leaves_record_and_history_alone(self):
        order = self.order(quantity=2)
        order._apply_event("RentalCancelled")
        history = self.history(order)
        with self.assertRaisesRegex(UserError, "The plan of a cancelled rental cannot be changed"):
            with self.env.cr.savepoint():
                order.write({"quantity": 5})
        order.invalidate_recordset()
        self.assertEqual(order.quantity, 2)
        self.assertEqual(self.history(order), history)

    def test_an_event_moves_the_planned_data_of_the_record(self):
        order = self.order(planned_start="2026-02-01", planned_end="2026-03-01", monthly_price=9)
        order._apply_event("RentalConfirmed")
        order._apply_event("RentalExtended", {"planned_end": "2026-06-01"})
        self.store.append("rental", order.name, "PriceChanged", {"monthly_price": 7})
        self.assertEqual(str(order.planned_end), "2026-06-01")
        self.assertEqual(order.monthly_price, 7)
        self.assertEqual(len(self.history(order)), 4)

    def test_the_status_cannot_be_written(self):
        order = self.order()
        for change in (
            lambda: order.write({"status": "closed"}),
            lambda: order.write({"notes": "x", "status": "draft"}),
            lambda: self.order(status="active"),
            lambda: setattr(order, "status", "active"),
        ):
            with self.assertRaisesRegex(UserError, "comes from its events and cannot be set"):
                change()
        self.assertEqual(order.status, "draft")

    def test_a_rental_is_neither_deleted_nor_renamed(self):
        order = self.order()
        with self.assertRaisesRegex(UserError, "has a history and cannot be deleted"):
            order.unlink()
        with self.assertRaisesRegex(UserError, "stay as they are"):
            order.name = "R99999"

    def test_a_customer_can_be_deleted_when_the_rentals_are_over(self):
        over, going_on = self.order(), self.order()
        partner_id = self.partner.id
        over._apply_event("RentalCancelled")
        with self.assertRaisesRegex(UserError, "rental that is not over"):
            self.partner.unlink()
        going_on._apply_event("RentalCancelled")
        self.partner.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((over.status, over.partner_id.id), ("cancelled", False))
        self.assertFalse(over.snapshot_id.partner_id)
        # History keeps the id; a rebuild, a note and the past work as before.
        self.assertEqual(over._current_state()["partner_id"], partner_id)
        job = self.env["event.job"].start("check", "rental", [over.name])
        job = self.env["event.job"].browse(job["id"]).sudo()
        while job._write_chunk(job._read_chunk()):
            pass
        self.assertEqual(job.drift_count, 0)
        over.snapshot_id.action_rebuild()
        over.notes = "Written afterwards"
        self.assertEqual(over.display_name, over.name)

    def test_a_rental_needs_a_customer(self):
        with self.assertRaisesRegex(UserError, "needs a customer"):
            self.env["rental.order"].create({"product_id": self.product.id})
        order = self.order()
        with self.assertRaisesRegex(UserError, "is missing"):
            order.partner_id = False

    def test_a_copy_has_a_history_of_its_own(self):
        order = self.order(quantity=4)
        order._apply_event("DemoStarted")
        copy = order.copy()
        self.assertNotEqual(copy.name, order.name)
        self.assertEqual((copy.status, copy.quantity), ("draft", 4))
        self.assertEqual(self.history(copy), [("RentalPlanned", "applied")])

    def test_what_failed_is_not_counted_as_rejected(self):
        order = self.order()
        handler = self.registry["rental.snapshot.handler"]
        with (
            patch.object(handler, "_evolve", side_effect=KeyError("amount")),
            mute_logger(event_store_failure.__name__),
        ):
            order._apply_event("DemoStarted")
        self.assertEqual((order.rejected_event_count, order.failed_event_count), (0, 1))
        self.assertEqual(order.search([("failed_event_count", ">", 0)]), order)
        kinds = order.action_view_failed_events()["context"]["timeline_kinds"]
        self.assertEqual(kinds, ["failed"])

    def test_the_numbers_of_events_can_be_searched(self):
        one, two = self.order(), self.order()
        one._apply_event("DemoStarted")
        one._apply_event("DemoStarted")
        mine = [("id", "in", (one + two).ids)]
        for domain, found in (
            ([("rejected_event_count", ">", 0)], one),
            ([("rejected_event_count", "=", 0)], two),
            ([("rejected_event_count", "<", 1)], two),
            ([("rejected_event_count", "!=", 1)], two),
            ([("event_count", "=", 3)], one),
            ([("event_count", "<=", 1)], two),
            ([("event_count", ">=", 0)], one + two),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(self.env["rental.order"].search(mine + domain, order="id"), found)
        with self.assertRaisesRegex(UserError, "with a whole number"):
            self.env["rental.order"].search([("event_count", "like", "x")])

    def test_a_person_cannot_move_an_event_in_time(self):
        clerk = make_user(self.env, "clerk", USER)
        moment = "2020-01-01 00:00:00"
        order = self.order().with_user(clerk).with_context(event_timestamp=moment)
        order.action_start_demo()
        event = self.store.search([("aggregate_id", "=", order.name)], limit=1)
        self.assertEqual(event.event_type, "DemoStarted")
        self.assertGreater(str(event.timestamp), "2026")
        # A caller's context goes on under sudo, and still means nothing; code says it so.
        event = order.sudo()._apply_event("DemoCancelled")
        self.assertGreater(str(event.timestamp), "2026")
        order = self.order().with_context(event_timestamp=FromCode(moment)).sudo()
        self.assertEqual(str(order._apply_event("DemoStarted").timestamp), moment)

    def test_status_can_be_filtered_and_grouped(self):
        one, two = self.order(), self.order()
        one._apply_event("DemoStarted")
        domain = [("id", "in", (one + two).ids)]
        found = self.env["rental.order"].search([*domain, ("status", "=", "demo")])
        self.assertEqual(found, one)
        groups = self.env["rental.order"]._read_group(domain, ["status"], ["__count"])
        self.assertEqual(dict(groups), {"demo": 1, "draft": 1})


class TestActions(RentalCase):
    def run_action(self, name, records):
        """Run a server action as the Action menu does."""
        action = self.env.ref(f"rental_event_sourcing.rental_order_action_{name}")
        return action.with_context(
            active_model="rental.order", active_id=records[:1].id, active_ids=records.ids
        ).run()

    def test_there_is_one_for_every_transition(self):
        actions = self.env["ir.actions.server"].search(
            [("binding_model_id.model", "=", "rental.order")]
        )
        self.assertEqual(len(actions), 24)
        self.assertEqual(set(actions.mapped("binding_view_types")), {"list,form"})

    def test_one_refusal_does_not_stop_the_others(self):
        orders = self.order() + self.order() + self.order()
        orders[1]._apply_event("RentalCancelled")
        answer = orders.action_start_demo()
        self.assertEqual(orders.mapped("status"), ["demo", "cancelled", "demo"])
        params = answer["params"]
        self.assertEqual(params["type"], "warning")
        # The notice leaves by itself; the reasons are one click away.
        refused = self.store.search(params["more"]["action"]["domain"])
        self.assertEqual(refused.mapped("aggregate_id"), [orders[1].name])
        self.assertIn(
            f"Demo of 2 rentals started: {orders[0].name}, {orders[2].name}.", params["message"]
        )
        self.assertIn("1 rejected:", params["message"])
        self.assertIn(
            f"{orders[1].name}: A demo of a cancelled rental cannot be started.", params["message"]
        )
        self.assertEqual(orders.mapped("rejected_event_count"), [0, 1, 0])

    def test_the_story_of_the_readme(self):
        order = self.order()
        self.assertEqual(self.run_action("start_demo", order)["params"]["type"], "success")
        self.wizard("cancel_demo", order)
        answer = {"params": self.wizard("cancel_demo", order)}
        self.assertIn("not in a demo at present", answer["params"]["message"])
        self.assertEqual(
            self.history(order)[1:],
            [
                ("DemoStarted", "applied"),
                ("DemoCancelled", "applied"),
                ("DemoCancelled", "rejected"),
            ],
        )
        action = order.action_view_events()
        timeline = self.env["event.timeline"]
        page = timeline.page(action["res_model"], action["res_id"])
        self.assertEqual(len(page["entries"]), 4)
        kinds = order.action_view_rejected_events()["context"]["timeline_kinds"]
        page = timeline.page(action["res_model"], action["res_id"], kinds)
        self.assertEqual([entry["kind"] for entry in page["entries"]], ["rejected"])

    def test_every_action_without_a_question_runs(self):
        order = self.order()
        for name, status in (
            ("start_demo", "demo"),
            ("confirm", "confirmed"),
            ("deliver", "active"),
            ("return", "returned"),
        ):
            self.assertEqual(self.run_action(name, order)["params"]["type"], "success")
            self.assertEqual(order.status, status)

    def wizard(self, name, orders, **answers):
        action = self.run_action(name, orders)
        self.assertEqual(action["res_model"], "rental.event.wizard")
        wizard = self.env["rental.event.wizard"].with_context(**action["context"]).create(answers)
        self.assertEqual(wizard.order_ids, orders)
        return wizard.action_record()["params"]

    def test_the_wizard_asks_for_what_an_event_needs(self):
        orders = self.order(planned_end="2026-03-01") + self.order()
        self.wizard("start_demo", orders)
        told = self.wizard("extend_demo", orders, demo_end="2099-01-01")
        self.assertEqual(told["type"], "success")
        self.assertEqual(set(map(str, orders.mapped("demo_end"))), {"2099-01-01"})
        self.wizard("confirm", orders)
        self.wizard("change_price", orders, monthly_price=77)
        self.wizard("extend", orders, planned_end="2099-02-01")
        self.wizard("deliver", orders)
        self.wizard("report_damage", orders, description="bent", repair_cost=5)
        self.wizard("invoice", orders, amount=70)
        self.assertEqual(orders.mapped("monthly_price"), [77, 77])
        self.assertEqual(orders.mapped("invoiced_amount"), [70, 70])
        self.assertEqual(orders.mapped("damage_count"), [1, 1])
        # What would be refused for all is not recorded: the dialog stays, with what was typed.
        history = [self.history(order) for order in orders]
        with self.assertRaisesRegex(UserError, "0 will be done, 2 not:[^.]*must end later"):
            self.wizard("extend", orders, planned_end="2000-01-01")
        with self.assertRaisesRegex(UserError, "Description is missing"):
            self.wizard("report_damage", orders[0], description="")
        self.assertEqual([self.history(order) for order in orders], history)

    def test_many_are_not_cancelled_by_a_slip(self):
        # What was recorded stays recorded: many at once are asked about, and for the reason, as
        # the form's button does for one.
        orders = self.order() + self.order()
        orders.action_start_demo()
        action = self.run_action("cancel_demo", orders)
        self.assertEqual(action["name"], "Cancel demo")
        self.assertEqual(orders.mapped("status"), ["demo", "demo"])
        self.wizard("cancel_demo", orders, reason="Budget was cut")
        self.assertEqual(orders.mapped("status"), ["cancelled", "cancelled"])
        reasons = orders.mapped("snapshot_id.state")
        self.assertEqual([s["cancel_reason"] for s in reasons], ["Budget was cut"] * 2)
        others = self.order() + self.order()
        self.wizard("cancel", others)  # a reason is no duty
        event = self.store.search([("aggregate_id", "=", others[0].name)], limit=1)
        self.assertEqual((event.event_type, event.payload), ("RentalCancelled", {}))
        self.assertEqual(self.order().action_ask_cancel()["res_model"], "rental.event.wizard")
        # A program that cancels many is not asked.
        more = self.order() + self.order()
        more.action_cancel()
        self.assertEqual(more.mapped("status"), ["cancelled", "cancelled"])

    def test_a_long_list_of_refusals_is_cut(self):
        orders = self.env["rental.order"].create(
            [{"partner_id": self.partner.id, "product_id": self.product.id}] * 12
        )
        message = orders.action_close()["params"]["message"]
        self.assertIn("12 rejected:", message)
        self.assertIn(f"{orders[9].name} and 2 more: A draft rental cannot be closed.", message)
        self.assertEqual(message.count("cannot be closed"), 1, "one reason is said once")


class TestRights(RentalCase):
    def setUp(self):
        super().setUp()
        self.clerk = make_user(self.env, "clerk", USER)
        self.reader = make_user(self.env, "reader", "user")
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.stranger = make_user(self.env, "stranger", USER, company=self.theirs)

    def test_a_clerk_records_as_herself_and_cannot_append_freely(self):
        order = self.order().with_user(self.clerk)
        order.action_start_demo()
        event = self.store.search([("aggregate_id", "=", order.name)], limit=1)
        self.assertEqual((event.event_type, event.create_uid), ("DemoStarted", self.clerk))
        with self.assertRaises(AccessError):
            self.store.with_user(self.clerk).append("rental", order.name, "DemoCancelled")

    def test_a_reader_records_nothing(self):
        order = self.order().with_user(self.reader)
        with self.assertRaises(AccessError):
            order.action_start_demo()
        with self.assertRaises(AccessError):
            order.create({"partner_id": self.partner.id, "product_id": self.product.id})
        self.assertEqual(self.order().sudo().status, "draft")

    def test_another_company_sees_and_does_nothing(self):
        order = self.order()
        self.assertFalse(
            self.env["rental.order"].with_user(self.stranger).search([("id", "=", order.id)])
        )
        with self.assertRaises(AccessError):
            order.with_user(self.stranger).action_start_demo()
        snapshots = self.env["rental.snapshot"].with_user(self.stranger)
        self.assertFalse(snapshots.search([("aggregate_id", "=", order.name)]))
        self.assertEqual(order.status, "draft")

    def test_events_belong_to_the_company_of_the_rental(self):
        order = (
            self.env["rental.order"]
            .with_user(self.stranger)
            .create(
                {
                    "partner_id": self.partner.id,
                    "product_id": self.env["product.product"]
                    .create({"name": "Theirs", "company_id": self.theirs.id})
                    .id,
                }
            )
        )
        event = self.store.search([("aggregate_id", "=", order.name)])
        self.assertEqual(event.company_id, self.theirs)
        self.assertEqual(order.sudo().snapshot_id.company_id, self.theirs)


class TestSnapshotColumns(RentalCase):
    def test_columns_are_typed(self):
        order = self.order(quantity=2, planned_start="2026-02-01", monthly_price=10)
        order._apply_event("RentalConfirmed")
        order._apply_event("RentalInvoiced", {"amount": 20.5})
        domain = [("aggregate_id", "=", order.name), ("planned_start", "<", "2026-03-01")]
        model = self.env["rental.snapshot"]
        ((partner, quantity, amount),) = model._read_group(
            domain, ["partner_id"], ["quantity:sum", "invoiced_amount:sum"]
        )
        self.assertEqual((partner, quantity, amount), (self.partner, 2, 20.5))
        (row,) = model.search(domain).export_data(
            ["aggregate_id", "status", "partner_id", "quantity", "planned_start", "invoiced_amount"]
        )["datas"]
        self.assertEqual(row[:4], [order.name, "Confirmed", "株式会社テスト", 2])
        self.assertEqual(str(row[4]), "2026-02-01")
        self.assertEqual(row[5], 20.5)

    @mute_logger("odoo.sql_db", event_store_failure.__name__)
    def test_an_address_that_does_not_exist_is_a_fault_not_half_a_write(self):
        payload = {"delivery_partner_id": 999999999}
        answer = self.store.append("rental", "X-FK", "RentalPlanned", payload)
        self.assertEqual(answer["outcome"], "failed")
        self.assertIn("ForeignKeyViolation", answer["message"])
        self.assertFalse(self.env["rental.snapshot"].search([("aggregate_id", "=", "X-FK")]))
