"""Rebuild and check, a chunk at a time, in the test's own transaction."""

import json

from psycopg2 import errors

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import JobCase, make_user

try:  # where it is since Odoo 18
    from odoo.service.model import call_kw
except ImportError:
    from odoo.api import call_kw


class TestCheck(JobCase):
    def test_all_is_well(self):
        job = self.run_job("check", "counter", self.ids)
        self.assertEqual((job.state, job.done, job.total), ("done", 7, 7))
        self.assertEqual((job.drift_count, job.problem_count), (0, 0))

    def test_every_drift_is_listed_and_nothing_written(self):
        self.tamper(
            "UPDATE counter_snapshot SET total = 99, state = jsonb_set(state, '{total}', '98')"
            " WHERE aggregate_id = 'J3'"
        )
        self.tamper("UPDATE counter_snapshot SET version = 1 WHERE aggregate_id = 'J4'")
        self.tamper("DELETE FROM counter_snapshot WHERE aggregate_id = 'J5'")
        self.tamper("UPDATE counter_snapshot SET aggregate_id = 'ghost' WHERE aggregate_id = 'J6'")
        job = self.run_job("check")
        self.assertEqual(
            sorted(self.drifts(job)),
            [
                ("J3", "differs", "total", "98", "4"),
                ("J4", "differs", "version", "1", "2"),
                ("J5", "missing", "", "", ""),
                ("J6", "missing", "", "", ""),
                ("ghost", "extra", "", "", ""),
            ],
        )
        self.assertEqual(job.drift_count, 5)
        self.assertEqual(self.snapshot("J3").total, 99)

    def test_drifts_have_words(self):
        self.tamper("UPDATE counter_snapshot SET status = 'closed' WHERE aggregate_id = 'J1'")
        (drift,) = self.run_job("check", "counter", ["J1"]).difference_ids
        self.assertEqual(
            (drift.label, drift.before_value, drift.after_value), ("Status", "Closed", "Open")
        )

    def test_a_selection_leaves_the_others_alone(self):
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id IN ('J1', 'J2')")
        job = self.run_job("check", "counter", ["J2"])
        self.assertEqual([d.aggregate_id for d in job.difference_ids], ["J2"])
        self.assertEqual(job.total, 1)

    def test_aggregate_types_without_a_handler_are_named(self):
        self.store.append("nobody", "N", "E")
        self.store.append("article", "A", "DemoStarted")
        job = self.run_job("check", False)
        named = job.difference_ids.filtered(lambda d: d.kind == "no_handler")
        self.assertLessEqual({"nobody", "article"}, set(named.mapped("model_name")))
        message = named.filtered(lambda d: d.model_name == "nobody").message
        self.assertIn("this database has no handler for nobody", message)

    def test_a_stream_whose_events_cannot_be_folded(self):
        event = self.store.search([("aggregate_id", "=", "J1")], limit=1)
        self.env.cr.execute(
            "UPDATE event_store SET event_type = 'Broken' WHERE id = %s", [event.id]
        )
        job = self.run_job("check", "counter", self.ids)
        self.assertEqual([(d.aggregate_id, d.kind) for d in job.difference_ids], [("J1", "broken")])
        self.assertEqual((job.problem_count, job.drift_count), (1, 0))

    def test_what_was_found_is_seen_in_its_own_company_alone(self):
        event = self.store.search([("aggregate_id", "=", "J1")], limit=1)
        self.tamper("UPDATE event_store SET event_type = 'Broken' WHERE id = %s", event.id)
        job = self.run_job("check", "counter", ["J1"])
        self.assertEqual(job.difference_ids.company_id, self.env.company)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        far = make_user(self.env, "job-far", "manager", company=company)
        found = self.env["event.snapshot.drift"].with_user(far).search([("job_id", "=", job.id)])
        self.assertFalse(found)


