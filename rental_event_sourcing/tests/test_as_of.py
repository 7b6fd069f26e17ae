"""What was true at a moment: of one record, of all, and of two moments side by side."""

import json
from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields, release
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import format_date, format_datetime

from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_limits import without_limits

LIST = "list" if release.version_info >= (18,) else "tree"


class AsOfCase(EventCase):
    """Rentals of a clerk; what happens, happens on days of March 2026 at noon."""

    def setUp(self):
        super().setUp()
        without_limits(self.env)
        self.partner = self.env["res.partner"].create({"name": "Customer"})
        self.product = self.env["product.product"].create({"name": "Projector"})
        self.rental("AO1", (1, "RentalPlanned", self.plan(5)), (5, "RentalConfirmed", {}))
        self.rental(
            "AO2",
            (2, "RentalPlanned", self.plan(1)),
            (10, "DemoStarted", {}),
            (12, "DemoCancelled", {"reason": "rain"}),
        )
        self.rental("AO3", (20, "RentalPlanned", self.plan(9)))

    def plan(self, quantity):
        return {
            "partner_id": self.partner.id,
            "product_id": self.product.id,
            "quantity": quantity,
            "planned_start": "2026-04-01",
            "monthly_price": 12000,
        }

    def rental(self, key, *story):
        for day, event_type, payload in story:
            self.store.append("rental", key, event_type, payload, timestamp=self.day(day))

    def day(self, number):
        return f"2026-03-{number:02} 12:00:00"

    def ask(self, day, before=None, user=None, model_name="rental"):
        """Return what the list of a moment shows, as records."""
        jobs = self.env["event.job"].with_user(user or self.env.user)
        action = jobs._ask(
            "compare" if before else "as_of",
            model_name,
            self.store._clean_timestamp(self.day(day)),
            self.store._clean_timestamp(self.day(before)) if before else False,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        found = self.env[action["res_model"]].with_user(user or self.env.user)
        return found.search(
            [*action["domain"], ("aggregate_id", "=like", "AO%")], order="aggregate_id"
        )


class TestList(AsOfCase):
    def rows(self, day):
        return [(row.aggregate_id, row.status, row.quantity, row.version) for row in self.ask(day)]

    def test_what_was_true_then(self):
        self.assertEqual(self.rows(1), [("AO1", "draft", 5, 1)])
        self.assertEqual(self.rows(4), [("AO1", "draft", 5, 1), ("AO2", "draft", 1, 1)])
        self.assertEqual(self.rows(11), [("AO1", "confirmed", 5, 2), ("AO2", "demo", 1, 2)])
        self.assertEqual([row[1] for row in self.rows(31)], ["confirmed", "cancelled", "draft"])

    def test_the_same_as_state_at_for_each(self):
        for row in self.ask(11):
            state = self.store.state_at("rental", row.aggregate_id, timestamp=self.day(11))
            self.assertEqual(row.state_json, state["state_json"])

    def test_typed_columns_that_group_filter_and_export(self):
        rows = self.ask(31)
        self.assertEqual(rows._name, "rental.snapshot.as.of")
        self.assertEqual(rows[0].partner_id, self.partner)
        self.assertEqual(rows[0].planned_start, fields.Date.to_date("2026-04-01"))
        domain = [("id", "in", rows.ids)]
        groups = rows._read_group(domain, ["status"], ["quantity:sum"])
        self.assertEqual(dict(groups), {"draft": 9, "confirmed": 5, "cancelled": 1})
        exported = rows.export_data(["aggregate_id", "status", "partner_id"])["datas"]
        self.assertEqual(exported[0], ["AO1", "Confirmed", "Customer"])

    def test_its_screens_are_those_of_the_snapshot_without_the_buttons(self):
        model = self.env["rental.snapshot.as.of"]
        arch = etree.fromstring(model.get_view(view_type=LIST)["arch"])
        self.assertTrue(arch.xpath("//field[@name='partner_id']"))
        self.assertFalse(arch.xpath("//header/button"))
        for kind in ("form", "search", "pivot"):
            self.assertTrue(model.get_view(view_type=kind)["arch"])
        lent = etree.fromstring(self.env["rental.snapshot"].get_view(view_type=LIST)["arch"])
        self.assertTrue(lent.xpath("//header/button[@name='action_check']"))

    def test_asking_again_gives_a_fresh_answer(self):
        self.assertEqual(len(self.ask(31)), 3)
        self.rental("AO4", (3, "RentalPlanned", self.plan(2)))  # recorded late
        self.assertEqual(len(self.ask(31)), 4)
        self.assertEqual([row.aggregate_id for row in self.ask(4)], ["AO1", "AO2", "AO4"])

    def test_a_customer_who_is_gone(self):
        heir = self.env["res.partner"].create({"name": "Heir"})
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((self.partner + heir).ids, heir)
        self.assertEqual(self.ask(31)[0].partner_id, heir)
        # Merged into somebody before it changed hands: nobody stands for the id any more.
        other = self.env["res.partner"].create({"name": "Other"})
        self.rental("AO1", (28, "PlanChanged", {"partner_id": other.id}))
        self.assertFalse(self.ask(11)[0].partner_id)
        self.assertEqual(self.ask(31)[0].partner_id, other)

    def test_what_it_names_can_be_deleted(self):
        self.ask(31)
        self.env.cr.execute("DELETE FROM rental_order WHERE name LIKE 'AO%'")
        self.env.cr.execute("DELETE FROM rental_snapshot WHERE aggregate_id LIKE 'AO%'")
        self.env.invalidate_all()
        self.partner.unlink()

    def test_aggregates_without_a_list_of_their_own(self):
        self.add("AO9", 7, timestamp=self.day(1))
        row = self.ask(2, model_name="counter")
        self.assertEqual(
            (row._name, row.status, row.state["total"]), ("event.snapshot.as.of", "open", 7)
        )

    def test_only_for_who_asked_and_of_own_companies(self):
        mine = make_user(self.env, "ao-mine", "user")
        other = make_user(self.env, "ao-other", "user")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        far = make_user(self.env, "ao-far", "user", company=company)
        rows = self.ask(31, user=mine)
        self.assertEqual(len(rows), 3)
        self.assertFalse(rows.with_user(other).search([("id", "in", rows.ids)]))
        self.assertFalse(self.ask(31, user=far))
        self.assertEqual(len(self.ask(31, user=make_user(self.env, "ao-aud", "auditor"))), 3)
        outsider = make_user(self.env, "ao-out")
        with self.assertRaises(AccessError):
            self.ask(31, user=outsider)
        with self.assertRaises(AccessError):
            rows.with_user(mine).unlink()

    def test_old_questions_are_forgotten(self):
        rows = self.ask(31)
        old = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute("UPDATE event_job SET create_date = %s", [old])
        self.env.invalidate_all()
        self.env["event.job"]._gc_private()
        self.assertFalse(rows.exists())

    def test_many_aggregates_get_a_progress_bar(self):
        with patch("odoo.addons.event_sourcing_history.models.event_job_as_of.SYNC_LIMIT", 1):
            action = self.env["event.job"]._ask(
                "as_of", "rental", self.store._clean_timestamp(self.day(31))
            )
        self.assertEqual((action["res_model"], action["view_mode"]), ("event.job", "form"))


class TestTwoMoments(AsOfCase):
    def found(self, before, day):
        return sorted(
            (row.aggregate_id, row.kind, row.label, row.before_value, row.after_value)
            for row in self.ask(day, before)
        )

    def test_what_appeared_changed_and_vanished(self):
        self.rental("AO1", (15, "PriceChanged", {"monthly_price": 10000}))
        found = self.found(4, 31)
        self.assertIn(("AO1", "changed", "Status", "Draft", "Confirmed"), found)
        self.assertIn(("AO1", "changed", "Monthly price", "12,000", "10,000"), found)
        self.assertIn(("AO2", "vanished", "Status", "Draft", "Cancelled"), found)
        self.assertIn(("AO3", "appeared", "Status", "", "Draft"), found)
        self.assertEqual({row[0] for row in found if row[1] == "changed"}, {"AO1"})

    def test_nothing_between(self):
        self.assertEqual(self.found(6, 7), [])
        self.assertEqual(self.found(21, 31), [])

    def test_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        rows = self.ask(31, 4).with_context(lang="ja_JP")
        self.assertIn("ステータス", rows.mapped("label"))


class TestStatesAt(AsOfCase):
    def test_pages(self):
        for key in "ABCDE":
            self.add(f"S{key}", 3, timestamp=self.day(1 if key in "ACE" else 9))
        seen, after = [], None
        while True:
            page = self.store.states_at("counter", self.day(2), limit=2, after=after)
            seen += [row["aggregate_id"] for row in page if row["aggregate_id"].startswith("S")]
            if len(page) < 2:
                break
            after = page[-1]["aggregate_id"]
        self.assertEqual(seen, ["SA", "SC", "SE"])
        (row,) = self.store.states_at("counter", self.day(2), limit=1, after="SB")
        self.assertEqual(
            (row["version"], row["status"], json.loads(row["state_json"])["total"]), (1, "open", 3)
        )
        self.assertNotIn(None, row.values())

    def test_one_that_cannot_be_folded_does_not_hide_the_others(self):
        self.add("SX")
        self.add("SY")
        event = self.store.search([("aggregate_id", "=", "SX")])
        self.env.cr.execute(
            "UPDATE event_store SET event_type = 'Broken' WHERE id = %s", [event.id]
        )
        bad, good = self.store.states_at("counter", limit=2, after="SW")
        self.assertEqual(
            (bad["state"], bad["message"]), (False, "Version 1 (Broken): KeyError: 'missing'")
        )
        self.assertEqual((good["message"], json.loads(good["state_json"])["total"]), ("", 1))

    def test_only_streams_of_own_companies(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        far = make_user(self.env, "sa-far", "user", company=company)
        self.assertEqual(self.store.with_user(far).states_at("rental"), [])
        with self.assertRaises(AccessError):
            self.store.with_user(make_user(self.env, "sa-out")).states_at("rental")

    def test_bad_input(self):
        for options, sentence in (
            ({"model_name": ""}, "needs model_name"),
            ({"model_name": "nobody"}, "cannot be replayed"),
            ({"timestamp": "yesterday"}, "is not a valid date and time"),
            ({"limit": 0}, "must be a whole number"),
            ({"limit": 10_000}, "at most 1000"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                self.store.states_at(**{"model_name": "counter", **options})


class TestOneRecord(AsOfCase):
    def compare(self, **at):
        return self.env["event.document"].compare("rental", "AO2", **at)

    def test_then_and_now(self):
        found = self.compare(version=2)
        rows = {row["key"]: (row["before"], row["after"], row["changed"]) for row in found["rows"]}
        self.assertEqual(rows["status"], ("Demo", "Cancelled", True))
        self.assertEqual(rows["partner_id"], ("Customer", "Customer", False))
        self.assertEqual(rows["cancel_reason"][1:], ("rain", True))
        self.assertEqual([event["label"] for event in found["events"]], ["Demo cancelled"])
        self.assertEqual(found["message"], "")

    def test_at_a_moment(self):
        found = self.compare(timestamp=self.day(11))
        self.assertEqual([event["version"] for event in found["events"]], [3])
        zoned = self.compare(timestamp="2026-03-12T20:59:59+09:00")
        self.assertEqual(zoned["events"], found["events"])
        self.assertEqual(self.compare(timestamp="2026-03-12T21:00:00+09:00")["events"], [])

    def test_before_the_first_event_and_in_the_future(self):
        self.assertIn("Nothing had happened yet", self.compare(timestamp=self.day(1))["message"])
        self.assertIn("Nothing had happened yet", self.compare(version=0)["message"])
        self.assertIn("in the future", self.compare(timestamp="2099-01-01 00:00:00")["message"])

    def test_events_that_lie_in_the_future(self):
        self.add("F1", timestamp="2098-01-01 00:00:00")
        self.add("F1", timestamp="2096-01-01 00:00:00")

        def message(moment):
            return self.env["event.document"].compare("counter", "F1", timestamp=moment)["message"]

        self.assertRegex(message("2095-01-01 00:00:00"), "the first event is of .*2096")
        self.assertIn("even later time are left out", message("2097-01-01 00:00:00"))
        self.assertIn("includes events that are recorded", message("2099-01-01 00:00:00"))

    def test_a_version_that_does_not_exist_and_no_handler(self):
        self.assertIn("has no version 9; its last one is 3", self.compare(version=9)["message"])
        self.store.append("nobody", "N", "E")
        found = self.env["event.document"].compare("nobody", "N", version=1)
        self.assertIn("cannot be replayed", found["message"])

    def test_another_company_is_closed(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        far = make_user(self.env, "or-far", "user", company=company)
        documents = self.env["event.document"].with_user(far)
        self.assertIn("has no version 1", documents.compare("rental", "AO2", version=1)["message"])
        self.assertEqual(
            documents.compare("rental", "AO2", version=0)["message"], "AO2 has no events yet."
        )
        with self.assertRaises(AccessError):
            documents.compare("rental", "AO2", version=1, company_id=self.env.company.id)

    def test_the_buttons_ask_about_their_record(self):
        snapshot = self.env["rental.snapshot"].search([("aggregate_id", "=", "AO2")])
        context = snapshot.action_view_as_of()["context"]
        self.assertEqual(context["default_aggregate_id"], "AO2")
        event = self.store.search([("aggregate_id", "=", "AO2"), ("version", "=", 2)])
        self.assertEqual(event.action_view_as_of()["context"]["default_version"], 2)


class TestQuestion(AsOfCase):
    def test_ends_of_periods_in_the_users_zone(self):
        now = fields.Datetime.to_datetime("2026-11-23 20:00:00")  # the 24th in Tokyo
        questions = self.env["event.as.of"].with_context(tz="Asia/Tokyo")
        with patch.object(fields.Datetime, "now", return_value=now):
            ends = {
                period: str(questions._end_of(period))
                for period in ("yesterday", "week", "month", "year")
            }
        self.assertEqual(
            ends,
            {
                "yesterday": "2026-11-23 14:59:59",
                "week": "2026-11-21 14:59:59",  # in English, a week begins on Sunday
                "month": "2026-10-31 14:59:59",
                "year": "2025-12-31 14:59:59",
            },
        )
        self.env["res.lang"]._lang_get("en_US").week_start = "1"
        with patch.object(fields.Datetime, "now", return_value=now):
            self.assertEqual(str(questions._end_of("week")), "2026-11-22 14:59:59")
        zone = questions.with_context(tz="Europe/Berlin")
        with patch.object(fields.Datetime, "now", return_value=now):
            # Daylight saving time had ended by the last day of October, not by New Year's.
            self.assertEqual(str(zone._end_of("month")), "2026-10-31 22:59:59")

    def test_the_form_for_any_aggregate_type(self):
        with Form(self.env["event.as.of"]) as form:
            self.assertIn(form.model_name, self.env["snapshot.handler.registry"]._foldable())
            form.model_name = "counter"
        self.assertEqual(form.record.action_show()["res_model"], "event.snapshot.as.of")

    def test_the_form(self):
        with Form(self.env["event.as.of"].with_context(default_model_name="rental")) as form:
            self.assertTrue(form.moment)
            form.period = "own"
            form.moment = "2026-03-11 12:00:00"
            self.assertFalse(form.hint)
            form.moment = "1999-01-01 00:00:00"
            self.assertIn("Nothing had happened by then", form.hint)
            form.moment = "2099-01-01 00:00:00"
            self.assertIn("in the future", form.hint)
            form.moment = "2026-03-11 12:00:00"
            form.two_moments = True
            form.date_from = "2026-03-12 12:00:00"
        with self.assertRaisesRegex(UserError, "must lie before the later one"):
            form.record.action_show()
        form.record.date_from = "2026-03-01 12:00:00"
        self.assertEqual(form.record.action_show()["res_model"], "event.snapshot.drift")
        form.record.two_moments = False
        action = form.record.action_show()
        self.assertEqual(action["res_model"], "rental.snapshot.as.of")
        day = format_date(self.env, form.record.moment)
        shown = (f"Rentals as of {day} ", "Rentals as of Mar 11, 2026, ")  # 19.0 and 17.0
        self.assertTrue(action["name"].startswith(shown), action["name"])

    def test_the_last_second_of_a_day_is_called_its_end(self):
        self.env.user.tz = "Asia/Tokyo"
        self.env["res.lang"]._activate_lang("ja_JP")
        question = self.env["event.as.of"].create({"model_name": "rental", "period": "own"})
        question.moment = "2026-10-31 14:59:59"
        name = question.action_show()["name"]
        self.assertEqual(name, "Rentals as of end of Oct 31, 2026")
        name = question.with_context(lang="ja_JP").action_show()["name"]
        self.assertEqual(name, "レンタル（2026/10/31終了時点）")
        question.write({"two_moments": True, "date_from": "2026-09-30 14:59:59"})
        name = question.action_show()["name"]
        self.assertEqual(name, "Rentals: end of Sep 30, 2026 compared with end of Oct 31, 2026")
        counters = self.env["event.as.of"].create({"model_name": "counter", "period": "own"})
        counters.moment = "2026-10-31 03:00:00"
        moment = format_datetime(self.env, counters.moment)  # each series has a way of its own
        self.assertIn("12:00:00", moment)
        self.assertEqual(counters.action_show()["name"], f"counter as of {moment}")

    def test_events_that_lie_in_the_future(self):
        names = ["future.parcel"]
        registry = type(self.env["snapshot.handler.registry"])
        self.store.append("future.parcel", "F1", "Sent", {}, timestamp="2096-01-01 00:00:00")
        self.store.append("future.parcel", "F1", "Sent", {}, timestamp="2098-01-01 00:00:00")
        question = self.env["event.as.of"].create({"model_name": "counter", "period": "own"})
        with patch.object(registry, "_stream_names", return_value=names):
            for moment, hint in (
                ("2095-01-01 00:00:00", "Nothing had happened by then"),
                ("2097-01-01 00:00:00", "even later time are left out"),
                ("2099-01-01 00:00:00", "includes events that are recorded"),
            ):
                question.moment = moment
                self.assertIn(hint, question._hint())
