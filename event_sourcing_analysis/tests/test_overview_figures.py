from datetime import datetime

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tools import format_date, mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


@freeze_time("2031-03-20 03:00:00")
class TestOverviewFigures(EventCase):
    """This month against last, in a time in which nothing else has happened."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Figures"})
        cls.user = make_user(cls.env, "figures", "integration", company=cls.company)
        cls.overview = (
            cls.env["event.overview"]
            .with_user(cls.user)
            .with_context(lang="en_US", tz="Asia/Tokyo")
        )
        cls.store = cls.env["event.store"].with_user(cls.user).with_context(lang="en_US")

    def add(self, moment, amount=1, aggregate_id="F1"):
        super().add(aggregate_id, amount, timestamp=moment)

    def tiles(self):
        return {tile["key"]: tile for tile in self.overview.figures()["tiles"]}

    def test_this_month_against_last(self):
        for day in (1, 2, 3, 4):
            self.add(datetime(2031, 2, day, 5))
        self.add(datetime(2031, 3, 5), -99)
        self.add(datetime(2031, 3, 6))
        tiles = self.tiles()
        self.assertEqual((tiles["attempts"]["value"], tiles["attempts"]["before"]), ("2", "4"))
        rate = tiles["misoperation_rate"]
        self.assertEqual((rate["value"], rate["before"], rate["good"]), ("50.0 %", "0.0 %", "no"))
        self.assertEqual((tiles["failed"]["trend"], tiles["failed"]["good"]), ("same", False))
        self.assertFalse(tiles["attempts"]["good"])

    def test_a_month_begins_where_the_user_is(self):
        self.add(datetime(2031, 2, 28, 14, 59))  # still February in Tokyo
        self.add(datetime(2031, 2, 28, 15, 0))  # the first of March
        tiles = self.tiles()
        self.assertEqual((tiles["attempts"]["value"], tiles["attempts"]["before"]), ("1", "1"))

    def test_an_empty_month_has_figures(self):
        figures = self.overview.figures()
        self.assertEqual({tile["value"] for tile in figures["tiles"]}, {"0", "0.0 %"})
        self.assertEqual((figures["rules"], figures["people"]), ([], []))
        self.assertEqual(len(figures["weeks"]), 12)
        self.assertEqual(figures["period"], "March 2031")
        japanese = self.overview.with_context(lang="ja_JP").figures()
        self.assertEqual(japanese["period"], "2031年3月")

    def test_weeks_begin_as_the_language_says_and_rates_are_of_attempts(self):
        self.add(datetime(2031, 3, 15, 14), 1)  # Saturday evening in Tokyo
        self.add(datetime(2031, 3, 15, 16), -99)  # Sunday
        self.add(datetime(2031, 3, 18), 1)
        self.add(datetime(2031, 3, 19), 1)
        weeks = self.overview.figures()["weeks"]
        self.assertEqual(
            [(week["attempts"], week["refused"], week["rate"]) for week in weeks[-2:]],
            [(1, 0, 0.0), (3, 1, 33.3)],
        )
        self.env["res.lang"]._lang_get("en_US").week_start = "1"
        weeks = self.overview.figures()["weeks"]
        self.assertEqual([week["attempts"] for week in weeks[-2:]], [2, 2])

    def test_rules_and_people(self):
        for day in (5, 6, 7):
            self.add(datetime(2031, 3, day), -day)
        self.store.append("counter", "F1", "Reopened", timestamp=datetime(2031, 3, 9))
        figures = self.overview.figures()
        first, second = figures["rules"]
        self.assertEqual(
            (first["label"], first["count"], first["share"]),
            ("The total must not fall below zero.", 3, 100),
        )
        self.assertEqual((second["count"], second["share"]), (1, 33))
        self.assertIn("Reopened", second["note"])
        manager = make_user(self.env, "figures-boss", "manager", company=self.company)
        figures = self.overview.with_user(manager).figures()
        person = figures["people"][0]
        self.assertEqual((person["key"], person["count"]), (self.user.id, 4))

    def test_figures_by_person_are_for_managers(self):
        self.add(datetime(2031, 3, 5), -1)
        figures = self.overview.figures()
        self.assertEqual((figures["people"], figures["people_title"]), ([], False))
        attempts = self.env["event.attempt"].with_user(self.user)
        with self.assertRaisesRegex(AccessError, "for managers and auditors"):
            attempts._read_group([], ["user_id"], ["__count"])
        self.assertFalse(self.people_in(attempts))
        for group in ("manager", "auditor"):
            reader = make_user(self.env, f"figures-{group}", group, company=self.company)
            self.assertEqual(len(self.overview.with_user(reader).figures()["people"]), 1)
            attempts = self.env["event.attempt"].with_user(reader)
            groups = attempts._read_group([], ["user_id"], ["__count"])
            self.assertIn(self.user, [person for person, _count in groups])
            self.assertEqual(self.people_in(attempts), ["pivot", "pivot of rules", "search"])

    def people_in(self, attempts):
        """Return which views offer figures by person."""
        rules = self.env.ref("event_sourcing_analysis.event_attempt_rule_view_pivot")
        archs = {
            "pivot": attempts.get_view(view_type="pivot"),
            "pivot of rules": attempts.get_view(rules.id, "pivot"),
            "search": attempts.get_view(view_type="search"),
        }
        path = "//pivot/field[@name='user_id'] | //filter[@name='group_user']"
        return [name for name, view in archs.items() if etree.fromstring(view["arch"]).xpath(path)]

    def test_overview_graph_and_filter_agree_about_weeks(self):
        for day in range(1, 21):
            self.add(datetime(2031, 3, day, 14))
        for moment in ("2030-12-21 14:59:59", "2030-12-22 15:00:00", "2030-12-29 15:00:00"):
            self.add(fields.Datetime.to_datetime(moment))
        attempts = self.env["event.attempt"].with_user(self.user)
        search = etree.fromstring(attempts.get_view(view_type="search")["arch"])
        (domain,) = search.xpath("//filter[@name='weeks']/@domain")
        domain = safe_eval(domain)
        languages = self.env["res.lang"]
        for begins in ("7", "1", "6"):
            languages._lang_get("en_US").week_start = begins
            weeks = [week for week in self.overview.figures()["weeks"] if week["attempts"]]
            reader = attempts.with_context(**self.overview.env.context)
            groups = reader._read_group(domain, ["date:week"], ["__count"])
            found = [(format_date(self.overview.env, day), count) for day, count in groups]
            self.assertEqual(found, [(week["label"], week["attempts"]) for week in weeks], begins)
            inside = reader.search(domain)
            self.assertTrue(all(inside.mapped("in_last_weeks")))
            rest = reader.search([("in_last_weeks", "=", False)])
            self.assertEqual(len(inside) + len(rest), reader.search_count([]))
            self.assertTrue(rest and not any(rest.mapped("in_last_weeks")))

    def test_every_figure_opens_what_it_counts(self):
        self.add(datetime(2031, 3, 5), -1)
        self.add(datetime(2031, 3, 6), 1)
        attempts = self.env["event.attempt"].with_user(self.user)
        rule = self.overview.figures()["rules"][0]["key"]
        for arguments, count in {
            (False, False, False): 2,
            ("rejected", False, False): 1,
            ("failed", False, False): 0,
            ("rejected", rule, False): 1,
            ("rejected", False, self.user.id): 1,
        }.items():
            action = self.overview.action_attempts(*arguments)
            self.assertEqual(attempts.search_count(action["domain"]), count, arguments)
            self.assertIn(action["views"][0][1], ("list", "tree"))

    def test_every_week_opens_what_it_counts(self):
        self.add(datetime(2031, 3, 5), -1)
        self.add(datetime(2031, 3, 19), 1)
        attempts = self.env["event.attempt"].with_user(self.user)
        for week in self.overview.figures()["weeks"]:
            domain = self.overview.action_attempts(week=week["number"])["domain"]
            self.assertEqual(attempts.search_count(domain), week["attempts"], week["label"])

    def test_the_figures_of_others_stay_theirs(self):
        self.add(datetime(2031, 3, 5), -1)
        other = make_user(self.env, "figures-other", "user")
        tiles = self.overview.with_user(other).figures()["tiles"]
        self.assertEqual(tiles[0]["value"], "0")

    @QUIET
    def test_system_errors_are_no_misoperations(self):
        self.store.append("counter", "F1", "Broken", timestamp=datetime(2031, 3, 5))
        tiles = self.tiles()
        self.assertEqual((tiles["failed"]["value"], tiles["rejected"]["value"]), ("1", "0"))
        self.assertEqual(tiles["failed"]["good"], "no")

    def test_a_user_sees_figures_but_not_the_state_of_the_store(self):
        overview = self.overview.browse(1)
        self.assertEqual(overview.name, "Overview")
        self.assertEqual(overview.error_count, 0)
        views = overview.get_views([(False, "form")])["views"]["form"]["arch"]
        self.assertIn("event_dashboard", views)
        self.assertNotIn("action_verify", views)
        self.assertNotIn("drift_count", views)
