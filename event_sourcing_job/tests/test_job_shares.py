"""A large job in shares: together they are the whole, each stream once."""

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.event_sourcing_base.from_code import FromCode
from odoo.addons.test_event_sourcing.common import JobCase, make_user


class TestShares(JobCase):
    def start(self, kind, **options):
        with patch.object(type(self.jobs), "_divided_from", 5):
            return self.jobs.browse(self.jobs.start(kind, **options)["id"]).sudo()

    def place(self, job, share):
        return job.with_context(event_job_partition=FromCode(share.id))

    def work(self, job, shares):
        """Do all chunks of some shares, one share after the other."""
        for share in shares:
            own = self.place(job, share)
            while own._write_chunk(own._read_chunk()):
                pass

    def test_a_small_job_is_not_divided(self):
        job = self.jobs.browse(self.jobs.start("rebuild", "counter")["id"]).sudo()
        self.assertFalse(job.partition_ids)
        self.assertFalse(
            self.start("rebuild", model_name="counter", aggregate_ids=["J1"]).partition_ids
        )

    def test_a_large_one_does_what_it_would_do_undivided(self):
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id IN ('J1', 'J4')")
        self.tamper("DELETE FROM counter_snapshot WHERE aggregate_id = 'J5'")
        check = self.start("check", model_name="counter")
        self.assertGreater(len(check.partition_ids), 1)
        self.work(check, check.partition_ids)
        self.assertEqual((check.state, check.done, check.drift_count), ("done", 7, 3))
        rebuild = self.start("rebuild", model_name="counter")
        self.work(rebuild, reversed(rebuild.partition_ids))
        self.assertEqual((rebuild.state, rebuild.done, rebuild.changed_count), ("done", 7, 3))
        again = self.run_job("check", "counter")
        self.assertEqual((again.state, again.drift_count), ("done", 0))

    def test_it_ends_once_with_its_last_share(self):
        job = self.start("check")
        first, *rest = job.partition_ids
        with patch.object(type(job), "_finish_check", autospec=True) as finish:
            self.work(job, rest)
            self.assertEqual((job.state, finish.call_count), ("running", 0))
            self.assertEqual(job.partition_ids.filtered(lambda share: not share.ended), first)
            self.work(job, first)
            self.assertEqual((job.state, finish.call_count), ("done", 1))

    def test_a_share_that_has_ended_is_not_done_again(self):
        job = self.start("rebuild", model_name="counter")
        self.work(job, job.partition_ids[:3])
        done = job.done
        for share in job.partition_ids[:3]:  # as whoever saw it open a moment ago
            own = self.place(job, share)
            self.assertFalse(own._is_open())
            self.assertFalse(own._write_chunk(own._read_chunk()))
        self.assertEqual(job.done, done)

    def test_a_share_of_another_job_is_out_of_reach(self):
        large = self.start("rebuild", model_name="counter")
        share = large.partition_ids[0]
        before = share.position, share.ended
        small = self.jobs.browse(self.jobs.start("check", "counter", ["J2"])["id"]).sudo()
        own = self.place(small, share)  # as a context from outside could ask
        self.assertEqual(own._cursor_record(), small)
        while own._write_chunk(own._read_chunk()):
            pass
        self.assertEqual((small.state, small.done), ("done", 1))
        self.assertEqual((share.position, share.ended), before)

    def test_streams_that_begin_meanwhile_belong_to_the_last_share(self):
        job = self.start("rebuild", model_name="counter")
        self.add("J-new", 3)
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id = 'J-new'")
        self.work(job, job.partition_ids)
        self.assertEqual((job.done, job.changed_count), (8, 1))

    def test_a_cancelled_job_writes_nothing_more(self):
        job = self.start("rebuild", model_name="counter")
        own = self.place(job, job.partition_ids[0])
        chunk = own._read_chunk()
        job.cancel()
        self.assertFalse(own._write_chunk(chunk))
        self.assertEqual((job.state, job.done), ("cancelled", 0))

    @settings(max_examples=25, deadline=None)
    @given(
        gaps=st.lists(st.integers(1, 40), min_size=5, max_size=30),
        page=st.integers(1, 7),
    )
    def test_shares_are_the_whole_whatever_the_ids(self, gaps, page):
        with self.env.cr.savepoint() as savepoint:
            for number, gap in enumerate(gaps):
                self.env.cr.execute(
                    "SELECT setval('event_stream_id_seq', nextval('event_stream_id_seq') + %s)",
                    [gap],
                )
                self.add(f"H{number}", 1)
            job = self.start("check", model_name="counter")
            found = []
            with patch.object(type(self.store), "_reader_page", page):
                for share in job.partition_ids:
                    position = share.position
                    while position is not None:
                        position, streams = self.store._stream_chunk(
                            position, ["counter"], until=share.until or None
                        )
                        found += streams.get("counter", [])
            expected = [*self.ids, *(f"H{number}" for number in range(len(gaps)))]
            expected = list(map(self.key, expected))
            self.assertEqual(sorted(found), sorted(expected))
            savepoint.rollback()
            self.env.invalidate_all()

    def test_whoever_may_read_jobs_reads_all_of_them(self):
        job = self.start("rebuild", model_name="counter")
        for group in ("auditor", "manager"):
            user = make_user(self.env, f"reader-{group}", group)
            (row,) = self.jobs.with_user(user).browse(job.id).read()
            self.assertEqual(row["total"], 7)
            self.assertNotIn("partition_ids", row)
        (row,) = self.jobs.with_user(self.env.ref("base.user_admin")).browse(job.id).read()
        self.assertEqual(row["partition_ids"], job.partition_ids.ids)

    def test_the_second_way_in_of_the_scheduler_is_for_processes(self):
        config = "odoo.addons.event_sourcing_job.models.event_job_partition.tools.config"
        for workers, calls in ((0, 0), (2, 1)):
            with (
                patch.object(type(self.jobs), "_work_on_waiting", return_value=False) as work,
                patch(config, {"workers": workers}),
            ):
                self.jobs._run_parallel()
            self.assertEqual(work.call_count, calls)
            for call in work.call_args_list:
                self.assertEqual(call.args, ([("partition_ids.ended", "=", False)],))
