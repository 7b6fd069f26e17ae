"""No figure lets a user infer what happens in companies that he may not read."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models import snapshot_handler_registry
from odoo.addons.event_sourcing_base.from_code import FromCode
from odoo.addons.event_sourcing_job.models import event_snapshot_drift
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
        for values in ({}, {"two_moments": True, "date_from": before}):
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
        while job._write_chunk(job._read_chunk()):
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


class TestFiguresOfOthers(EventCase):
    """What the dashboard, alerts, lists and seals tell of other companies: nothing that counts."""

    def setUp(self):
        super().setUp()
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.manager = make_user(self.env, "figuremanager", "manager", company=self.theirs)
        self.both = make_user(self.env, "figureboth", "manager")
        self.both.company_ids += self.theirs
        self.auditor = make_user(self.env, "figureauditor", "auditor", company=self.theirs)
        self.jobs = self.env["event.job"]
        self.companies = (self.env.company + self.theirs).ids
        self.patch(type(self.env["event.snapshot.drift"]), "_of_missing_handlers", lambda *_a: [])
        self.finish(self.start(self.env.user, "rebuild"))
        self.add("F1")
        self.store.with_user(self.manager).append("counter", "F2", "Added", {"amount": 1})

    def start(self, user, kind, model_name=False, companies=()):
        jobs = self.jobs.with_user(user)
        if companies:
            jobs = jobs.with_context(allowed_company_ids=list(companies))
        return self.jobs.browse(jobs.start(kind, model_name)["id"]).sudo()

    def finish(self, job):
        while job._write_chunk(job._read_chunk()):
            pass
        self.env.invalidate_all()
        return job

    def drift(self, aggregate_id):
        self.env.cr.execute(
            "UPDATE counter_snapshot SET total = 99 WHERE aggregate_id = %s", [aggregate_id]
        )
        self.env.invalidate_all()

    def nightly(self):
        before = self.jobs.search([], limit=1).id
        self.jobs.search([("state", "in", ("waiting", "running"))]).cancel()
        self.jobs._check_all()
        jobs = self.jobs.search([("id", ">", before)], order="id").sudo()
        for job in jobs:
            self.finish(job)
        return jobs

    def overview(self, user, companies=()):
        overview = self.env["event.overview"].with_user(user)
        if companies:
            overview = overview.with_context(allowed_company_ids=list(companies))
        return overview.browse(1)

    def told(self):
        told = []
        self.patch(
            type(self.env["event.alert"]),
            "_raise_alert",
            lambda self, key, _model, _id, text, note="", company=None: told.append(
                (key, company, text(self.env), note)
            ),
        )
        return told

    # -- the dashboard

    def test_the_dashboard_speaks_of_all_companies_of_its_reader_and_no_others(self):
        self.drift("F1")
        self.nightly()
        self.assertEqual(self.overview(self.manager).drift_count, 0)
        self.assertTrue(self.overview(self.manager).check_id)
        self.assertEqual(self.overview(self.both, self.companies).drift_count, 1)
        self.assertEqual(self.overview(self.auditor).drift_count, 1)
        found = self.overview(self.both, self.companies).action_open_check()
        self.assertEqual(self.jobs.browse(found["res_id"]).company_ids, self.env.company)

    def test_it_is_not_checked_where_one_company_was_not(self):
        self.jobs.search([("kind", "=", "check")]).unlink()
        self.finish(self.start(self.manager, "check"))
        self.assertTrue(self.overview(self.manager).check_id)
        self.assertFalse(self.overview(self.both, self.companies).check_id)

    def test_a_check_of_an_archived_company_is_of_that_alone(self):
        closed = self.env["res.company"].create({"name": "Closed"})
        other = make_user(self.env, "closedmanager", "manager", company=closed)
        self.store.with_user(other).append("counter", "F3", "Added", {"amount": 1})
        other.active = False
        closed.active = False
        self.drift("F1")
        jobs = self.nightly()
        self.assertIn([1, 0], [[job.total, job.drift_count] for job in jobs])
        hidden = jobs.filtered(lambda job: closed.id in job._asked_companies())
        self.assertEqual((len(hidden), hidden.total, hidden.drift_count), (1, 1, 0))
        seen = self.jobs.with_user(self.manager).search([("id", "in", jobs.ids)])
        self.assertEqual(seen.company_ids, self.theirs)

    # -- jobs of several companies

    def test_a_job_of_several_companies_is_neither_seen_nor_cancelled_by_one(self):
        job = self.start(self.both, "check", "counter", self.companies)
        queue = self.env["event.job.queue"]
        self.assertFalse(queue.with_user(self.manager).search([("id", "=", job.id)]))
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            queue.with_user(self.manager).browse(job.id).action_cancel()
        self.assertEqual(job.state, "waiting")
        asked = self.env["event.job"].with_user(self.both)._start("as_of", model_name="counter")
        self.assertFalse(queue.with_user(self.manager).search([("id", "=", asked[0].id)]))
        whole = queue.with_user(self.both).with_context(allowed_company_ids=self.companies)
        whole.browse(job.id).action_cancel()
        self.assertEqual(job.state, "cancelled")

    def test_rows_without_a_company_are_for_those_who_see_their_job(self):
        job = self.start(self.auditor, "check")
        row = self.env["event.snapshot.drift"].create({"job_id": job.id, "kind": "no_handler"})
        found = (
            self.env["event.snapshot.drift"].with_user(self.manager).search([("id", "=", row.id)])
        )
        self.assertFalse(found)
        self.assertTrue(row.with_user(self.auditor).kind)

    # -- alerts

    def test_each_company_is_told_of_its_own_drift(self):
        self.drift("F1")
        told = self.told()
        for job in (self.start(self.auditor, "check"),):
            self.finish(job)
        (company,) = {alert[1] for alert in told if alert[0].startswith("drift")}
        self.assertEqual(company, self.env.company)
        self.drift("F2")
        told.clear()
        self.finish(self.start(self.both, "check", False, self.companies))
        self.assertEqual(
            sorted((alert[0], alert[1].id, alert[2][-4:]) for alert in told),
            sorted((f"drift:{company}", company, ": 1.") for company in self.companies),
        )

    def test_rows_of_one_company_leave_room_for_those_of_another(self):
        self.patch(event_snapshot_drift, "MAX_ROWS_PER_JOB", 1)
        for number in range(3):
            self.add(f"F-many-{number}")
        self.env.cr.execute("UPDATE counter_snapshot SET total = 99")
        self.env.invalidate_all()
        job = self.finish(self.start(self.auditor, "check"))
        self.assertIn(self.theirs, job.difference_ids.company_id)
        self.assertGreaterEqual(job.drift_count, 5)

    # -- seals: of the whole database

    def broken(self):
        wrong = {"problem": "changed", "event_id": 4711, "message": "Event 4711 was changed."}
        self.patch(type(self.env["event.seal"]), "_beyond_sequence", lambda _seal: wrong)
        self.patch(type(self.env["event.seal"]), "_verify", lambda _seal: None)

    def seal(self):
        self.env.cr.execute(
            "INSERT INTO event_seal (from_id, to_id, count, state, digest, sealed_on)"
            " VALUES (1, 1234, 1234, 'sealed', 'abc', now()) ON CONFLICT DO NOTHING"
        )
        self.env.invalidate_all()

    def test_seals_are_for_those_who_may_know_all(self):
        self.seal()
        seals = self.env["event.seal"]
        self.assertFalse(seals.with_user(self.manager).search([]))
        self.assertTrue(seals.with_user(self.auditor).search([]))
        self.both.company_ids = self.env["res.company"].search([])
        self.assertTrue(seals.with_user(self.both).search([]))

    def test_a_manager_of_one_company_verifies_and_learns_whether_all_is_well(self):
        self.seal()
        self.broken()
        found = self.env["event.seal"].with_user(self.manager).verify()
        self.assertEqual(
            (found["ok"], found["seals"], found["events"], found["event_id"]), (False, 0, 0, False)
        )
        self.assertNotIn("4711", str(found))
        job = self.finish(self.start(self.manager, "verify"))
        self.assertEqual((job.total, job.done, job.problem_count), (0, 0, 1))
        self.assertNotIn("4711", job.message + str(job.difference_ids.read()))
        overview = self.overview(self.manager)
        self.assertTrue(overview.verify_problem)
        self.assertEqual((overview.knows_all, bool(overview.seal_id)), (False, False))
        self.patch(type(self.env["event.seal"]), "_beyond_sequence", lambda _seal: None)
        found = self.env["event.seal"].with_user(self.manager).verify()
        self.assertEqual((found["ok"], found["seals"], found["events"]), (True, 0, 0))
        self.finish(self.start(self.manager, "verify"))
        self.assertFalse(self.overview(self.manager).verify_problem)

    def test_what_an_auditor_found_is_told_without_figures(self):
        self.seal()
        self.broken()
        told = self.told()
        job = self.finish(self.start(self.auditor, "verify"))
        self.assertGreaterEqual(job.total, 1234)
        self.assertIn("4711", job.message)
        self.assertFalse(self.jobs.with_user(self.manager).search([("id", "=", job.id)]))
        self.assertIn("4711", self.overview(self.auditor).verify_problem)
        self.assertTrue(self.overview(self.manager).verify_problem)
        self.assertNotIn("4711", self.overview(self.manager).verify_problem)
        self.assertEqual([alert[0] for alert in told], ["seals"])
        self.assertNotIn("4711", str(told))


class TestOutside(EventCase):
    def test_a_request_registers_no_handler(self):
        handlers = self.env["snapshot.handler.registry"]
        manager = make_user(self.env, "registrar", "manager", "base.group_system")
        for asked in (handlers.with_user(manager), handlers):
            with patch.object(snapshot_handler_registry, "request", object()):
                with self.assertRaisesRegex(AccessError, "while Odoo starts"):
                    asked.register_handler("counter", "unclaimed.rules")
                with self.assertRaisesRegex(AccessError, "while Odoo starts"):
                    asked.auto_register_handlers()
        self.assertEqual(handlers.get_handler("counter")._name, "counter.snapshot.handler")

    def test_no_request_reads_files_of_the_server(self):
        from odoo.addons.event_sourcing_transfer.models import event_job_import

        job = self.env["event.job"].create(
            {"kind": "import", "state": "waiting", "file_path": "/etc/passwd", "file_name": "x"}
        )
        asked = job.with_context(from_command_line=FromCode(True))
        worked = []
        run = "odoo.addons.event_sourcing_job.models.event_job_run.EventJobRun._work"
        with patch(run, lambda job, seconds: worked.append(job)):
            with patch.object(event_job_import, "request", object()):
                asked._work(1)
            job.with_context(from_command_line=True)._work(1)
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
        # Nor with full rights: what a caller sent goes on under sudo.
        with self.assertRaisesRegex(UserError, "Odoo shell"):
            archives.sudo().create({})
        with self.assertRaisesRegex(UserError, "Odoo shell"):
            archives.sudo().write({"name": "x"})

    def test_settings_are_for_those_who_may_change_them(self):
        plain = make_user(self.env, "nosettings")
        settings = self.env["res.config.settings"].with_user(plain)
        with self.assertRaises(AccessError):
            settings.default_get(["event_sourcing_invalid_policy"])