class TestRebuild(JobCase):
    def rows(self):
        self.env.cr.execute(
            "SELECT aggregate_id, to_jsonb(s) - 'id' - 'write_date' - 'write_uid' - 'create_date'"
            " - 'create_uid', xmin::text FROM counter_snapshot s WHERE aggregate_id = ANY(%s)"
            " ORDER BY 1",
            [self.ids],
        )
        return self.env.cr.fetchall()

    def test_in_chunks_and_only_what_differs(self):
        self.patch(type(self.store), "_reader_chunk", 4)
        before = [canonical(row[1]) for row in self.rows()]
        self.tamper(
            "UPDATE counter_snapshot SET total = 99, state = '{}' WHERE aggregate_id = 'J3'"
        )
        self.tamper("DELETE FROM counter_snapshot WHERE aggregate_id = 'J5'")
        job = self.jobs.browse(self.jobs.start("rebuild", "counter", self.ids)["id"]).sudo()
        seen = []
        while job._write_chunk(job._read_chunk()):
            seen.append(job.done)
        self.assertEqual(seen, [2, 4, 6])
        self.assertEqual((job.state, job.done, job.changed_count), ("done", 7, 2))
        self.assertEqual([canonical(row[1]) for row in self.rows()], before)
        self.assertEqual(self.run_job("rebuild", "counter", self.ids).changed_count, 0)

    def test_an_append_between_reading_and_writing_is_not_lost(self):
        job = self.jobs.browse(self.jobs.start("rebuild", "counter", ["J1"])["id"]).sudo()
        chunk = job._read_chunk()
        self.add("J1", 1000)
        self.tamper("UPDATE counter_snapshot SET state = '{}', total = 0 WHERE aggregate_id = 'J1'")
        job._write_chunk(chunk)
        self.assertEqual(self.snapshot("J1").total, 1002)
        self.assertEqual(self.snapshot("J1").version, 3)

    def test_orphans_go(self):
        self.tamper("UPDATE counter_snapshot SET aggregate_id = 'ghost' WHERE aggregate_id = 'J6'")
        self.run_job("rebuild")
        self.assertFalse(self.snapshot("ghost"))
        self.assertEqual(self.snapshot("J6").total, 7)

    def lose_partner_and_snapshots(self, partner, table, *ids):
        self.env.flush_all()
        self.tamper(f"DELETE FROM {table} WHERE aggregate_id = ANY(%s)", list(ids))
        self.tamper("DELETE FROM res_partner WHERE id = %s", partner.id)

    def test_what_the_database_refuses_is_named_and_the_rest_is_rebuilt(self):
        gone = self.env["res.partner"].create({"name": "Gone"})
        here = self.env["res.partner"].create({"name": "Here"})
        for key, partner in (("N1", gone), ("N2", here)):
            payload = {"partner_id": partner.id, "name": key}
            self.store.append("needy", key, "Told", payload)
        self.lose_partner_and_snapshots(gone, "needy_snapshot", "N1", "N2")
        with mute_logger("odoo.sql_db"):
            job = self.run_job("rebuild", "needy", ["N1", "N2"])
        self.assertEqual([d.aggregate_id for d in job.difference_ids], ["N1"])
        self.assertIn("The snapshot needs Partner", job.difference_ids.message)
        found = self.env["needy.snapshot"].search([("aggregate_id", "in", ["N1", "N2"])])
        self.assertEqual(found.partner_id, here)
        self.assertEqual((job.changed_count, job.problem_count), (1, 1))

    def test_a_lost_snapshot_comes_back_without_the_record_that_is_gone(self):
        partner = self.env["res.partner"].create({"name": "Gone"})
        self.add("J1", payload={"partner_id": partner.id})
        self.lose_partner_and_snapshots(partner, "counter_snapshot", "J1", "J2")
        with mute_logger("odoo.sql_db"):
            job = self.run_job("rebuild", "counter", self.ids)
        self.assertEqual((job.changed_count, job.problem_count), (2, 0))
        self.assertFalse(self.snapshot("J1").partner_id)
        self.assertEqual(self.snapshot("J1").state["partner_id"], partner.id)
        self.assertEqual(self.run_job("check", "counter", self.ids).drift_count, 0)

    def test_business_records_follow(self):
        order = self.env["rental.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "A"}).id,
                "product_id": self.env["product.product"].create({"name": "P"}).id,
            }
        )
        self.env.flush_all()
        self.tamper(
            "UPDATE rental_snapshot SET status = 'closed' WHERE id = %s", order.snapshot_id.id
        )
        self.tamper("UPDATE rental_order SET status = 'closed' WHERE id = %s", order.id)
        self.run_job("rebuild", "rental", [order.name])
        self.assertEqual((order.snapshot_id.status, order.status), ("draft", "draft"))


