"""Dead letters: who is told, who decides, and what is kept of it."""

from odoo.exceptions import AccessError, UserError

from odoo.addons.test_event_sourcing.common import make_user

from .test_reaction import ReactionCase, fails_for


class TestDecisions(ReactionCase):
    def setUp(self):
        super().setUp()
        self.alerts = []
        alert = type(self.env["event.alert"])
        for method, word in (("_raise_alert", "raised"), ("_clear_alert", "cleared")):

            def told(_self, key, *_args, _word=word, **_more):
                self.alerts.append((_word, key))

            self.patch(alert, method, told)
        self.patch(type(self.reaction), "_retries", ())
        self.events = [self.append("A"), self.append("A"), self.append("B")]
        with self.reacting(fails_for("A", "B")):
            self.consume(*self.events)
        self.key = f"reaction:{self.task_of(self.events[0]).fingerprint}:{self.env.company.id}"
        self.manager = make_user(self.env, "manny", "manager")

    def tasks_as(self, user):
        return self.tasks.with_user(user).search([("event_id", "in", [e.id for e in self.events])])

    def skip(self, user, tasks, reason="No invoice for tests"):
        action = tasks.with_user(user).action_skip()
        skip = self.env["event.reaction.skip"].with_user(user).with_context(**action["context"])
        return skip.create({"reason": reason}).action_confirm()

    def test_one_alert_per_cause_until_none_is_left(self):
        self.assertEqual(set(self.alerts), {("raised", self.key)})
        self.alerts.clear()
        self.task_of(self.events[0]).with_user(self.manager).action_retry()
        self.try_again(self.events[0])
        self.assertNotIn(("cleared", self.key), self.alerts)
        self.task_of(self.events[2]).with_user(self.manager).action_retry()
        self.try_again(self.events[2])
        self.assertIn(("cleared", self.key), self.alerts)

    def test_retry_of_a_selection(self):
        self.tasks_as(self.manager).action_retry()
        self.assertEqual(self.states(*self.events), ["waiting", "behind", "waiting"])

    def test_a_retried_one_that_fails_again_is_a_dead_letter_at_once(self):
        self.tasks_as(self.manager).action_retry()
        with self.reacting(fails_for("A")):
            self.try_again(self.events[0])
        self.assertEqual(self.states(*self.events[:2]), ["dead", "behind"])

    def test_what_is_skipped_is_kept_with_who_and_why_and_those_behind_go_on(self):
        first, second, _other = self.events
        self.skip(self.manager, self.task_of(first))
        task = self.task_of(first)
        self.assertEqual(
            (task.state, task.reason, task.decided_by),
            ("skipped", "No invoice for tests", self.manager),
        )
        self.assertTrue(task.decided_on)
        self.assertEqual(self.states(second), ["waiting"])
        self.try_again(second)
        self.assertEqual(self.notes(), ["A"])

    def test_what_waits_behind_it_is_counted(self):
        task = self.task_of(self.events[0]).with_user(self.manager)
        self.assertEqual(task.behind_count, 1)
        found = self.tasks.search(task.action_open_behind()["domain"])
        self.assertEqual(found.event_id.id, self.events[1].id)

    def test_only_managers_decide_and_auditors_read(self):
        auditor = make_user(self.env, "audrey", "auditor")
        tasks = self.tasks_as(auditor)
        self.assertEqual(len(tasks), 3)
        for decide in (tasks.action_retry, tasks.action_skip, lambda: tasks._skip("x")):
            with self.assertRaisesRegex(UserError, "Only managers"):
                decide()
        with self.assertRaises(AccessError):
            tasks.write({"state": "skipped"})
        with self.assertRaises(AccessError):
            self.tasks_as(make_user(self.env, "uma", "user"))

    def test_managers_of_other_companies_do_not_see_them(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = make_user(self.env, "otto", "manager", company=company)
        self.assertFalse(self.tasks_as(other))
        with self.assertRaises(AccessError):
            self.task_of(self.events[0]).with_user(other).action_retry()
