"""The rows of consumers: what they say to people. Pages and errors: tests/concurrency."""

from odoo.tools import mute_logger

from odoo.addons.event_sourcing_feed.position import NOTHING
from odoo.addons.test_event_sourcing.common import EventCase

CONSUMER = "counter.reaction"


class TestSubscription(EventCase):
    def setUp(self):
        super().setUp()
        self.subscriptions = self.env["event.subscription"]
        self.sub = self.subscriptions.search([("consumer", "=", CONSUMER)])
        self.sub.action_resume()

    def leave_and_come_back(self, consumer=CONSUMER):
        """Let a consumer not be installed for a while."""
        registry = type(self.env["event.consumer.registry"])
        names = self.env["event.consumer.registry"]._names()
        left = tuple(name for name in names if name != consumer)
        for found in (left, names):
            self.patch(registry, "_names", lambda _self, found=found: found)
            with mute_logger("odoo.addons.event_sourcing_feed.models.event_subscription"):
                self.subscriptions._sync()

    def test_what_somebody_decided_about_needs_nobody_any_more(self):
        """Else the next time that it stops nobody would be told."""
        cleared, alert = [], type(self.env["event.alert"])
        self.patch(alert, "_clear_alert", lambda _self, key: cleared.append(key))
        self.sub.action_resume()
        self.assertEqual(cleared, [])
        for decide in (self.sub.action_resume, self.sub.action_pause):
            self.sub.state = "stopped"
            decide()
            self.assertEqual(cleared, [f"subscription:{CONSUMER}"])
            cleared.clear()

    def reason(self, lang):
        field = self.sub.with_context(lang=lang)._fields["paused_because"]
        labels = dict(field._description_selection(self.env(context={"lang": lang})))
        return labels.get(self.sub.paused_because)

    def test_one_that_comes_back_says_so_in_each_language(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.leave_and_come_back()
        self.assertEqual(self.sub.state, "paused")
        self.assertEqual(self.reason("en_US"), "It was not installed for a while")
        self.assertIn("インストール", self.reason("ja_JP"))

    def test_a_read_model_whose_tables_are_new_begins_with_the_first_event(self):
        """An addon that is uninstalled takes its tables along; the row and its place stay."""
        name = "counter.total.projection"
        sub = self.subscriptions.search([("consumer", "=", name)])
        here = self.env["event.store"]._feed_now()
        total = self.env["counter.total"]
        total.create({"company_id": self.env.company.id, "aggregate_id": "C1"})
        sub._move(here)
        self.leave_and_come_back(name)
        self.assertEqual(sub._position(), here)  # its rows are there
        total.search([]).unlink()
        sub.consumed_count = 7
        self.leave_and_come_back(name)
        self.assertEqual((sub._position().seen, sub.consumed_count), (NOTHING, 0))
        self.assertEqual((sub.state, sub.paused_because), ("paused", "gone"))

    def test_who_pauses_it_is_another_matter(self):
        self.leave_and_come_back()
        self.sub.action_resume()
        self.assertFalse(self.sub.paused_because)
        self.sub.action_pause()
        self.assertFalse(self.sub.paused_because)
