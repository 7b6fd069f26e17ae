from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import EventCase, make_user


@freeze_time("2031-03-19 03:00:00")
class TestDigest(EventCase):
    """The weekly mail of a manager who wants it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.users"].search([]).event_digest = False
        cls.company = cls.env["res.company"].create({"name": "Digest & Söhne"})
        cls.manager = make_user(cls.env, "digest-manager", "manager", company=cls.company)
        cls.manager.write({"email": "manager@example.com", "tz": "Asia/Tokyo", "lang": "en_US"})
        cls.digest = cls.env["event.digest"]

    def mails(self):
        return self.env["mail.mail"].search([("subject", "like", "2031")], order="id")

    def attempt(self, moment, amount):
        self.store.with_user(self.manager).with_context(lang="en_US").append(
            "counter", "D1", "Added", {"amount": amount}, timestamp=moment
        )

    def test_nobody_gets_it_who_did_not_ask(self):
        self.digest._send_weekly()
        self.assertFalse(self.mails())

    def test_last_week_in_one_mail(self):
        self.manager.event_digest = True
        self.attempt(datetime(2031, 3, 8, 16), 5)  # Sunday in Tokyo
        self.attempt(datetime(2031, 3, 15, 14), -99)  # Saturday evening
        self.attempt(datetime(2031, 3, 15, 16), -99)  # this week
        self.digest._send_weekly()
        mail = self.mails()
        self.assertEqual(mail.subject, "Events from 03/09/2031 to 03/15/2031")
        self.assertIn("manager@example.com", mail.email_to)
        body = str(mail.body_html)
        self.assertIn("The total must not fall below zero.", body)
        self.assertIn("50.0 %", body)
        self.assertIn("Digest &amp; Söhne", body)
        self.assertIn("action=event_sourcing_job.event_overview_action", body)

    def test_once_a_week_however_often_the_scheduler_comes(self):
        self.manager.event_digest = True
        self.digest._send_weekly()
        self.digest._send_weekly()
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(self.manager.event_digest_sent_on, date(2031, 3, 16))
        with freeze_time("2031-03-24 03:00:00"):
            self.digest._send_weekly()
        self.assertEqual(len(self.mails()), 2)

    def test_what_goes_wrong_for_one_keeps_it_from_nobody(self):
        other = make_user(self.env, "digest-other", "manager", company=self.company)
        (self.manager + other).write({"event_digest": True, "email": "any@example.com"})
        mail = type(self.digest)._mail

        def fail(digest, user):
            if user == self.manager:
                self.env.cr.execute("SELECT 1 / 0")
            return mail(digest, user)

        self.patch(type(self.digest), "_mail", fail)
        with (
            mute_logger("odoo.sql_db"),
            self.assertLogs("odoo.addons.event_sourcing_mail", "ERROR") as logs,
        ):
            self.digest._send_weekly()
        self.assertIn("digest-manager", logs.output[0])
        self.assertEqual(len(self.mails()), 1)
        self.assertFalse(self.manager.event_digest_sent_on)
        self.assertTrue(other.event_digest_sent_on)

    def test_each_reads_figures_of_their_own_companies(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        other = make_user(self.env, "digest-other", "manager", company=elsewhere)
        with mute_logger("odoo.addons.event_sourcing"):
            self.store.with_user(self.manager).append("counter", "D1", "Broken", {})
        overviews = [self.digest._overview(user).browse(1) for user in (self.manager, other)]
        self.assertEqual([overview.error_count for overview in overviews], [1, 0])

    def test_not_to_people_without_address_right_or_account(self):
        self.manager.event_digest = True
        self.manager.email = False
        other = make_user(self.env, "digest-user", "user", company=self.company)
        other.write({"email": "user@example.com", "event_digest": True})
        gone = make_user(self.env, "digest-gone", "manager", company=self.company)
        gone.write({"email": "gone@example.com", "event_digest": True, "active": False})
        self.digest._send_weekly()
        self.assertFalse(self.mails())

    def test_in_the_language_of_the_reader(self):
        self.manager.write({"event_digest": True, "lang": "ja_JP"})
        self.attempt(datetime(2031, 3, 12), -1)
        self.digest._send_weekly()
        mail = self.mails()
        self.assertNotIn("Events from", mail.subject)
        self.assertNotIn("Rules broken most", str(mail.body_html))

    def test_switched_on_in_the_settings(self):
        wizard = self.env["event.store.policy.wizard"].with_user(self.manager).create({})
        self.assertFalse(wizard.event_digest)
        wizard.event_digest = True
        wizard.action_save()
        self.assertTrue(self.manager.event_digest)
        again = self.env["event.store.policy.wizard"].with_user(self.manager).create({})
        self.assertTrue(again.event_digest)

    def test_one_to_look_at_now(self):
        wizard = self.env["event.store.policy.wizard"].with_user(self.manager).create({})
        answer = wizard.action_send_digest()
        self.assertIn("manager@example.com", answer["params"]["message"])
        self.assertEqual(len(self.mails()), 1)
        with self.assertRaisesRegex(UserError, "a moment ago"):
            wizard.action_send_digest()
        self.assertEqual(len(self.mails()), 1)
        self.manager.sudo().event_digest_asked_on = False
        plain = make_user(self.env, "nodigest", "integration")
        with self.assertRaisesRegex(AccessError, "Only an Event Sourcing manager"):
            self.env["event.digest"].with_user(plain)._send_now(plain)
        self.manager.email = False
        with self.assertRaises(UserError):
            wizard.action_send_digest()

    def test_html_in_a_reason_stays_text(self):
        self.manager.event_digest = True
        self.store.with_user(self.manager).append(
            "counter", "D1", "<b>bold</b>", timestamp=datetime(2031, 3, 12)
        )
        self.digest._send_weekly()
        self.assertNotIn("<b>bold</b>", str(self.mails().body_html))
        self.assertIn("&lt;b&gt;bold", str(self.mails().body_html))
