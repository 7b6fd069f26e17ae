"""The demo data: two shops, and a year that could have been theirs."""

from collections import Counter
from datetime import date
from itertools import pairwise

from odoo import fields
from odoo.tests import TransactionCase, tagged

from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import JobCase

from ..demo_stories import STORIES, THESE_DAYS, Calendar, away_until, told
from ..models.rental_demo import SHOPS

AGGREGATES = ("rental", "rental_unit", "rental_stock")


@tagged("post_install", "-at_install")
class DemoCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = [shop.company["name"] for shop in SHOPS]
        cls.companies = cls.env["res.company"].search([("name", "in", names)])
        assert len(cls.companies) == 2, "the test database has no demo data"
        cls.osaka, cls.lyon = cls.companies.sorted("name", reverse=True)
        cls.here = [("company_id", "in", cls.companies.ids)]
        cls.orders = cls.env["rental.order"].search(cls.here)
        cls.store = cls.env["event.store"]
        cls.tanaka, cls.moreau, cls.sato = (
            cls.env["res.users"].search([("login", "=", login)])
            for login in ("tanaka", "moreau", "sato")
        )

    def events(self, *domain):
        return self.store.search([*self.here, *domain])


class TestDemo(DemoCase):
    def test_two_shops(self):
        self.assertEqual(self.env.ref("base.user_admin").company_id, self.osaka)
        currencies = self.osaka.currency_id + self.lyon.currency_id
        self.assertEqual(currencies.mapped("name"), ["JPY", "EUR"])
        zones = [company.partner_id.tz for company in self.osaka + self.lyon]
        self.assertEqual(zones, ["Asia/Tokyo", "Europe/Paris"])
        self.assertEqual({e.timezone for e in self.events()}, {"Asia/Tokyo", "Europe/Paris"})

    def test_what_they_own(self):
        products = self.env["product.product"].search([*self.here, ("rental_ok", "=", True)])
        serial = products.filtered(lambda product: product.rental_counting == "serial")
        self.assertEqual((len(products), len(serial)), (60, 20))
        units = self.env["rental.unit"].search(self.here)
        self.assertEqual((len(units), units.product_id), (200, serial))
        stocks = self.env["rental.stock"].search(self.here)
        self.assertEqual(stocks.product_id, products - serial)
        self.assertEqual(len(set(products.mapped("barcode"))), 60)
        for name in ("rental_price_day", "rental_price_week", "rental_price_month"):
            self.assertTrue(all(products.mapped(name)), name)
        for product in products:
            self.assertEqual(product.currency_id, product.company_id.currency_id)
        self.assertGreaterEqual(set(units.mapped("status")), {"in_order", "maintenance"})
        self.assertIn("retired", units.mapped("status"))

    def test_a_year_of_rentals(self):
        self.assertEqual(len(self.orders), 150)
        statuses = {s for s, _label in self.orders._fields["status"].selection}
        for company in self.companies:
            found = self.orders.filtered(lambda order, c=company: order.company_id == c)
            self.assertEqual(set(found.mapped("status")), statuses, company.name)
            last = max(self.events(("company_id", "=", company.id)).mapped("timestamp"))
            yesterday = self.store._business_today(company.id, last)
            today = self.store._business_today(company.id, fields.Datetime.now())
            self.assertEqual((today - yesterday).days, 1, company.name)
        planned = self.events(("event_type", "=", "RentalPlanned")).mapped("timestamp")
        self.assertGreaterEqual((max(planned) - min(planned)).days, 350)
        self.assertGreater(len([order for order in self.orders if len(order.line_ids) > 1]), 60)

    def test_what_happens_in_a_shop(self):
        applied = self.events(("model_name", "=", "rental"), ("outcome", "=", "applied"))
        found = Counter(applied.mapped("event_type"))
        for event_type, least in (
            *(("DamageReported", 5), ("DamageCharged", 5), ("LateFeeCharged", 5)),
            *(("DepositTaken", 20), ("DepositReturned", 10), ("RentalInvoiced", 70)),
            *(("InvoiceCorrected", 5), ("DeliveryCorrected", 5), ("ReturnCorrected", 5)),
            *(("ContractAgreed", 5), ("RentalExtended", 5), ("RentalShortened", 5)),
            *(("PlanChanged", 5), ("PriceChanged", 2), ("ReturnReminded", 2), ("DemoCancelled", 5)),
        ):
            self.assertGreaterEqual(found[event_type], least, event_type)
        for event_type in ("EquipmentDelivered", "EquipmentReturned"):
            of_it = applied.filtered(lambda event, t=event_type: event.event_type == t)
            rentals = Counter(of_it.mapped("aggregate_id"))
            self.assertGreaterEqual(sum(count > 1 for count in rentals.values()), 10, event_type)

    def test_what_was_refused(self):
        refused = self.events(("model_name", "=", "rental"), ("outcome", "=", "rejected"))
        self.assertGreaterEqual(len(refused), 30)
        self.assertEqual(refused.create_uid, self.tanaka + self.moreau + self.sato)
        rules = self.events(("broken_rule", "!=", False)).mapped("broken_rule")
        for rule in ("not_free", "more_than_out", "period_invoiced", "status:"):
            self.assertTrue([known for known in rules if rule in known], rule)
        faults = self.events(("event_type", "=", "SystemErrorOccurred"))
        self.assertEqual(set(faults.mapped("aggregate_id")), {"WEB-1001", "WEB-1002"})

    def test_something_is_to_do_today(self):
        for company in self.companies:
            found = self.orders.filtered(
                lambda order, c=company: order.company_id == c and order.due_today
            )
            kinds = Counter(found.mapped("due"))
            self.assertEqual(
                kinds, {"goes_out": 2, "comes_back": 2, "overdue": 2, "demo_ends": 1}, company.name
            )

    def test_customers_are_of_the_place(self):
        names = {c: c.name for c in self.orders.partner_id}
        osaka = [name for partner, name in names.items() if partner.company_id == self.osaka]
        self.assertIn("株式会社なにわ建設", osaka)
        lyon = [name for partner, name in names.items() if partner.company_id == self.lyon]
        self.assertIn("Festival des Deux Rives", lyon)
        self.assertEqual(len(osaka) + len(lyon), len(names))

    def test_who_sees_which_shop(self):
        for user, companies in (
            *((self.tanaka, self.osaka), (self.moreau, self.lyon)),
            *((self.sato, self.companies), (self.env.ref("base.user_admin"), self.companies)),
        ):
            self.assertEqual(user.company_ids & self.companies, companies, user.login)
            seen = self.env["rental.order"].with_user(user).search(self.here).company_id
            self.assertEqual(seen, companies, user.login)
            action = self.env.ref("rental_event_sourcing.rental_order_action")
            self.assertEqual(user.action_id.id, action.id, user.login)
        self.assertFalse(self.tanaka.has_group("event_sourcing.event_store_group_manager"))

    def test_companies_number_their_rentals_as_they_like(self):
        for company, first in ((self.osaka, "R"), (self.lyon, "L")):
            found = self.orders.filtered(lambda order, c=company: order.company_id == c)
            self.assertEqual({order.name[0] for order in found}, {first})

    def test_who_has_a_company_stays_there(self):
        demo, admin = self.env["rental.demo"], self.env.ref("base.user_admin")
        main = self.env.ref("base.main_company")
        self.assertNotIn(main, self.companies)
        admin.company_id = main
        main.name = "Somebody's"
        demo._let_admin_in(self.companies)
        self.assertEqual(admin.company_id, main)
        main.name = "YourCompany"
        demo._let_admin_in(self.osaka + self.lyon)
        self.assertEqual(admin.company_id, self.osaka)


