"""What rentals keep out: false values, strange companies, questions without an answer."""

from functools import partial

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase


class TestGuards(RentalCase):
    def refuse(self, sentence, change):
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            change()
            self.env.flush_all()
        self.env.invalidate_all()

    def test_a_rental_cannot_show_the_snapshot_of_another(self):
        mine, other = self.order(), self.order()
        self.refuse("cannot be set", lambda: mine.write({"snapshot_id": other.snapshot_id.id}))
        self.refuse("cannot be set", lambda: self.order(snapshot_id=other.snapshot_id.id))
        mine.invalidate_recordset()
        self.assertEqual(mine.snapshot_id.aggregate_id, mine.name)

    def test_a_quantity_that_no_column_holds_is_refused_in_words(self):
        order = self.order(quantity=2)
        self.refuse("at most 2147483647", lambda: order.write({"quantity": 2**31}))
        self.refuse("at most 2147483647", lambda: self.order(quantity=3_000_000_000))
        order.quantity = 2**31 - 1
        self.env.flush_all()
        self.assertEqual(order.snapshot_id.quantity, 2**31 - 1)

    def test_products_and_customers_of_another_company_are_refused(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        lift = self.env["product.product"].create({"name": "Lift", "company_id": theirs.id})
        partner = self.env["res.partner"].create({"name": "Theirs", "company_id": theirs.id})
        order = self.order()
        self.refuse("belongs to another company", lambda: self.order(product_id=lift.id))
        self.refuse("belongs to another company", lambda: order.write({"product_id": lift.id}))
        self.refuse("belongs to another company", lambda: order.write({"partner_id": partner.id}))
        order.invalidate_recordset()
        self.assertEqual((order.product_id, order.partner_id), (self.product, self.partner))
        self.assertEqual(self.history(order), [("RentalPlanned", "applied")])

    def test_a_product_has_no_price_below_zero(self):
        self.refuse(
            "price of .* cannot be below 0", lambda: self.product.write({"rental_price_month": -1})
        )
        self.product.rental_price_month = 0

    def test_an_emptied_customer_over_the_api_is_refused_and_harms_nothing(self):
        order = self.order()
        answer = self.store.append("rental", order.name, "PlanChanged", {"partner_id": None})
        self.env.flush_all()
        self.assertEqual(answer["outcome"], "rejected")
        self.assertEqual(order.partner_id, self.partner)

    def test_a_refused_change_of_the_plan_stores_nothing(self):
        order = self.order(quantity=2)
        order._apply_event("RentalCancelled")
        count = self.store.search_count([])
        self.refuse(
            "The plan of a cancelled rental cannot be changed.",
            lambda: order.write({"quantity": 5}),
        )
        order.invalidate_recordset()
        self.assertEqual((order.quantity, order.snapshot_id.quantity), (2, 2))
        self.assertEqual(self.store.search_count([]), count)
        with self.registry.cursor() as cr:  # nor on a connection of its own
            cr.execute("SELECT count(*) FROM event_store WHERE aggregate_id = %s", [order.name])
            self.assertEqual(cr.fetchone(), (0,))

    def test_one_refused_change_leaves_all_rentals_of_a_write_alone(self):
        orders = self.order() + self.order()
        orders[1]._apply_event("RentalCancelled")
        self.refuse("The plan of a cancelled rental", lambda: orders.write({"quantity": 9}))
        orders.invalidate_recordset()
        self.assertEqual(orders.mapped("quantity"), [1, 1])
        self.assertEqual(self.history(orders[0]), [("RentalPlanned", "applied")])

    def test_actions_answer_odd_questions_in_words(self):
        order = self.order()
        for event_type in ("Bogus", "SystemErrorOccurred", ["DemoStarted"], None):
            self.refuse("know no event", partial(order.action_record_event, event_type))
        self.refuse("Select at least one", self.env["rental.order"].action_start_demo)
        self.assertEqual(self.history(order), [("RentalPlanned", "applied")])

    def test_dialogs_answer_odd_questions_in_words(self):
        """Without a record, or with default values in the context that are none."""
        clerk = make_user(self.env, "oddclerk", USER)
        manager = make_user(self.env, "oddmanager", USER.replace("_user", "_manager"))
        for model, user, event_type in (
            ("rental.event.wizard", clerk, "DemoStarted"),
            ("rental.unit.wizard", manager, "MaintenanceEnded"),
        ):
            wizard = self.env[model].with_user(user).create({"event_type": event_type})
            self.refuse("Select at least one", wizard.action_record)
        for model in ("rental.event.wizard", "rental.movement.wizard", "rental.unit.wizard"):
            for name, value in (
                ("event_type", ["x"]),
                ("event_type", "Bogus"),
                ("photo_ids", "zz"),
                ("unit_ids", [[6, 0, ["a"]]]),
                ("amount", float("nan")),
                ("line_ids", [[0, 0, {"no_such_field": 1}]]),
            ):
                wizards = self.env[model].with_user(clerk)
                if name in wizards._fields:
                    odd = wizards.with_context(**{f"default_{name}": value})
                    with self.subTest(model=model, name=name, value=value):
                        self.refuse("cannot be|has no field", partial(odd.default_get, [name]))
                        self.refuse("cannot be|has no field", partial(odd.onchange, {}, [], {}))

    def test_actions_stop_at_the_company(self):
        stranger = make_user(
            self.env, "stranger", USER, company=self.env["res.company"].create({"name": "Theirs"})
        )
        wizard = self.env["rental.event.wizard"].with_user(stranger)
        order = self.order()
        order._apply_event("RentalConfirmed")
        history = self.history(order)
        with self.assertRaises(UserError):  # AccessError is one
            wizard.create(
                {
                    "event_type": "RentalInvoiced",
                    "order_ids": [(6, 0, order.ids)],
                    "amount": 5,
                }
            ).action_record()
        self.assertEqual(self.history(order), history)


class TestWizard(RentalCase):
    def open(self, orders, name):
        context = getattr(orders, name)()["context"]
        wizard = self.env["rental.event.wizard"].with_context(**context)
        return wizard.create(wizard.default_get(list(wizard._fields)))

    def test_it_proposes_what_the_rentals_agree_on(self):
        one = self.order(quantity=3, monthly_price=100, planned_end="2026-03-01")
        two = self.order(quantity=3, monthly_price=100, planned_end="2026-04-01")
        (one + two)._apply_event("RentalConfirmed")
        self.assertEqual(self.open(one, "action_invoice").amount, 300)
        self.assertEqual(str(self.open(one, "action_extend").planned_end), "2026-04-01")
        wizard = self.open(one + two, "action_change_price")
        self.assertEqual((wizard.order_ids, wizard.monthly_price), (one + two, 100))
        self.assertFalse(wizard.planned_end)

    def test_an_extension_is_proposed_by_the_shortest_period_that_has_a_price(self):
        days = {"planned_start": "2026-03-01", "planned_end": "2026-03-06"}
        for periods, end in (
            (["month"], "2026-04-06"),
            (["month", "week"], "2026-03-13"),
            (["week", "rental", "day"], "2026-03-07"),
            (["rental"], "2026-03-07"),
        ):
            with self.subTest(periods=periods):
                order = self.lines(periods, **days)
                order._apply_event("RentalConfirmed")
                wizard = self.open(order, "action_extend")
                self.assertEqual(str(wizard.planned_end), end)
                self.assertEqual(str(wizard.present_end), "2026-03-06")

    def test_the_price_of_the_only_line_stays_for_its_period(self):
        order = self.lines(["day"])
        wizard = self.open(order, "action_change_price")
        line = order.line_ids
        self.assertEqual((wizard.line_id, wizard.monthly_price), (line, 70))
        self.assertEqual(wizard.price_period, "day")
        wizard.monthly_price = 60
        wizard.action_record()
        self.assertEqual((line.price, line.price_period, line.price_typed), (60, "day", True))

    def test_of_several_lines_the_price_of_the_chosen_one_is_shown(self):
        order = self.lines(["day", "week"])
        context = order.action_change_price()["context"]
        with Form(self.env["rental.event.wizard"].with_context(**context)) as form:
            self.assertEqual(form.line_count, 2)
            form.line_id = order.line_ids[1]
            self.assertEqual((form.monthly_price, form.price_period), (71, "week"))
            form.monthly_price = 65
        form.record.action_record()
        self.assertEqual(order.line_ids.mapped("price"), [70, 65])
        self.assertEqual(order.line_ids.mapped("price_period"), ["day", "week"])

    def lines(self, periods, **vals):
        """Return a rental with a line per period, dearer one by one from 70 on."""
        rows = [
            (0, 0, {"product_id": self.product.id, "price": 70 + n, "price_period": period})
            for n, period in enumerate(periods)
        ]
        partner = self.env["res.partner"].create({"name": "Ms Sato"})
        return self.env["rental.order"].create({"partner_id": partner.id, "line_ids": rows, **vals})

    def test_an_invoice_over_nothing_is_no_invoice(self):
        order = self.order(monthly_price=0)
        order._apply_event("RentalConfirmed")
        with self.assertRaisesRegex(UserError, "cannot be zero"):
            self.open(order, "action_invoice").action_record()
        self.assertEqual(self.history(order)[-1], ("RentalConfirmed", "applied"))

    def test_a_price_that_nobody_entered_is_no_price(self):
        one, two = self.order(monthly_price=100), self.order(monthly_price=200)
        with self.assertRaisesRegex(UserError, "new price; it cannot be zero"):
            self.open(one + two, "action_change_price").action_record()
        self.assertEqual((one + two).mapped("monthly_price"), [100, 200])

    @freeze_time("2026-11-24 23:30:00")
    def test_the_day_of_a_delivery_is_that_of_the_company(self):
        for tz, day in (("Asia/Tokyo", "2026-11-25"), ("America/Los_Angeles", "2026-11-24")):
            self.env.company.partner_id.tz = tz
            order = self.order()
            order._apply_event("RentalConfirmed")
            order.with_context(tz="UTC").action_deliver()
            order.with_context(tz="UTC").action_return()
            self.assertEqual([str(order.delivered_on), str(order.returned_on)], [day, day])


class TestMenus(RentalCase):
    def test_an_auditor_finds_the_snapshots_of_all_companies_and_no_orders(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        order = self.order()
        auditor = make_user(self.env, "auditor", "auditor", company=theirs)
        menus = self.env["ir.ui.menu"].with_user(auditor)._visible_menu_ids()
        self.assertIn(self.env.ref("rental_event_sourcing.rental_snapshot_menu").id, menus)
        self.assertNotIn(self.env.ref("rental_event_sourcing.rental_order_menu").id, menus)
        snapshots = self.env["rental.snapshot"].with_user(auditor)
        found = snapshots.search([("aggregate_id", "=", order.name)])
        self.assertEqual(found.product_id.display_name, "Lift")
        outsider = make_user(self.env, "outsider")
        menus = self.env["ir.ui.menu"].with_user(outsider)._visible_menu_ids()
        self.assertNotIn(self.env.ref("rental_event_sourcing.rental_menu_root").id, menus)