class TestStarting(JobCase):
    def test_twice_is_the_same_job(self):
        first = self.jobs.start("rebuild", "counter")
        again = self.jobs.start("rebuild", "counter")
        self.assertEqual((again["id"], again["under_way"]), (first["id"], True))
        self.assertFalse(first["under_way"])
        self.assertNotEqual(self.jobs.start("check", "counter")["id"], first["id"])
        self.assertNotEqual(self.jobs.start("rebuild", "counter", ["J1"])["id"], first["id"])
        with self.assertRaises(errors.UniqueViolation), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.jobs.browse(first["id"]).sudo().copy()

    def test_cancelled_it_stays_where_it_is(self):
        self.patch(type(self.store), "_reader_chunk", 4)
        job = self.jobs.browse(self.jobs.start("rebuild", "counter", self.ids)["id"]).sudo()
        self.assertTrue(job._write_chunk(job._read_chunk()))
        chunk = job._read_chunk()
        job.cancel()
        self.assertFalse(job._write_chunk(chunk))
        self.assertEqual((job.state, job.done), ("cancelled", 2))
        self.assertFalse(self.jobs.start("rebuild", "counter", self.ids)["under_way"])

    def test_buttons_of_a_handler_a_snapshot_and_the_list(self):
        entry = self.env["event.handler"].search([("model_name", "=", "counter")])
        for button, kind in ((entry.action_rebuild, "rebuild"), (entry.action_check, "check")):
            job = self.jobs.browse(button()["res_id"])
            self.assertEqual((job.kind, job.model_name), (kind, "counter"))
        some = self.snapshot("J1") + self.snapshot("J2")
        job = self.jobs.browse(some.action_rebuild()["res_id"])
        self.assertEqual((job.total, job.aggregate_ids), (2, ["J1", "J2"]))
        again = some.action_rebuild()
        self.assertEqual(again["params"]["next"]["res_id"], job.id)
        # The web client gives the selection, even where there is none.
        self.assertEqual(call_kw(self.jobs, "action_check_all", [[]], {})["res_model"], "event.job")

    def test_what_a_check_finds_is_rebuilt_with_a_button(self):
        self.tamper("UPDATE counter_snapshot SET total = 9 WHERE aggregate_id IN ('J1', 'J2')")
        job = self.run_job("check", "counter", self.ids)
        rebuild = self.jobs.browse(job.action_rebuild_found()["res_id"])
        self.assertEqual(rebuild.aggregate_ids, ["J1", "J2"])

    def test_bad_input(self):
        for kind, options, sentence in (
            ("dance", {}, "is no job"),
            ("rebuild", {"model_name": "nobody"}, "this database has no handler for"),
            ("rebuild", {"model_name": "article"}, "this database has no handler for"),
            ("check", {"aggregate_ids": ["J1"]}, "Say of which aggregate type"),
            ("check", {"model_name": "counter", "aggregate_ids": [""]}, "a text that is not empty"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                self.jobs.start(kind, **options)

    def test_who_may(self):
        manager, auditor, user = (
            make_user(self.env, f"job-{group}", group) for group in ("manager", "auditor", "user")
        )
        as_manager = self.jobs.with_user(manager).start("rebuild", "counter")["id"]
        self.jobs.with_user(auditor).start("check", "counter")
        for person, kind in ((auditor, "rebuild"), (user, "rebuild"), (user, "check")):
            with self.assertRaises(AccessError):
                self.jobs.with_user(person).start(kind, "counter")
        job = self.jobs.browse(as_manager)
        self.assertEqual(job.with_user(auditor).kind, "rebuild")
        with self.assertRaises(AccessError):
            job.with_user(user).kind  # noqa: B018
        for person in (user, auditor):
            with self.assertRaises(AccessError):
                job.with_user(person).cancel()
        with self.assertRaises(AccessError):
            job.with_user(manager).write({"state": "done"})

    def test_progress_in_words(self):
        job = self.run_job("check", "counter", self.ids)
        progress = job._progress()
        self.assertEqual((progress["percent"], progress["state"]), (100, "done"))
        self.assertIn("7 of 7", progress["text"])
        self.assertEqual(json.loads(json.dumps(progress)), progress)


class TestTelling(JobCase):
    """Managers learn once what a check over everything found; the overview says it, too."""

    def told(self):
        told = []
        alert = type(self.env["event.alert"])
        self.patch(
            alert,
            "_raise_alert",
            lambda _s, key, *rest, **_o: told.append((key, rest[2](self.env))),
        )
        # Each job also clears what was told of its own deaths.
        self.patch(
            alert,
            "_clear_alert",
            lambda _s, key: None if key.startswith("job:") else told.append((key, None)),
        )
        return told

    def test_drift_and_its_end(self):
        told, key = self.told(), f"drift:{self.env.company.id}"
        self.run_job("rebuild", False)
        told.clear()
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id = 'J1'")
        self.patch(type(self.env["event.snapshot.drift"]), "_of_missing_handlers", lambda *_a: [])
        self.run_job("check", False)
        ((_key, text),) = [alert for alert in told if alert[0] == key]
        self.assertIn("Snapshots or records that are not what their events say: 1", text)
        told.clear()
        overview = self.env["event.overview"].search([])
        self.assertEqual((overview.id, overview.drift_count), (1, 1))
        self.run_job("check", "counter", ["J2"])  # only a part: says nothing of the whole
        self.assertEqual(told, [])
        self.run_job("rebuild", False)
        self.run_job("check", False)
        self.assertEqual([alert for alert in told if alert[0] == key], [(key, None)] * 2)
        overview.invalidate_recordset()
        self.assertEqual((overview.drift_count, overview.problem_count), (0, 0))

    def test_the_nightly_check_is_scheduled(self):
        cron = self.env.ref("event_sourcing_job.event_job_check_cron")
        self.assertEqual((cron.active, cron.interval_type), (True, "days"))
        before = self.env["event.job"].search_count([("kind", "=", "check")])
        cron.ir_actions_server_id.run()
        jobs = self.env["event.job"].search([("kind", "=", "check")])
        # One for each company, where there are several.
        self.assertEqual(len(jobs), before + len(self.env["event.job"]._checked_apart()))
        self.assertEqual(jobs[0].state, "waiting")
