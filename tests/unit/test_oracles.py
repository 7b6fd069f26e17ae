"""No figure lets a user infer what happens in companies that he may not read."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError

from odoo.addons.event_sourcing.models import access_first
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestCounters(EventCase):
    def setUp(self):
        super().setUp()
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.reader = make_user(self.env, "oraclereader", "user", company=self.theirs)
        self.clerk = make_user(self.env, "oracleclerk", "integration", company=self.theirs)
        self.store.with_user(self.clerk).append("counter", "T1", "Added", {"amount": 1})

    def ask(self, user, **values):
        question = self.env["event.as.of"].with_user(user)
        moment = fields.Datetime.now() + timedelta(seconds=1)
        question.create(
            {"model_name": "counter", "period": "own", "moment": moment, **values}
        ).action_show()
        jobs = self.env["event.job"].with_user(user)
        return jobs.search([("create_uid", "=", user.id)], limit=1)

    def test_totals_of_a_question_count_own_companies(self):
        for number in range(3):
            self.add(f"O{number}")
        before = fields.Datetime.now() - timedelta(days=1)
        for values in ({}, {"two_moments": True, "moment_before": before}):
            job = self.ask(self.reader, **values)
            self.assertEqual((job.total, job.done, job.changed_count), (1, 1, 1))
        auditor = make_user(self.env, "oracleauditor", "auditor", company=self.theirs)
        self.assertGreaterEqual(self.ask(auditor).total, 4)

    def test_managers_see_jobs_of_their_companies(self):
        manager = make_user(self.env, "oraclemanager", "manager")
        theirs = make_user(self.env, "theirmanager", "manager", company=self.theirs)
        self.add("O1")
        jobs = self.env["event.job"]
        ours = jobs.browse(jobs.with_user(manager).start("check", "counter", ["O1"])["id"])
        own = jobs.browse(jobs.with_user(theirs).start("check", "counter", ["T1"])["id"])
        seen = jobs.with_user(theirs).search([("id", "in", (ours + own).ids)])
        self.assertEqual(seen, own)
        for way in ("cancel", "poll", "action_open_result"):
            with self.assertRaises(AccessError):
                getattr(ours.with_user(theirs), way)()
        self.assertEqual(ours.state, "waiting")
        self.assertTrue(own.with_user(theirs).cancel())


class TestManagersOfOneCompany(EventCase):
    """A check or rebuild is of the companies of whoever starts it."""

    def setUp(self):
        super().setUp()
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.manager = make_user(self.env, "onemanager", "manager", company=self.theirs)
        self.jobs = self.env["event.job"]
        self.add("M1")
        self.store.with_user(self.manager).append("counter", "M2", "Added", {"amount": 1})
        self.env.cr.execute("UPDATE counter_snapshot SET total = 99")
        self.env.cr.execute(
            "INSERT INTO counter_snapshot (model_name, aggregate_id, company_id, version, state)"
            " VALUES ('counter', 'M3', %s, 1, '{}')",
            [self.env.company.id],
        )
        self.env.invalidate_all()

    def run_job(self, user, kind, model_name="counter"):
        job = self.jobs.browse(self.jobs.with_user(user).start(kind, model_name)["id"])
        while job._write_piece(job._read_piece()):
            pass
        return job

    def total(self, aggregate_id):
        snapshots = self.env["counter.snapshot"]
        return snapshots.search([("aggregate_id", "=", aggregate_id)]).total

    def test_a_check_counts_own_streams(self):
        job = self.run_job(self.manager, "check")
        self.assertEqual((job.total, job.done, job.drift_count), (1, 1, 1))
        self.assertEqual(job.difference_ids.mapped("aggregate_id"), ["M2"])

    def test_a_rebuild_leaves_the_others(self):
        self.run_job(self.manager, "rebuild")
        self.assertEqual((self.total("M2"), self.total("M1")), (1, 99))
        self.assertTrue(self.env["counter.snapshot"].search([("aggregate_id", "=", "M3")]))

    def test_auditors_check_all(self):
        auditor = make_user(self.env, "alltoaudit", "auditor", company=self.theirs)
        job = self.run_job(auditor, "check")
        self.assertGreaterEqual(set(job.difference_ids.mapped("aggregate_id")), {"M1", "M2", "M3"})

    def test_jobs_that_others_share_are_closed(self):
        both = make_user(self.env, "bothmanager", "manager")
        both.company_ids += self.theirs
        jobs = self.jobs.with_user(both)
        companies = (self.env.company + self.theirs).ids
        job = jobs.with_context(allowed_company_ids=companies).start("check", "counter")
        seen = self.jobs.with_user(self.manager).search([("id", "=", job["id"])])
        self.assertFalse(seen)
        self.assertTrue(self.jobs.with_user(both).search([("id", "=", job["id"])]))

    def test_the_nightly_check_is_one_for_each_company(self):
        self.jobs._check_all()
        nightly = self.jobs.search([("kind", "=", "check"), ("state", "=", "waiting")])
        self.assertEqual(nightly.company_ids, self.env["res.company"].search([]))
        own = nightly.with_user(self.manager).search([("id", "in", nightly.ids)])
        self.assertEqual(own.company_ids, self.theirs)
        overview = self.env["event.overview"].with_user(self.manager).browse(1)
        self.assertEqual(overview.job_count, 1)

    def test_an_alert_is_told_to_the_managers_of_that_company(self):
        told = []
        self.patch(
            type(self.env["event.alert"]),
            "_raise_alert",
            lambda _self, key, *_rest, company=None, **_o: told.append((key, company)),
        )
        self.run_job(self.manager, "check", False)
        self.assertEqual(told, [(f"drift:{self.theirs.id}", self.theirs)])


class TestOutside(EventCase):
    def test_a_request_registers_no_handler(self):
        handlers = self.env["snapshot.handler.registry"]
        manager = make_user(self.env, "registrar", "manager", "base.group_system")
        for asked in (handlers.with_user(manager), handlers):
            with patch.object(access_first, "request", object()):
                with self.assertRaisesRegex(AccessError, "while Odoo starts"):
                    asked.register_handler("counter", "unclaimed.rules")
                with self.assertRaisesRegex(AccessError, "while Odoo starts"):
                    asked.auto_register_handlers()
        self.assertEqual(handlers.get_handler("counter")._name, "counter.snapshot.handler")

    def test_no_request_reads_files_of_the_server(self):
        from odoo.addons.event_sourcing.models import event_job_import

        job = self.env["event.job"].create(
            {"kind": "import", "state": "waiting", "file_path": "/etc/passwd", "file_name": "x"}
        )
        asked = job.with_context(from_command_line=True)
        worked = []
        run = "odoo.addons.event_sourcing.models.event_job_run.EventJobRun._work"
        with patch(run, lambda job, seconds: worked.append(job)):
            with patch.object(event_job_import, "request", object()):
                asked._work(1)
            self.assertFalse(worked)
            asked._work(1)
        self.assertEqual(len(worked), 1)

    def test_a_context_makes_no_archive(self):
        manager = make_user(self.env, "archivist", "manager")
        archives = self.env["event.archive"].with_user(manager).with_context(event_archive=True)
        with self.assertRaisesRegex(Exception, "Odoo shell|not allowed"):
            archives.create({})
        with self.assertRaisesRegex(Exception, "Odoo shell"):
            archives.write({"name": "x"})

    def test_settings_are_for_those_who_may_change_them(self):
        plain = make_user(self.env, "nosettings")
        settings = self.env["res.config.settings"].with_user(plain)
        with self.assertRaises(AccessError):
            settings.default_get(["event_sourcing_invalid_policy"])
