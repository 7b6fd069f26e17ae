"""What a person is told before, on the board, in menus and dialogs; what is due; duplicates."""

from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools.safe_eval import safe_eval

from odoo.addons.rental_event_sourcing.models.rental_order_desk import BUTTONS, MENU
from odoo.addons.rental_event_sourcing.models.rental_snapshot import STATUSES
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import RentalCase


class TestBoard(RentalCase):
    def test_a_card_records_the_event_that_leads_there(self):
        order = self.order()
        for status in ("demo", "confirmed", "active", "returned"):
            self.assertEqual(order.action_move_to(status)["params"]["type"], "success")
            self.assertEqual(order.status, status)

    def test_it_asks_what_the_button_asks(self):
        for way, event_type in (
            ((), "RentalCancelled"),
            (("DemoStarted",), "DemoCancelled"),
            (("RentalConfirmed",), "RentalCancelled"),
        ):
            order = self.order()
            for step in way:
                order._apply_event(step)
            before = order.status
            action = order.action_move_to("cancelled")
            self.assertEqual(action["res_model"], "rental.event.wizard")
            self.assertEqual(action["views"], [(False, "form")])  # as the client needs it
            self.assertEqual(action["context"]["default_event_type"], event_type)
            self.assertEqual(order.status, before)

    def test_where_no_event_leads_it_says_so_and_records_nothing(self):
        order = self.order()
        history = self.history(order)
        for status in ("draft", "active", "returned", "closed"):
            params = order.action_move_to(status)["params"]
            self.assertEqual(params["type"], "warning")
            self.assertIn(f"{order.name} is a draft rental: no single step", params["message"])
        self.assertEqual(self.history(order), history)
        with self.assertRaisesRegex(UserError, "Rentals know no status"):
            order.action_move_to("nowhere")

    def test_a_reader_moves_nothing(self):
        order = self.order().with_user(make_user(self.env, "reader", "user"))
        with self.assertRaises(AccessError):
            order.action_move_to("demo")

    def test_one_primary_button_per_status(self):
        form = etree.fromstring(self.env["rental.order"].get_view(view_type="form")["arch"])
        for status, _label in STATUSES:
            shown = [
                button.get("name")
                for button in form.xpath("//header/button[contains(@class, 'btn-primary')]")
                if not safe_eval(button.get("invisible"), {"id": 1, "status": status})
            ]
            self.assertEqual(len(shown), status not in ("closed", "cancelled"), (status, shown))


class TestMenu(RentalCase):
    def test_it_knows_what_is_possible(self):
        self.assertEqual(set(MENU.values()), set(BUTTONS))
        found = self.env["rental.order"].action_menu_statuses()
        cancel = self.env.ref("rental_event_sourcing.rental_order_action_cancel_demo")
        self.assertEqual(found[str(cancel.id)], ["demo"])
        self.assertEqual(len(found), 23)

    def test_one_is_asked_for_a_reason_as_many_are(self):
        orders = self.order() + self.order()
        for records in (orders[0], orders):
            action = records.action_choose("RentalCancelled")
            self.assertEqual(action["res_model"], "rental.event.wizard")
        self.assertEqual(orders[0].action_choose("DemoStarted")["tag"], "event_sourcing_tell")
        with self.assertRaisesRegex(UserError, "Select at least one"):
            self.env["rental.order"].action_choose("DemoStarted")


