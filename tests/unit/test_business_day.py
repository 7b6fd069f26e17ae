"""A business day is the day where it happened, the same live and in replay."""

import json
from datetime import date, datetime
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.event_data import EventData
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestBusinessDay(EventCase):
    def setUp(self):
        super().setUp()
        partner = self.env["res.partner"].create({"name": "Sato"})
        product = self.env["rental.product"].create({"name": "Lift"})
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
