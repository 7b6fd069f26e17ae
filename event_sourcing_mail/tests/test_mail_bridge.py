"""Activities: one per open error and manager, whatever the number of failures."""

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_analysis.tests.test_error_inbox import InboxCase
from odoo.addons.test_event_sourcing.common import make_user


class TestMailBridge(InboxCase):
    def setUp(self):
        super().setUp()
        self.alerts = self.env["event.alert"]
        self.records = self.env["event.alert.record"]
        self.boss = make_user(self.env, "boss", "manager")
        self.watch()  # whatever other errors there are

    def watch(self):
        self.env.flush_all()
        with mute_logger("odoo.addons.event_sourcing_job.models.event_alert"):
            self.alerts._watch()
        self.env.invalidate_all()

    def activities(self, user=None):
        domain = [("res_model", "=", "event.alert.record"), ("active", "=", True)]
        domain += [("user_id", "=", (user or self.boss).id)]
        return self.env["mail.activity"].search(domain).filtered(lambda a: "flaky" in a.summary)

    def test_a_burst_is_one_activity(self):
        for start in range(0, 1000, 250):
            self.failing(*range(start, start + 250), aggregate_id=f"F{start}")
            self.watch()
        activity = self.activities()
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.summary, "KeyError in flaky.snapshot.handler")
        self.assertIn("Failures so far: 250;", activity.note)
        alert = self.records.browse(activity.res_id)
        self.assertEqual(alert.action_open_target()["res_id"], self.inbox().id)

    def test_another_bug_is_another_activity(self):
        self.failing(1)
        self.failing(1, bug="second")
        self.watch()
        self.assertEqual(len(self.activities()), 2)

    def test_a_decision_marks_it_done(self):
        for decide in ("action_mark_fixed", "action_ignore"):
            self.failing(1)
            self.inbox().action_reopen()
            self.watch()
            self.assertEqual(len(self.activities()), 1)
            getattr(self.inbox().with_user(self.boss), decide)()
            self.assertFalse(self.activities())
            self.watch()
            self.assertFalse(self.activities())

    def test_applied_again_marks_it_done(self):
        self.failing(1)
        self.watch()
        self.bug("")
        self.inbox().with_user(self.boss).action_apply_again()
        self.assertFalse(self.activities())

    def test_applied_again_one_by_one_marks_it_done_too(self):
        failed = self.failing(1)
        self.watch()
        self.bug("")
        failed.with_user(self.boss).action_apply_again()
        self.watch()
        self.assertFalse(self.activities())

    def test_happening_again_makes_a_new_one(self):
        self.failing(1)
        self.watch()
        first = self.activities()
        self.inbox().action_mark_fixed()
        self.failing(2)
        self.watch()
        self.assertEqual(len(self.activities()), 1)
        self.assertNotEqual(self.activities(), first)

    def test_one_that_was_done_by_its_user_does_not_come_back(self):
        self.failing(1)
        self.watch()
        self.activities().with_user(self.boss).action_feedback(feedback="Looking into it.")
        self.watch()
        self.assertFalse(self.activities())

    def test_a_manager_who_joins_is_told_too(self):
        self.failing(1)
        self.watch()
        late = make_user(self.env, "late", "manager")
        self.watch()
        self.assertEqual((len(self.activities(late)), len(self.activities())), (1, 1))

    def test_only_managers_of_the_company(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        their = make_user(self.env, "their", "manager", company=theirs)
        clerk = make_user(self.env, "clerk", "auditor")
        self.failing(1, user=their)
        self.watch()
        self.assertEqual([len(self.activities(u)) for u in (their, self.boss, clerk)], [1, 0, 0])
        alert = self.records.browse(self.activities(their).res_id)
        self.assertTrue(alert.with_user(their).read(["name", "note"]))
        with self.assertRaises(AccessError):
            alert.with_user(self.boss).read(["name"])

    def test_any_addon_may_raise_an_alert(self):
        with mute_logger("odoo.addons.event_sourcing_job.models.event_alert"):
            for _time in range(2):
                self.alerts._raise_alert(
                    "drift:flaky", "res.partner", self.boss.partner_id.id, "A flaky snapshot"
                )
        self.assertEqual(self.activities().summary, "A flaky snapshot")
        self.watch()
        self.assertEqual(len(self.activities()), 1)
        self.alerts._clear_alert("drift:flaky")
        self.alerts._clear_alert("drift:unknown")
        self.assertFalse(self.activities())

    def test_the_scheduled_action_never_ends(self):
        cron = self.env.ref("event_sourcing_mail.event_alert_cron")
        self.assertTrue(cron.active)
        self.assertEqual((cron.interval_number, cron.interval_type), (5, "minutes"))
        if "numbercall" in cron._fields:
            self.assertEqual(cron.numbercall, -1)
        self.failing(1)
        with mute_logger("odoo.addons.event_sourcing_job.models.event_alert"):
            cron.ir_actions_server_id.run()
        self.assertEqual(len(self.activities()), 1)

    def test_an_error_that_cannot_be_told_keeps_no_other_from_being_told(self):
        self.failing(1)
        other = self.env["res.company"].create({"name": "Told"})
        clerk = make_user(self.env, "toldclerk", "integration", company=other)
        boss = make_user(self.env, "toldboss", "manager", company=other)
        with mute_logger("odoo.addons.event_sourcing"):
            self.store.with_user(clerk).append("counter", "T1", "Broken", {"key": "flaky"})
        schedule = type(self.env["event.alert"])._managers

        def fail(alert, company):
            if company == self.env.company:
                self.env.cr.execute("SELECT 1 / 0")
            return schedule(alert, company)

        self.patch(type(self.env["event.alert"]), "_managers", fail)
        inbox = "odoo.addons.event_sourcing_analysis.models.event_error_actions"
        with mute_logger("odoo.sql_db", inbox):
            self.watch()
        told = self.env["mail.activity"].search([("user_id", "=", boss.id)])
        self.assertTrue(told)
        self.assertFalse(self.activities())

    def test_it_is_found_in_the_language_of_its_user(self):
        self.boss.lang = "ja_JP"
        self.failing(1)
        self.watch()
        self.assertIn("KeyError", self.activities().summary)

    def test_drift_is_an_activity_until_a_check_finds_none(self):
        jobs = self.env["event.job"].sudo()
        self.patch(type(self.env["event.snapshot.drift"]), "_of_missing_handlers", lambda *_a: [])

        def check():
            job = jobs.browse(jobs.start("check")["id"])
            while job._write_chunk(job._read_chunk()):
                pass
            return self.records.search(
                [("key", "=", f"drift:{self.env.company.id}"), ("is_open", "=", True)]
            )

        self.store.append("counter", "drifting", "Added", {"amount": 1})
        self.env.cr.execute("UPDATE counter_snapshot SET total = 9 WHERE aggregate_id = 'drifting'")
        alert = check()
        self.assertEqual(len(alert), 1)
        self.assertTrue(alert.activity_ids)
        self.assertEqual(check(), alert)
        self.env.cr.execute("UPDATE counter_snapshot SET total = 1 WHERE aggregate_id = 'drifting'")
        self.assertFalse(check())
