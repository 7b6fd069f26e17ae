"""What an answer of a receiver means."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from odoo.addons.event_sourcing_delivery.message import DONE, FAILED, GONE, UNAVAILABLE
from odoo.addons.test_event_sourcing.common import EventCase

from ..sender import WebhookSettings, answered


class TestAnswers(EventCase):
    def test_what_an_answer_means(self):
        for status, state in (
            *((200, DONE), (204, DONE), (301, FAILED), (400, FAILED), (410, GONE)),
            *((429, UNAVAILABLE), (500, FAILED), (503, UNAVAILABLE)),
        ):
            self.assertEqual(answered(status, {}).state, state)

    def test_retry_after_is_a_number_or_a_date(self):
        def pause(text):
            return answered(429, {"Retry-After": text}).pause

        self.assertEqual((pause("120"), pause(""), pause("soon"), pause("-5")), (120, 0, 0, 0))
        later = datetime.now(timezone.utc) + timedelta(seconds=90)
        self.assertTrue(80 < pause(format_datetime(later, usegmt=True)) <= 90)
        self.assertEqual(pause("Fri, 01 Jan 1999 00:00:00 GMT"), 0)

    def test_an_answer_is_one_short_line(self):
        text = answered(500, {}, "a\n\0b" + "x" * 5000).answer
        self.assertTrue(text.startswith("HTTP 500: a bx"), text)
        self.assertLess(len(text), 300)
        self.assertTrue(text.isprintable())

    def test_settings_do_not_name_their_secrets(self):
        self.assertNotIn("whsec", repr(WebhookSettings("https://example.com/", ("whsec_x",))))