class TestForecast(RentalCase):
    def wizard(self, orders, event_type, **answers):
        context = orders.action_choose(event_type)["context"]
        wizard = self.env["rental.event.wizard"].with_context(**context)
        return wizard.create({**wizard.default_get(list(wizard._fields)), **answers})

    def test_many_are_told_before_what_will_be_done(self):
        orders = self.order() + self.order() + self.order()
        orders[1]._apply_event("RentalCancelled")
        wizard = self.wizard(orders, "DemoStarted")
        self.assertEqual((wizard.possible_count, wizard.refused_count), (2, 1))
        self.assertEqual(
            wizard.forecast,
            f"2 will be done, 1 not:\n{orders[1].name}: A demo of a cancelled rental cannot be"
            " started.",
        )
        self.assertEqual(orders.mapped("status"), ["draft", "cancelled", "draft"])
        params = wizard.action_record()["params"]
        self.assertEqual(params["type"], "success")
        self.assertEqual(orders.mapped("status"), ["demo", "cancelled", "demo"])
        # What was announced as not possible is no attempt.
        self.assertEqual(orders.mapped("rejected_event_count"), [0, 0, 0])

    def test_all_of_them_can_be(self):
        wizard = self.wizard(self.order() + self.order(), "DemoStarted")
        self.assertEqual(wizard.forecast, "2 will be done.")

    def test_reasons_are_grouped(self):
        orders = self.env["rental.order"].concat(*(self.order() for _number in range(4)))
        orders[2:]._apply_event("RentalCancelled")
        forecast = self.wizard(orders, "EquipmentReturned").forecast
        self.assertIn("0 will be done, 4 not:", forecast)
        self.assertEqual(forecast.count("\n"), 2)

    def test_a_dialog_keeps_what_was_typed(self):
        order = self.order(planned_end="2026-03-01")
        order._apply_event("RentalConfirmed")
        history = self.history(order)
        wizard = self.wizard(order, "RentalExtended", planned_end="2026-02-01")
        self.assertIn("must end later", wizard.forecast)
        with self.assertRaisesRegex(UserError, "must end later"):
            wizard.action_record()
        self.assertEqual(self.history(order), history)
        self.assertEqual(str(wizard.planned_end), "2026-02-01")

    def test_what_is_proposed_is_accepted(self):
        """By every dialog that proposes something, in the life of a rental that is late."""
        self.env.company.rental_late_fee = 5
        today = self.store._business_today(self.env.company.id, fields.Datetime.now())
        days = {"planned_start": today - timedelta(days=70), "planned_end": today}
        order = self.order(quantity=2, monthly_price=100, **days)
        order._apply_event("DemoStarted", {"demo_end": str(today)})
        self.accepted(order, "DemoExtended")
        order._apply_event("RentalConfirmed")
        self.accepted(order, "PriceChanged")
        end = order.planned_end
        self.accepted(order, "RentalExtended")
        self.assertGreater(order.planned_end, end)
        order._apply_event("RentalShortened", {"planned_end": str(today - timedelta(days=3))})
        self.accepted(order, "RentalShortened")
        self.assertEqual(order.planned_end, today - timedelta(days=4))
        delivered = {"delivered_on": str(order.planned_start)}
        order._apply_event("EquipmentDelivered", delivered)
        for _period in range(3):  # month by month, to the end
            self.accepted(order, "RentalInvoiced")
        self.accepted(order, "InvoiceCorrected", reason="Typed twice")
        self.accepted(order, "DepositTaken", amount=30)
        self.accepted(order, "DepositReturned")
        self.assertEqual(order.deposit_held, 0)
        self.accepted(order, "LateFeeCharged")
        self.assertEqual(order.late_fee_amount, 5 * 2 * 4)
        damage = {"description": "Scratch", "repair_cost": 70, "charged": True}
        order._apply_event("DamageReported", damage)
        self.accepted(order, "DamageCharged")
        self.assertEqual(order.damage_billed, 70)
        self.assertEqual(order.rejected_event_count, 0)

    def accepted(self, order, event_type, **typed):
        """Record what a dialog proposes; only what nobody can know is typed."""
        wizard = self.wizard(order, event_type, **typed)
        self.assertFalse(wizard._lacks(), event_type)
        self.assertEqual((wizard.refused_count, wizard.forecast), (0, False), event_type)
        self.assertEqual(wizard.action_record()["params"]["type"], "success", event_type)

    def test_nothing_is_proposed_that_is_refused(self):
        """A rental of one day cannot be shorter; what is back already has no days to come."""
        day = {"planned_start": "2026-03-01", "planned_end": "2026-03-01"}
        order = self.order(**day)
        order._apply_event("RentalConfirmed")
        wizard = self.wizard(order, "RentalShortened")
        self.assertFalse(wizard.planned_end)
        self.assertEqual((wizard.forecast, wizard.refused_count), (False, 0))
        for event_type in ("DemoExtended", "LateFeeCharged", "DamageCharged", "InvoiceCorrected"):
            self.assertTrue(self.wizard(order, event_type)._lacks(), event_type)

    def test_what_is_proposed_to_move_is_accepted(self):
        serial = self.env["product.product"].create({"name": "Drone", "rental_counting": "serial"})
        units = self.env["rental.unit"].create(
            [{"product_id": serial.id, "serial_number": f"PD-{n}"} for n in range(2)]
        )
        lines = [
            (0, 0, {"product_id": self.product.id, "quantity": 3}),
            (0, 0, {"product_id": serial.id, "quantity": 2, "unit_ids": [(6, 0, units.ids)]}),
        ]
        order = self.env["rental.order"].create({"partner_id": self.partner.id, "line_ids": lines})
        order._apply_event("RentalConfirmed")
        for event_type, status in (
            ("UnitsAssigned", "confirmed"),
            ("EquipmentDelivered", "active"),
            ("EquipmentReturned", "returned"),
        ):
            context = order._ask(event_type)["context"]
            wizards = self.env["rental.movement.wizard"].with_context(**context)
            wizard = wizards.create(wizards.default_get(list(wizards._fields)))
            self.assertEqual(wizard.action_record()["params"]["type"], "success", event_type)
            self.assertEqual(order.status, status)

    def test_a_page_that_is_old_says_what_happened(self):
        order = self.order()
        self.assertFalse(order.changed_since(1))
        order._apply_event("PriceChanged", {"monthly_price": 9})
        self.assertRegex(order.changed_since(1), f"{order.name} has changed .*: Price changed, by")
        self.assertFalse(order.changed_since(2))
        self.assertTrue(order.changed_since(1, "action_confirm"))
        # What is refused says more than that.
        self.assertFalse(order.changed_since(1, "action_return"))
        self.assertFalse(order.changed_since(1, "action_view_events"))