class TestDemoIsTrue(DemoCase):
    """What the demo says holds, as if people had done it."""

    def test_every_snapshot_equals_its_replay(self):
        for model_name in AGGREGATES:
            handler = self.store._find_handler(model_name)
            snapshots = self.env[handler._snapshot_model].search(self.here)
            self.assertTrue(snapshots, model_name)
            for snapshot in snapshots:
                replayed = self.store.state_at(
                    model_name, snapshot.aggregate_id, company_id=snapshot.company_id.id
                )
                self.assertEqual(replayed["state_json"], canonical(snapshot.state))

    def test_no_unit_is_out_twice(self):
        out = {}
        for order in self.orders:
            for unit, days in self.days_out(order.snapshot_id.state).items():
                out.setdefault((order.company_id, unit), []).append((*days, order.name))
        self.assertGreater(len(out), 50)
        for unit, times in out.items():
            times.sort()
            for (_first, last, one), (first, _last, other) in pairwise(times):
                self.assertLess(last, first, (unit, one, other))

    def days_out(self, state):
        """Return ``{unit: (first, last day)}`` of one rental."""
        found = {}
        for movement in state.get("movements", {}).values():
            for line in movement["lines"].values():
                for unit in line["unit_ids"]:
                    days = found.setdefault(unit, [movement["day"], str(date.max)])
                    days[movement["kind"] == "returned"] = movement["day"]
        return found


class TestDemoDoesNotDrift(JobCase):
    def test_boundaries_know_what_the_events_say(self):
        for model_name in AGGREGATES:
            job = self.run_job("check", model_name)
            self.assertEqual((job.state, self.drifts(job)), ("done", []), model_name)


class TestStories(TransactionCase):
    """Stories can be told from any day on."""

    def test_steps_come_in_their_order(self):
        for story in STORIES:
            planned = date(2026, 1, 30)
            start = fields.Date.add(planned, days=story.lead)
            days = {
                "planned": planned,
                "start": start,
                "end": fields.Date.add(start, days=story.length),
            }
            wanted = [fields.Date.add(days[step.since], days=step.days) for step in story.steps]
            self.assertEqual(wanted, sorted(wanted), story)
            told_days = [day for day, _step in told(story.steps, days, date(2027, 1, 1))]
            self.assertEqual(told_days, wanted)
            self.assertFalse(list(told(story.steps, days, planned)))
            self.assertGreaterEqual(away_until(story.steps, days, date(2027, 1, 1)), days["end"])

    def test_these_days_are_around_today(self):
        for moment in THESE_DAYS:
            self.assertLess(moment.planned, 0, moment.name)
            self.assertLessEqual(moment.start, moment.end, moment.name)

    def test_what_is_overdue_is_free_on_no_day(self):
        (overdue,) = [moment for moment in THESE_DAYS if moment.name == "overdue"]
        today = date(2026, 3, 20)
        days = {
            name: fields.Date.add(today, days=getattr(overdue, name))
            for name in ("planned", "start", "end")
        }
        calendar = Calendar()
        calendar.take("U1", days["start"], away_until(overdue.steps, days, today), 2)
        self.assertEqual(calendar.count("U1", date(2027, 1, 1), date(2027, 1, 2)), 2)
        self.assertEqual(calendar.count("U1", date(2026, 1, 1), date(2026, 1, 2)), 0)
