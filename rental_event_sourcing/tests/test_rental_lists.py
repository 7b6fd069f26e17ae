"""Lists: one box that finds everything, filters, totals of one currency, duplicates."""

from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.event_sourcing_base.fields import AGGREGATOR
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase

READER = "event_sourcing.event_store_group_user"
# {XML id of an action of the menu: what a word and Enter find, by a method of the test}
MENUS = {
    "rental_order_action": "order",
    "rental_unit_action": "unit",
    "rental_stock_action": "stock",
    "rental_product_action": "templates",
    "rental_customer_action": "partner",
}


class ListCase(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        products = cls.env["product.product"]
        cls.crane = products.create(
            {
                "name": "Kran",
                "default_code": "KRN-77",
                "barcode": "4007000000017",
                "rental_ok": True,
                "rental_counting": "serial",
                "rental_price_day": 100,
            }
        )
        cls.lift = products.create({"name": "Hebebuehne", "rental_ok": True})
        cls.unit = cls.env["rental.unit"].create(
            {"product_id": cls.crane.id, "serial_number": "SN-4711", "barcode": "2900000047116"}
        )
        cls.stock = cls.env["rental.stock"].create({"product_id": cls.lift.id, "quantity": 9})
        cls.today = cls.store._business_today(cls.env.company.id, fields.Datetime.now())
        lines = [
            (0, 0, {"product_id": cls.lift.id, "quantity": 2, "price": 30}),
            (0, 0, {"product_id": cls.crane.id, "quantity": 1, "unit_ids": [(6, 0, cls.unit.ids)]}),
        ]
        cls.rental = cls.env["rental.order"].create(
            {
                "partner_id": cls.partner.id,
                "planned_start": cls.today - timedelta(days=3),
                "planned_end": cls.today,
                "line_ids": lines,
            }
        )
        for event_type in ("RentalConfirmed", "EquipmentDelivered"):
            cls.rental._apply_event(event_type)
        assert cls.rental.status == "active"

    def arch(self, action, user=None):
        model = self.env[action.res_model].with_user(user or self.env.user)
        view = action.search_view_id.id or False
        return etree.fromstring(model.get_views([(view, "search")])["views"]["search"]["arch"])


class TestSearch(ListCase):
    def records(self, name):
        return {
            "order": self.rental,
            "unit": self.unit,
            "stock": self.stock,
            "templates": (self.crane + self.lift).product_tmpl_id,
            "partner": self.partner,
        }[name]

    def entered(self, action, word, user=None):
        """Return what a word and Enter find in a list of the menu."""
        arch = self.arch(action, user)
        domain = safe_eval(arch.xpath("//field")[0].get("filter_domain"), {"self": word})
        return self.env[action.res_model].with_user(user or self.env.user).search(domain)

    def test_a_word_and_enter(self):
        clerk = make_user(self.env, "finder", USER)
        crane = ("Kran", "KRN-77", "4007000000017", "SN-4711")
        words = {
            "rental_order_action": (
                *(self.rental.name, "テスト", "Hebebuehne", "2900000047116"),
                *crane,
            ),
            "rental_unit_action": ("2900000047116", self.rental.name, "テスト", *crane),
            "rental_stock_action": ("Hebebuehne", "テスト"),
            "rental_product_action": ("Hebebuehne", "2900000047116", *crane),
            "rental_customer_action": ("テスト", self.rental.name, "Hebebuehne", *crane),
        }
        for xmlid, name in MENUS.items():
            action = self.env.ref(f"rental_event_sourcing.{xmlid}")
            known = self.records(name)
            for word in words[xmlid]:
                with self.subTest(action=xmlid, word=word):
                    self.assertTrue(known & self.entered(action, word, clerk))
            self.assertFalse(known & self.entered(action, "no such thing", clerk))

    def test_who_only_reads_finds_units(self):
        reader = make_user(self.env, "list-reader", READER)
        action = self.env.ref("rental_event_sourcing.rental_unit_action")
        for word in ("SN-4711", "KRN-77", "2900000047116"):
            self.assertIn(self.unit, self.entered(action, word, reader))

    def test_every_filter_can_be_asked(self):
        clerk = make_user(self.env, "filterer", USER)
        for xmlid in (*MENUS, "rental_snapshot_action"):
            action = self.env.ref(f"rental_event_sourcing.{xmlid}")
            model = self.env[action.res_model].with_user(clerk)
            for node in self.arch(action, clerk).xpath("//filter[@domain and @name]"):
                values = {"uid": clerk.id, "context_today": lambda: self.today}
                if node.get("name").startswith("activities"):
                    continue  # Odoo's own
                with self.subTest(action=xmlid, filter=node.get("name")):
                    model.search(safe_eval(node.get("domain"), values), limit=1)
            for node in self.arch(action, clerk).xpath("//filter[contains(@context, 'group_by')]"):
                group = safe_eval(node.get("context"))["group_by"]
                if action.res_model.startswith("rental."):
                    with self.subTest(action=xmlid, group=group):
                        model.read_group([], [], [group])

    def test_mine_today_and_this_week(self):
        colleague = make_user(self.env, "colleague", USER)
        self.rental.user_id = colleague
        for xmlid, records in (
            ("rental_order_action", self.rental),
            ("rental_unit_action", self.unit),
            ("rental_customer_action", self.partner),
        ):
            action = self.env.ref(f"rental_event_sourcing.{xmlid}")
            arch = self.arch(action)
            for name, uid, found in (
                ("mine", colleague.id, True),
                ("mine", self.env.uid, False),
                ("due_today", 0, True),
                ("due_this_week", 0, True),
                ("overdue", 0, False),
            ):
                (node,) = arch.xpath(f"//filter[@name='{name}']")
                domain = safe_eval(node.get("domain"), {"uid": uid})
                with self.subTest(action=xmlid, filter=name):
                    same = records & self.env[action.res_model].search(domain)
                    self.assertEqual(bool(same), found)
        self.env.cr.execute(
            "UPDATE rental_order SET planned_end = %s WHERE id = %s",
            [self.today - timedelta(days=1), self.rental.id],
        )
        self.env.invalidate_all()
        for name in ("order", "unit", "stock", "product"):
            action = self.env.ref(f"rental_event_sourcing.rental_{name}_action")
            (node,) = self.arch(action).xpath("//filter[@name='overdue']")
            self.assertTrue(self.env[action.res_model].search(safe_eval(node.get("domain"))))

    def test_what_goes_out_today_comes_back_and_is_with_whom(self):
        clerk = make_user(self.env, "at-the-desk", USER)
        drill = self.env["product.product"].create({"name": "Bohrer", "rental_ok": True})
        idle = self.env["rental.stock"].create({"product_id": drill.id, "quantity": 1})
        spare = self.env["rental.unit"].create(
            {"product_id": self.crane.id, "serial_number": "SN-4712"}
        )

        def shown(xmlid, name, records):
            action = self.env.ref(f"rental_event_sourcing.{xmlid}")
            (node,) = self.arch(action, clerk).xpath(f"//filter[@name='{name}']")
            found = records.with_user(clerk).search(safe_eval(node.get("domain")))
            return found & records

        stocks, units = self.stock + idle, self.unit + spare
        for name, found in (
            ("due_today", self.stock),
            ("out", self.stock),
            ("overdue", stocks[:0]),
        ):
            self.assertEqual(shown("rental_stock_action", name, stocks), found, name)
        self.assertEqual(stocks.mapped("pieces_out"), [2, 0])
        self.assertEqual(stocks.mapped("customers"), [self.partner.name, ""])
        self.assertEqual(stocks.mapped("comes_back_today"), [True, False])
        own = [("id", "in", stocks.ids)]
        for leaf, found in (
            (("pieces_out", "=", 0), idle),
            (("pieces_out", ">=", 2), self.stock),
            (("customers", "=", False), idle),
            (("customers", "not ilike", "テスト"), idle),
            (("goes_out_today", "!=", True), stocks),
            (("overdue", "=", False), stocks),
        ):
            self.assertEqual(stocks.search([leaf, *own]), found, leaf)
        for xmlid, records in (("rental_stock_action", stocks), ("rental_unit_action", units)):
            self.assertFalse(shown(xmlid, "goes_out_today", records))
        lines = [
            (0, 0, {"product_id": drill.id, "quantity": 1}),
            (0, 0, {"product_id": self.crane.id, "unit_ids": [(6, 0, spare.ids)]}),
        ]
        dates = {"planned_start": self.today, "planned_end": self.today + timedelta(days=5)}
        vals = {"partner_id": self.partner.id, **dates, "line_ids": lines}
        self.env["rental.order"].create(vals)._apply_event("RentalConfirmed")
        self.assertEqual(shown("rental_stock_action", "goes_out_today", stocks), idle)
        self.assertEqual(shown("rental_unit_action", "goes_out_today", units), spare)
        self.assertEqual(units.mapped("goes_out_today"), [False, True])
        # Of the company that has them alone.
        company = self.env["res.company"].create({"name": "Anderswo"})
        stock = self.env["rental.stock"].with_context(allowed_company_ids=company.ids)
        self.env.user.company_ids += company
        other = stock.create({"product_id": self.lift.id, "quantity": 1})
        self.assertEqual((other.pieces_out, other.comes_back_today), (0, False))

    def test_names_are_found_by_code_and_barcode(self):
        for model, record, words in (
            ("rental.order", self.rental, (self.rental.name, "テスト")),
            ("rental.order.line", self.rental.line_ids[1], ("KRN-77", "4007000000017")),
            ("rental.stock", self.stock, ("Hebebuehne",)),
        ):
            for word in words:
                found = [pair[0] for pair in self.env[model].name_search(word)]
                self.assertIn(record.id, found, (model, word))
        self.lift.write({"default_code": "HB-1", "barcode": "4007000000031"})
        for word in ("HB-1", "4007000000031"):
            self.assertTrue(self.env["rental.stock"].name_search(word))


class TestTotals(ListCase):
    def test_the_amount_is_of_the_period(self):
        # Two lifts at 30 a month, one crane at 100 a day for four days.
        self.assertEqual(self.rental.amount, 460)
        self.store.append(
            "rental", self.rental.name, "PriceChanged", {"lines": {"1": {"price": 1}}}
        )
        # A crane at 100 a day, two lifts at 1.
        self.assertEqual(self.rental.amount, 402)
        orders = self.env["rental.order"]
        domain = [("id", "=", self.rental.id)]
        ((amount,),) = orders._read_group(domain, [], ["amount:sum"])
        self.assertEqual(amount, 402)
        end = self.today + timedelta(days=2)
        self.store.append("rental", self.rental.name, "RentalExtended", {"planned_end": str(end)})
        self.assertEqual(self.rental.line_ids.mapped("amount"), [2, 600])
        ((amount,),) = orders._read_group(domain, [], ["amount:sum"])
        self.assertEqual((amount, self.rental.amount), (602, 602))

    def test_no_list_adds_up_unit_prices(self):
        for model in ("rental.order", "rental.snapshot"):
            for kind in ("list", "pivot", "graph"):
                arch = self.env[model].get_views([(False, kind)])["views"][kind]["arch"]
                tree = etree.fromstring(arch)
                for node in tree.xpath("//field[@name='monthly_price']"):
                    self.assertFalse(node.get("sum") or node.get("type") == "measure")
            (group,) = self.env[model].read_group([], ["__count"], [])
            self.assertNotIn("monthly_price", group)

    def test_amounts_of_several_currencies_are_not_added_up(self):
        own = self.env.company
        other = self.env["res.currency"].with_context(active_test=False)
        other = other.search([("id", "!=", own.currency_id.id)], limit=1)
        other.active = True
        company = self.env["res.company"].create({"name": "Lyon", "currency_id": other.id})
        self.env.user.company_ids += company
        both = self.env["rental.order"].with_context(allowed_company_ids=[own.id, company.id])
        vals = {"partner_id": self.partner.id, "product_id": self.lift.id, "monthly_price": 7}
        foreign = both.with_company(company).create(vals)
        self.assertEqual(foreign.company_id, company)
        domain = [("id", "in", (self.rental + foreign).ids)]
        self.assertFalse(both.read_group(domain, ["amount"], [])[0]["amount"])
        groups = both.read_group(domain, ["amount"], ["company_id"])
        self.assertEqual({group["amount"] for group in groups}, {460, 7})
        for model in ("rental.order", "rental.snapshot", "rental.unit"):
            for records, shown in ((both, 0), (both.with_context(allowed_company_ids=own.ids), 1)):
                views = records.env[model].get_views([(False, "list")])["views"]["list"]["arch"]
                totals = etree.fromstring(views).xpath("/*/field[@sum]/@name")
                money = [n for n in totals if self.env[model]._fields[n].type == "monetary"]
                self.assertEqual(bool(money), bool(shown), (model, totals))

    def test_every_model_with_amounts_of_companies_knows_that(self):
        """Also those of addons beside this one that are installed."""
        totals = self.registry["rental.totals.mixin"]
        found = [
            str(field)
            for model in self.env.values()
            if not (model._abstract or model._transient or isinstance(model, totals))
            for field in model._fields.values()
            if (field._module or "").startswith("rental_event_sourcing")
            if field.type == "monetary" and field.store and getattr(field, AGGREGATOR)
        ]
        self.assertEqual(found, [])


class TestDuplicates(ListCase):
    def test_a_rental(self):
        self.rental.write({"user_id": False})
        clerk = make_user(self.env, "twin-maker", USER)
        twin = self.rental.with_user(clerk).copy()
        self.assertEqual((twin.status, twin.user_id), ("draft", clerk))
        self.assertEqual(self.history(twin), [("RentalPlanned", "applied")])
        self.assertEqual((twin.planned_end - twin.planned_start).days, 3)
        self.assertEqual(twin.planned_start, self.today)
        self.assertEqual(
            [(line.product_id, line.quantity, line.price) for line in twin.line_ids],
            [(line.product_id, line.quantity, line.price) for line in self.rental.line_ids],
        )
        self.assertFalse(twin.line_ids.unit_ids or twin.line_ids.out_unit_ids)
        self.assertEqual(sum(twin.line_ids.mapped("delivered")), 0)

    def test_units_and_quantities_are_not(self):
        for record, sentence in (
            (self.unit, "are there already: SN-4711"),
            (self.stock, "is there already; change it"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                record.copy()


class TestDialogs(ListCase):
    def test_only_what_is_for_rent_is_offered(self):
        for model, name in (
            ("rental.add.units", "product_id"),
            ("rental.stock.wizard", "product_id"),
        ):
            domain = self.env[model]._fields[name].domain
            self.assertIn(("rental_ok", "=", True), domain)

    def test_a_notice_about_units_leaves_and_shows_its_reasons(self):
        told = self.unit.action_end_maintenance()
        self.assertEqual(told["tag"], "event_sourcing_tell")
        self.assertNotIn("sticky", told["params"])
        events = self.env["event.store"].search(told["params"]["more"]["action"]["domain"])
        self.assertEqual(events.aggregate_id, self.unit.name)
        self.assertEqual(events.outcome, "rejected")

    def test_a_notice_about_a_quantity_leaves(self):
        action = self.stock.action_change_quantity()
        form = Form(self.env["rental.stock.wizard"].with_context(**action["context"]))
        form.quantity = 3
        told = form.save().action_record()
        self.assertEqual((told["tag"], told["params"]["type"]), ("event_sourcing_tell", "success"))
        self.assertEqual(self.stock.quantity, 12)

    def test_each_dialog_says_what_its_event_means(self):
        for model, event_type in (
            ("rental.event.wizard", "RentalExtended"),
            ("rental.movement.wizard", "EquipmentDelivered"),
            ("rental.unit.wizard", "UnitRetired"),
        ):
            wizard = self.env[model].new({"event_type": event_type})
            self.assertTrue(wizard.event_help, model)