class TestDue(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.store._business_today(cls.env.company.id, fields.Datetime.now())

    def planned(self, start, end, *events):
        day = [str(self.today + timedelta(days=days)) for days in (start, end)]
        order = self.order(planned_start=day[0], planned_end=day[1])
        for event in events:
            order._apply_event(*event if isinstance(event, tuple) else (event,))
        return order

    def test_what_is_due(self):
        demo_end = {"demo_end": str(self.today)}
        out = self.planned(0, 20, "RentalConfirmed")
        back = self.planned(-20, 0, "RentalConfirmed", "EquipmentDelivered")
        overdue = self.planned(-20, -1, "RentalConfirmed", "EquipmentDelivered")
        demo = self.planned(5, 9, ("DemoStarted", demo_end))
        later = self.planned(30, 40, "RentalConfirmed")
        draft = self.planned(0, 1)
        orders = out + back + overdue + demo + later + draft
        self.assertEqual(
            orders.mapped("due"),
            ["goes_out", "comes_back", "overdue", "demo_ends", "goes_out", False],
        )
        own = [("id", "in", orders.ids)]
        found = self.env["rental.order"].search([("due_today", "=", True), *own])
        self.assertEqual(set(found), set(out + back + overdue + demo))
        rest = self.env["rental.order"].search([("due_today", "=", False), *own])
        self.assertEqual(set(rest), set(later + draft))
        week = self.env["rental.order"].search([("due_this_week", "=", True), *own])
        self.assertLessEqual(set(found), set(week))
        self.assertNotIn(later, week)
        for order in orders:
            self.assertEqual(order in found, order.due_today)
            self.assertEqual(order in week, order.due_this_week)

    def test_weeks_of_filter_and_groups_agree(self):
        """A week begins as the reader's language says, in the filter and in groups of lists."""
        language = self.env["res.lang"]._lang_get("en_US")
        rentals = self.env["rental.order"].with_context(lang="en_US")
        for begins in range(1, 8):
            language.week_start = str(begins)
            last = rentals._due_days()[self.env.company.id][1]
            self.assertEqual((last + timedelta(days=1)).isoweekday(), begins)
            orders = rentals.browse()
            for day in (last - timedelta(days=6), last, last + timedelta(days=1)):
                orders += rentals.create(
                    {
                        "partner_id": self.partner.id,
                        "product_id": self.product.id,
                        "planned_start": day,
                    }
                )
            orders._apply_event("RentalConfirmed")
            own = [("id", "in", orders.ids)]
            groups = rentals._read_group(own, ["planned_start:week"], ["id:recordset"])
            this_week = rentals.search([*own, ("due_this_week", "=", True)])
            self.assertEqual([set(found) for _day, found in groups], [set(this_week), {orders[2]}])

    def test_the_list_of_today(self):
        action = self.env.ref("rental_event_sourcing.rental_today_action")
        name = next(iter(safe_eval(action.context))).removeprefix("search_default_")
        search = etree.fromstring(self.env["rental.order"].get_view(view_type="search")["arch"])
        (domain,) = search.xpath(f"//filter[@name='{name}']/@domain")
        out = self.planned(0, 20, "RentalConfirmed")
        self.assertIn(out, self.env["rental.order"].search(safe_eval(domain)))

    def test_a_word_and_enter(self):
        order = self.order()
        search = etree.fromstring(self.env["rental.order"].get_view(view_type="search")["arch"])
        domain = search.xpath("//field")[0].get("filter_domain")
        words = [order.name, self.partner.name[:4], self.product.name]
        if "default_code" in self.product._fields:
            self.product.default_code = "LFT-99"
            words.append("LFT-99")
        for word in words:
            found = self.env["rental.order"].search(safe_eval(domain, {"self": word}))
            self.assertIn(order, found, word)

    def test_a_duplicate_is_planned_anew(self):
        clerk = make_user(self.env, "copier", "rental_event_sourcing.rental_order_group_user")
        order = self.planned(-100, -62)  # as long as no number of months
        twin = order.with_user(clerk).copy()
        self.assertEqual(twin.user_id, clerk)
        now = fields.Datetime.now()
        today = self.store.with_user(clerk)._business_today(self.env.company.id, now)
        self.assertEqual(twin.planned_start, today)
        self.assertEqual((twin.planned_end - twin.planned_start).days, 38)
        self.assertFalse(self.order().copy().planned_start)
        self.assertEqual(
            str(order.copy({"planned_start": "2026-01-01"}).planned_start), "2026-01-01"
        )
