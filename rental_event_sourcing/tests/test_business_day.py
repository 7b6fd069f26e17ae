"""A business day is the day where it happened, the same live and in replay."""

import json
from datetime import date, datetime
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytz
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools.safe_eval import safe_eval

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing_base import zones
from odoo.addons.event_sourcing_base.zones import find_zone, local_date
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_limits import without_limits


class TestBusinessDay(EventCase):
    def setUp(self):
        super().setUp()
        without_limits(self.env)
        partner = self.env["res.partner"].create({"name": "Sato"})
        product = self.env["product.product"].create({"name": "Lift"})
        self.plan = {"partner_id": partner.id, "product_id": product.id, "quantity": 1}

    def story(self, key, *events, zone=None, **options):
        """Append events of a rental at ``(event type, UTC)``; return its state."""
        self.store.append("rental", key, "RentalPlanned", self.plan, timezone=zone, **options)
        for event_type, moment in events:
            answer = self.store.append(
                "rental", key, event_type, {}, timestamp=moment, timezone=zone, **options
            )
            self.assertEqual(answer["outcome"], "applied", answer["message"])
        return json.loads(self.store.state_at("rental", key)["state_json"])

    def test_an_evening_in_los_angeles_is_that_day(self):
        evening = ("DemoStarted", "2026-06-02 02:49:00")  # 7:49 PM on the first
        state = self.story("LA1", evening, zone="America/Los_Angeles")
        self.assertEqual(state["demo_start"], "2026-06-01")

    def test_a_morning_in_tokyo_is_that_day(self):
        events = [
            ("RentalConfirmed", "2026-05-31 00:00:00"),
            ("EquipmentDelivered", "2026-05-31 23:30:00"),  # 8:30 on the first of June
            ("EquipmentReturned", "2026-06-01 02:00:00"),  # the same morning
        ]
        state = self.story("TK1", *events, zone="Asia/Tokyo")
        self.assertEqual((state["delivered_on"], state["returned_on"]), ("2026-06-01",) * 2)

    def test_a_shop_whose_day_begins_at_four(self):
        # Docs, decision 103: UTC+5 is four hours behind Tokyo, so its midnight is 04:00 there.
        company = self.env.company
        company.partner_id.tz = "Etc/GMT-5"
        events = [
            ("RentalConfirmed", "2026-05-31 00:00:00"),
            ("EquipmentDelivered", "2026-06-01 18:30:00"),  # 3:30 on the second of June
            ("EquipmentReturned", "2026-06-01 19:30:00"),  # 4:30, another business day
        ]
        state = self.story("TK4", *events)
        days = ("2026-06-01", "2026-06-02")
        self.assertEqual((state["delivered_on"], state["returned_on"]), days)
        today = self.store._business_today(company.id, datetime(2026, 6, 1, 18, 30))
        self.assertEqual(str(today), days[0])
        company.partner_id.tz = "Asia/Tokyo"
        self.env.cr.execute("DELETE FROM rental_snapshot WHERE aggregate_id = 'TK4'")
        found = json.loads(self.store.state_at("rental", "TK4")["state_json"])
        self.assertEqual((found["delivered_on"], found["returned_on"]), days)

    def test_the_zone_is_the_companys_else_the_users(self):
        user = make_user(self.env, "zoned", "integration")
        store = self.store.with_user(user)

        def zone():
            event = ("nobody", "N", "E")
            return self.store.browse(store.append(*event)["id"]).timezone

        self.env.company.partner_id.tz = False
        user.tz = False
        self.assertEqual(zone(), "UTC")
        user.tz = "Europe/Berlin"
        self.assertEqual(zone(), "Europe/Berlin")
        self.env.company.partner_id.tz = "Asia/Tokyo"
        self.assertEqual(zone(), "Asia/Tokyo")
        # A zone that the tz database dropped is none.
        self.env.cr.execute(
            "UPDATE res_partner SET tz = 'Mars/Olympus' WHERE id = %s",
            [self.env.company.partner_id.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertEqual(zone(), "Europe/Berlin")
        self.env.registry.clear_cache()

    def test_a_country_with_one_zone_has_it_for_everybody(self):
        company = self.env.company
        company.partner_id.write({"tz": False, "country_id": self.env.ref("base.us").id})
        self.env.user.tz = "America/Chicago"
        days = self.store._business_zone
        users = (self.env.uid, self.env.ref("base.user_root").id)  # a person, and schedulers
        self.assertEqual(days(company.id, users[0]), "America/Chicago")
        company.country_id = self.env.ref("base.jp")
        self.assertEqual([days(company.id, uid) for uid in users], ["Asia/Tokyo"] * 2)
        company.business_tz = "Asia/Seoul"
        self.assertEqual([days(company.id, uid) for uid in users], ["Asia/Seoul"] * 2)
        company.partner_id.write({"tz": False, "country_id": False})
        self.assertEqual(days(company.id, users[0]), "America/Chicago")

    def test_a_rate_of_today_counts_where_it_is_today(self):
        currency = self.env["res.currency"].create({"name": "XTD", "symbol": "T"})
        company = self.env["res.company"].create({"name": "Tokyo", "currency_id": currency.id})
        company.business_tz = "Asia/Tokyo"
        rate = {"currency_id": currency.id, "company_id": company.id, "rate": 0.5}
        self.env["res.currency.rate"].create({**rate, "name": "2126-06-02"})
        product = self.env["product.product"].create({"name": "Lift", "rental_price_day": 3})
        night = datetime(2126, 6, 1, 16, 0)  # one o'clock in the morning of the second, in Tokyo
        with patch.object(fields.Datetime, "now", return_value=night):
            prices = product.with_context(tz="UTC")._rental_prices(currency, company)
        self.assertEqual(prices, {"day": 1.5})

    def test_the_zone_is_on_the_screens_of_the_company(self):
        company = self.env.company
        form = etree.fromstring(company.get_view(view_type="form")["arch"])
        self.assertTrue(form.xpath("//field[@name='business_tz']"))
        settings = self.env["res.config.settings"].create({"rental_business_tz": "Asia/Tokyo"})
        settings.execute()
        self.assertEqual(company.partner_id.tz, "Asia/Tokyo")
        self.assertEqual(self.store._business_zone(company.id, self.env.uid), "Asia/Tokyo")

    def test_replay_and_seals_know_it(self):
        zone = "Pacific/Auckland"
        answer = self.add(timezone=zone, timestamp="2026-06-01 13:00:00")
        event = self.store.browse(answer["id"])
        self.assertEqual(EventData.from_record(event).business_date, date(2026, 6, 2))
        ((value, _outcome),) = self.store._read_streams("counter", {self.key(): 0})
        self.assertEqual((value.timezone, value.business_date), (zone, date(2026, 6, 2)))
        self.assertEqual(self.store.read_stream("counter", "C1")[0]["timezone"], zone)
        self.env.cr.execute("SELECT content_hash FROM event_store WHERE id = %s", [event.id])
        before = self.env.cr.fetchone()
        other = self.store.browse(
            self.add("C2", timezone="UTC", timestamp="2026-06-01 13:00:00")["id"]
        )
        self.assertNotEqual(before, (other.content_hash,))

    def test_a_later_zone_of_the_company_changes_no_history(self):
        evening = ("DemoStarted", "2026-06-02 02:49:00")
        self.env.company.partner_id.tz = "America/Los_Angeles"
        self.story("LA2", evening)
        self.env.company.partner_id.tz = "Asia/Tokyo"
        self.env.cr.execute("DELETE FROM rental_snapshot WHERE aggregate_id = 'LA2'")
        found = json.loads(self.store.state_at("rental", "LA2")["state_json"])
        self.assertEqual(found["demo_start"], "2026-06-01")

    def test_unknown_zones_are_refused(self):
        for zone in (
            "Mars/Olympus",
            "../../etc/passwd",
            "/etc/localtime",
            "x" * 5000,
            "localtime",
            "posix/Asia/Tokyo",
            "right/Asia/Tokyo",
            "asia/tokyo",
            5,
            [1],
            True,
        ):
            with self.subTest(zone), self.assertRaisesRegex(UserError, "is unknown here"):
                self.add(timezone=zone)
        self.assertFalse(self.stream())
        overview = self.env["event.overview"].with_context(tz="Mars/Olympus")
        with self.assertRaisesRegex(UserError, "unknown on this machine"):
            overview._midnight(date(2026, 1, 1))
        for odd in ([1], {"a": 1}, 5):
            with self.subTest(odd), self.assertRaisesRegex(UserError, "unknown on this machine"):
                self.store.with_context(tz=odd)._user_zone()

    def test_what_odoo_offers_is_known(self):
        for zone in pytz.all_timezones:
            self.assertIsNotNone(find_zone(zone), zone)
        with patch.object(zones, "ZoneInfo", wraps=ZoneInfo) as machine:
            machine.side_effect = KeyError  # dropped from the machine's tz database
            zones._find_zone.cache_clear()
            self.addCleanup(zones._find_zone.cache_clear)
            self.assertEqual(
                local_date(datetime(2026, 6, 2, 2, 49), "US/Pacific"), date(2026, 6, 1)
            )

    def test_the_buttons_take_the_day_of_the_company(self):
        """Not that of a clerk who sits elsewhere, which a demo would not take either."""
        self.env.company.partner_id.tz = "Asia/Tokyo"
        order = self.env["rental.order"].create(self.plan)
        clerk = order.with_context(tz="America/Los_Angeles")
        clerk.action_confirm()
        with patch.object(fields.Datetime, "now", return_value=datetime(2026, 5, 31, 23, 30)):
            clerk.action_deliver()
        with patch.object(fields.Datetime, "now", return_value=datetime(2026, 6, 1, 2, 0)):
            clerk.action_return()
        self.assertEqual(order.status, "returned")
        self.assertEqual([order.delivered_on, order.returned_on], [date(2026, 6, 1)] * 2)

    def test_a_company_with_another_address_has_its_zone(self):
        company = self.env["res.company"].create({"name": "Moving"})
        self.env.user.company_ids += company
        company.partner_id.tz = "Asia/Tokyo"
        there = {"company_id": company.id}
        self.store.append("nobody", "M", "E", **there)
        company.partner_id = self.env["res.partner"].create({"name": "New", "tz": "Europe/Berlin"})
        answer = self.store.append("nobody", "M", "E", **there)
        self.assertEqual(self.store.browse(answer["id"]).timezone, "Europe/Berlin")

    def test_a_failed_event_that_is_applied_again_keeps_its_zone(self):
        kind = type(self.env["counter.snapshot.handler"])
        with (
            patch.object(kind, "_evolve", side_effect=KeyError("bug")),
            self.assertLogs("odoo.addons.event_sourcing", "WARNING"),
        ):
            failed = self.store.browse(self.add(timezone="Asia/Tokyo")["id"])
        failed.action_apply_again()
        self.assertEqual(failed.retry_event_id.timezone, "Asia/Tokyo")

    def test_an_explicit_zone_is_part_of_what_is_said(self):
        self.add(event_uuid="zone", timezone="Asia/Tokyo")
        self.assertTrue(self.add(event_uuid="zone")["duplicate"])
        with self.assertRaisesRegex(UserError, "already used for a different event"):
            self.add(event_uuid="zone", timezone="UTC")

    def test_the_button_in_los_angeles(self):
        user = self.env.user
        user.tz = "America/Los_Angeles"
        self.env.company.partner_id.tz = False
        order = self.env["rental.order"].create(self.plan)
        moment = datetime(2026, 6, 2, 2, 49)
        with patch.object(fields.Datetime, "now", return_value=moment):
            order.with_context(tz=user.tz)._apply_event("DemoStarted")
        self.assertEqual(order._current_state()["demo_start"], "2026-06-01")


class TestOverdue(EventCase):
    """It is tomorrow in Tokyo already: what was to come back by the first is overdue there."""

    def setUp(self):
        super().setUp()
        now = patch.object(fields.Datetime, "now", return_value=datetime(2026, 6, 1, 16, 0))
        self.startPatcher(now)
        self.orders = self.env["rental.order"]
        companies = self.env["res.company"]
        for name in ("Asia/Tokyo", "America/Los_Angeles"):
            company = companies.create({"name": name})
            company.partner_id.tz = name
            self.env.user.company_ids += company
            companies += company
            env = self.env(context={"allowed_company_ids": company.ids})
            plan = {
                "partner_id": env["res.partner"].create({"name": "Sato"}).id,
                "product_id": env["product.product"].create({"name": "Lift"}).id,
                "planned_start": "2026-05-31",
                "planned_end": "2026-06-01",
            }
            order = env["rental.order"].create(plan)
            for event_type in ("RentalConfirmed", "EquipmentDelivered"):
                order._apply_event(event_type)
            self.orders += order
        self.orders = self.orders.with_context(allowed_company_ids=companies.ids)

    def readers(self):
        """Yield the orders and their snapshots as people read them here and there."""
        for zone in ("Asia/Tokyo", "America/Los_Angeles", "UTC"):
            orders = self.orders.with_context(tz=zone)
            for records in (orders, orders.snapshot_id):
                self.env.invalidate_all()
                yield records

    def test_the_day_is_that_of_the_records_company(self):
        for records in self.readers():
            self.assertEqual([record.overdue for record in records], [True, False], records)
            late, other = records
            own = [("id", "in", records.ids)]
            for value, found in ((True, late), (False, other)):
                self.assertEqual(records.search([("overdue", "=", value), *own]), found)
                self.assertEqual(records.search([("overdue", "!=", not value), *own]), found)

    def test_filters_ask_the_same(self):
        for records in self.readers():
            arch = etree.fromstring(records.get_view(view_type="search")["arch"])
            (overdue,) = arch.xpath("//filter[@name='overdue']/@domain")
            found = records.search([*safe_eval(overdue), ("id", "in", records.ids)])
            self.assertEqual(found, records[:1])

    def test_a_company_without_a_zone_has_that_of_who_looks(self):
        self.orders.company_id.partner_id.tz = False
        for zone, late in (("Asia/Tokyo", True), ("America/Los_Angeles", False)):
            self.env.user.tz = zone
            self.env.invalidate_all()
            self.assertEqual([order.overdue for order in self.orders], [late, late])
            found = self.orders.search([("overdue", "=", True), ("id", "in", self.orders.ids)])
            self.assertEqual(bool(found), late)

    def asked(self, moment):
        """Return the orders' rows in a list of how it was at a moment, in the order of orders."""
        jobs = self.env["event.job"].with_context(**self.orders.env.context)
        action = jobs._ask("as_of", "rental", moment)
        self.env.flush_all()
        self.env.invalidate_all()
        rows = jobs.env[action["res_model"]].search(action["domain"])
        return rows.browse(
            rows.filtered(lambda row, name=order.name: row.aggregate_id == name).id
            for order in self.orders
        )

    def test_a_list_of_the_past_asks_of_the_day_in_question(self):
        self.orders[0]._apply_event("RentalExtended", {"planned_end": "2026-06-03"})
        with patch.object(fields.Datetime, "now", return_value=datetime(2026, 7, 1)):
            # Of both, one list after the other: a row goes by the moment of its own list.
            for moment, late in (
                (datetime(2026, 6, 1, 18), [False, False]),
                (datetime(2026, 6, 2, 8), [False, True]),
                (datetime(2026, 6, 3, 16), [True, True]),
            ):
                rows = self.asked(moment)
                self.assertEqual([row.overdue for row in rows], late, moment)
                own = [("id", "in", rows.ids)]
                found = [rows.search([("overdue", "=", value), *own]) for value in (True, False)]
                self.assertEqual(found[0], rows.filtered("overdue"))
                self.assertEqual(found[1], rows - found[0])
            self.assertEqual([order.overdue for order in self.orders], [True, True])

    def test_without_any_question_nothing_is_overdue_in_a_list_of_the_past(self):
        self.env["event.job"].sudo().search([("kind", "=", "as_of")]).unlink()
        self.assertFalse(self.env["rental.snapshot.as.of"].search([("overdue", "=", True)]))
