"""A chunk of any job is bounded by its bytes and its time, whatever rows there are."""

import base64
import json
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.event_sourcing_base import page_size
from odoo.addons.event_sourcing_job import chunk_size as job_chunk_size
from odoo.addons.event_sourcing_seal.models import event_seal
from odoo.addons.event_sourcing_transfer.models import event_export_content
from odoo.addons.test_event_sourcing.common import JobCase, make_user


class ChunkCase(JobCase):
    def setUp(self):
        super().setUp()
        self.patch(type(self.jobs), "_fold_step", 4)  # two streams

    def small(self):
        """Let every chunk be full as soon as it holds anything."""
        self.patch(page_size, "MAX_BYTES", 1)

    def slow(self):
        self.patch(job_chunk_size, "MAX_SECONDS", 0)

    def chunks(self, job):
        """Do a job; return how much each of its chunks did."""
        done, before = [], 0
        while True:
            more = job._write_chunk(job._read_chunk())
            done.append(job.done - before)
            before = job.done
            if not more:
                return done

    def start(self, kind, **options):
        return self.jobs.browse(self.jobs.start(kind, "counter", **options)["id"]).sudo()


class TestFolds(ChunkCase):
    def test_rows_as_usual_are_one_chunk(self):
        self.assertEqual(self.chunks(self.start("check", aggregate_ids=self.ids)), [7])

    def test_large_or_slow_streams_are_fewer_in_a_chunk(self):
        for bound in (self.small, self.slow):
            bound()
            for kind in ("check", "rebuild"):
                done = self.chunks(self.start(kind, aggregate_ids=self.ids))
                self.assertEqual((sum(done), max(done)), (7, 2), kind)

    def test_what_is_found_is_the_same(self):
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id IN ('J1', 'J6')")
        self.small()
        job = self.start("check", aggregate_ids=self.ids)
        self.chunks(job)
        self.assertEqual(sorted(job.difference_ids.mapped("aggregate_id")), ["J1", "J6"])
        self.assertEqual(self.chunks(self.start("rebuild", aggregate_ids=self.ids))[0], 2)
        self.assertEqual(self.snapshot("J6").total, 7)

    def test_questions_too(self):
        self.small()
        moment, before = "2999-01-01 00:00:00", "2000-01-01 00:00:00"
        for kind, more in (("as_of", {}), ("compare", {"date_from": before})):
            job, _under_way = self.jobs._start(kind, model_name="counter", moment=moment, **more)
            done = self.chunks(job.sudo())
            self.assertLessEqual(max(done), 2)
            self.assertEqual(sum(done), job.total)

    def test_events_are_fetched_in_pages_of_bounded_bytes(self):
        for number in range(9):
            self.add("J0", 1, payload={"note": "x" * 200_000, "number": number})
        key, sizes = self.key("J0"), []
        execute = type(self.env.cr).execute

        def note(cr, query, *rest, **more):
            text = getattr(query, "code", query)
            if str(text).startswith("FETCH"):
                sizes.append((getattr(query, "params", None) or rest[0])[0])
            return execute(cr, query, *rest, **more)

        self.patch(page_size, "MAX_BYTES", 500_000)
        self.patch(type(self.store), "_reader_page", 4)
        with patch.object(type(self.env.cr), "execute", note):
            events = list(self.store._read_streams("counter", {key: 0}))
        self.assertEqual([event.version for event, _outcome in events], list(range(1, 12)))
        self.assertEqual(sizes[0], 4)
        self.assertLessEqual(max(sizes[2:]), 3)


class TestRows(ChunkCase):
    def test_an_export_asks_for_the_sizes_of_few_after_large_events(self):
        for number in range(6):
            self.store.append("unfolded", f"U{number}", "Big", {"text": "x" * 1000})
        self.patch(event_export_content, "MAX_BYTES", 2500)
        job, _under_way = self.jobs._request_export(["unfolded"])
        asked = []
        content = type(self.env["event.export.content"])
        own = content._next_ids

        def note(self, domain, after, last, limit):
            asked.append(limit)
            return own(self, domain, after, last, limit)

        with (
            patch.object(content, "_next_ids", note),
            patch.object(content, "_older_writer", lambda *_arguments: None),
        ):
            done = self.chunks(job.sudo())
        self.assertEqual((sum(done), max(done)), (6, 2))
        self.assertEqual(asked[0], type(self.jobs)._export_chunk)
        self.assertLessEqual(max(asked[1:]), 5)

    def test_an_import_of_slow_rows_has_smaller_chunks(self):
        lines = [
            json.dumps({"model_name": "unfolded", "aggregate_id": f"I{n}", "event_type": "E"})
            for n in range(12)
        ]
        self.patch(type(self.jobs), "_import_chunk", 4)
        self.slow()
        content = base64.b64encode("\n".join(lines).encode())
        job, _under_way = self.jobs._request_import(content, "slow.jsonl", True)
        self.assertEqual(self.chunks(job.sudo())[:4], [4, 2, 1, 1])
        self.assertEqual((job.state, job.done), ("done", 12))

    def test_seals_are_read_in_pages(self):
        self.patch(event_seal, "FIRST_PAGE", 3)
        newest = self.store.search([], order="id desc", limit=1).id
        seal = self.env["event.seal"].new({"from_id": newest - 13, "to_id": newest})
        wanted = self.store.search([("id", ">", newest - 14)], order="id").ids
        self.assertEqual([row["id"] for row in seal._read_rows()], wanted)
        self.patch(page_size, "MAX_BYTES", 1)
        self.assertEqual([row["id"] for row in seal._read_rows()], wanted)


class TestOneFault(ChunkCase):
    """What goes wrong with one job keeps the scheduler from no other."""

    def test_a_job_that_cannot_be_worked_on_keeps_nobody_waiting(self):
        self.jobs.search([("state", "in", ("waiting", "running"))]).cancel()
        user = make_user(self.env, "faulty", "user")
        vals = {"kind": "as_of", "total": 1, "create_uid": user.id}
        jobs = self.jobs.sudo().create(
            [{**vals, "scope_key": f"faulty-{number}"} for number in range(2)]
        )
        worked = []

        def work(job, _seconds):
            worked.append(job.id)
            if job == jobs[0]:
                raise RuntimeError("no connection")
            job.sudo().state = "done"
            return True

        @contextmanager
        def same(job, read_committed=False):
            yield job.sudo()

        with (
            patch.object(type(self.jobs), "_work", work),
            patch.object(type(self.jobs), "_own_cursor", same),
            mute_logger("odoo.addons.event_sourcing_job.models.event_job_queue"),
        ):
            self.assertFalse(self.jobs._work_on_waiting([]))
        self.assertEqual(sorted(worked), jobs.ids)
