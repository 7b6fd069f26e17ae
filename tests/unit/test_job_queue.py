"""Whose turn it is among jobs, how many one user may have, and who sees and cancels them."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_job.models import event_job_queue
from odoo.addons.test_event_sourcing.common import JobCase, make_user


class QueueCase(JobCase):
    def make(self, user, kind="as_of", total=100, **vals):
        vals = {"kind": kind, "total": total, "scope_key": f"{user.id}-{self.number()}", **vals}
        return self.jobs.with_user(user).sudo().create(vals)

    def number(self):
        self.last = getattr(self, "last", 0) + 1
        return self.last


class TestTurns(QueueCase):
    def setUp(self):
        super().setUp()
        self.jobs.search([("state", "in", ("waiting", "running"))]).cancel()
        self.many = make_user(self.env, "asks-much", "user")
        self.other = make_user(self.env, "asks-once", "manager")

    def test_many_questions_of_one_user_keep_nobody_waiting(self):
        for _question in range(613):
            self.make(self.many)
        short = self.make(self.other)
        long = self.make(self.other, "check", total=10**6)
        turns = self.jobs.search([("state", "=", "waiting")])._turns()
        self.assertEqual(len(turns), 615)
        self.assertLessEqual(turns.ids.index(short.id), 1)
        self.assertEqual(turns.ids.index(long.id), event_job_queue.SHORT_TURNS)

    def test_long_jobs_take_turns_and_come_between_short_ones(self):
        long = [self.make(user, "rebuild", total=10**6) for user in (self.many, self.other)]
        long[0].served_on = "2026-01-01 00:00:00"
        short = [self.make(self.many) for _question in range(7)]
        turns = self.jobs.search([("state", "=", "waiting")])._turns()
        expected = [*short[:3], long[1], *short[3:6], long[0], short[6]]
        self.assertEqual(turns.ids, [job.id for job in expected])

    def test_the_scheduler_keeps_to_these_turns_and_ends(self):
        questions = [self.make(self.many) for _question in range(9)]
        long = self.make(self.many, "rebuild", total=10**6)
        short = self.make(self.other)
        worked = []

        def work(job, _seconds):
            worked.append(job.id)
            job.sudo().state = "done"
            return True

        with (
            patch.object(type(self.jobs), "_work", work),
            patch.object(type(self.jobs), "_own_cursor", self.same_cursor()),
        ):
            self.assertFalse(self.jobs._work_on_waiting([]))
        self.assertEqual(len(worked), 11)
        self.assertEqual(worked[:4], [questions[0].id, short.id, questions[1].id, long.id])

    def test_what_others_hold_is_left_for_the_next_run(self):
        job = self.make(self.many)
        with (
            patch.object(type(self.jobs), "_work", autospec=True, return_value=False) as work,
            patch.object(type(self.jobs), "_own_cursor", self.same_cursor()),
        ):
            self.assertFalse(self.jobs._work_on_waiting([]))
        self.assertEqual([call.args[0] for call in work.call_args_list], [job])

    def same_cursor(self):
        from contextlib import contextmanager

        @contextmanager
        def own_cursor(job, read_committed=False):
            yield job.sudo()

        return own_cursor


class TestRoom(QueueCase):
    def test_a_user_has_so_many_jobs_and_no_more(self):
        user, other = (make_user(self.env, name, "manager") for name in ("full", "free"))
        for _job in range(event_job_queue.MAX_WAITING):
            self.make(user)
        with self.assertRaisesRegex(UserError, "20 jobs that wait or run"):
            self.jobs.with_user(user).start("check", "counter")
        self.jobs.with_user(other).start("check", "counter")
        self.jobs.search([("create_uid", "=", user.id)], limit=1).cancel()
        self.jobs.with_user(user).start("check", "counter", ["J1"])

    def test_old_results_of_a_user_go_when_new_ones_are_asked_for(self):
        user = make_user(self.env, "collects", "user")
        for _job in range(event_job_queue.KEPT_RESULTS + 2):
            self.make(user, state="done")
        self.jobs.with_user(user)._check_room("as_of")
        own = [("create_uid", "=", user.id)]
        self.assertEqual(self.jobs.search_count(own), event_job_queue.KEPT_RESULTS - 1)

    def test_questions_of_yesterday_are_all_forgotten(self):
        user = make_user(self.env, "collects", "user")
        for _job in range(5):
            self.make(user, state="done")
        self.env.cr.execute(
            "UPDATE event_job SET create_date = create_date - interval '2 days'"
            " WHERE create_uid = %s",
            [user.id],
        )
        self.jobs._gc_private()
        self.assertFalse(self.jobs.search_count([("create_uid", "=", user.id)]))


class TestCompanies(QueueCase):
    def setUp(self):
        super().setUp()
        self.far_company = self.env["res.company"].create({"name": "Elsewhere"})
        self.clerk = make_user(self.env, "near-clerk", "manager")
        self.near = make_user(self.env, "near-manager", "manager")
        self.far = make_user(self.env, "far-manager", "manager", company=self.far_company)

    def test_managers_of_another_company_neither_see_nor_cancel(self):
        job = self.jobs.browse(self.jobs.with_user(self.clerk).start("check", "counter")["id"])
        self.assertEqual(job.company_ids, self.env.company)
        for model in ("event.job", "event.job.queue"):
            self.assertTrue(self.env[model].with_user(self.near).search([("id", "=", job.id)]))
            self.assertFalse(self.env[model].with_user(self.far).search([("id", "=", job.id)]))
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            job.with_user(self.far).cancel()
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.env["event.job.queue"].with_user(self.far).browse(job.id).action_cancel()
        again = self.jobs.with_user(self.far).start("check", "counter")
        self.assertFalse(again["under_way"])
        job.with_user(self.near).cancel()
        self.assertEqual(job.state, "cancelled")

    def test_managers_cancel_what_they_may_not_open(self):
        for kind in ("import", "export", "excel", "as_of"):
            job = self.make(self.clerk, kind, company_ids=[(6, 0, self.env.company.ids)])
            queue = self.env["event.job.queue"].with_user(self.near).browse(job.id)
            self.assertEqual(queue.read(["user_id", "kind"])[0]["kind"], kind)
            if kind != "as_of":
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                    job.with_user(self.near).read(["file_name"])
            queue.action_cancel()
            self.assertEqual(job.state, "cancelled")

    def test_others_have_no_list_of_jobs(self):
        job = self.make(self.clerk)
        plain = make_user(self.env, "plain", "user")
        with self.assertRaises(AccessError):
            self.env["event.job.queue"].with_user(plain).browse(job.id).action_cancel()


class TestDriftRepair(JobCase):
    def setUp(self):
        super().setUp()
        # Other tests' aggregate types may have no handler in this database.
        differences = type(self.env["event.snapshot.drift"])
        self.patch(differences, "_of_missing_handlers", lambda *_arguments: [])
        self.run_job("rebuild", False)

    def drifted(self):
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id IN ('J1', 'J2')")
        check = self.run_job("check", False)
        self.assertTrue(check.drift_count)
        return check

    def next_check(self, check):
        return self.jobs.search([("kind", "=", "check"), ("id", ">", check.id)])

    def test_a_repair_that_is_cancelled_is_followed_by_a_check(self):
        check = self.drifted()
        self.jobs.browse(self.jobs.start("rebuild", "counter")["id"]).cancel()
        self.assertEqual(self.next_check(check).state, "waiting")
        self.assertFalse(self.next_check(check).model_name)

    def test_a_repair_of_a_part_clears_the_alert_once_all_is_well(self):
        check = self.drifted()
        self.run_job("rebuild", "counter", ["J1", "J2"])
        again = self.next_check(check)
        with patch.object(type(self.env["event.alert"]), "_clear_alert") as clear:
            while again._write_chunk(again._read_chunk()):
                pass
        self.assertEqual(again.drift_count, 0)
        self.assertEqual(again.problem_count, 0)
        key = f"drift:{self.env.company.id}"
        self.assertIn(key, [call.args[0] for call in clear.call_args_list])

    def test_without_drift_nothing_is_checked_again(self):
        check = self.run_job("check", False)
        self.assertEqual(check.drift_count + check.problem_count, 0)
        self.jobs.browse(self.jobs.start("rebuild", "counter")["id"]).cancel()
        self.assertFalse(self.next_check(check))
