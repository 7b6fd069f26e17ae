"""A snapshot of which no row can be made is named; the others are looked at all the same."""

from odoo.addons.test_event_sourcing.common import BrokenRowsCase


class TestRowsThatCannotBe(BrokenRowsCase):
    def test_a_check_names_them_and_finds_the_others(self):
        job = self.run_job("check", aggregate_ids=self.ids)
        self.assertEqual((job.state, job.done, job.problem_count), ("done", 7, 2))
        broken = self.broken(job)
        self.assertEqual(broken["J2"], "KeyError: 'place'")
        self.assertIn("division by zero", broken["J5"])
        self.assertEqual(self.drifts(job)[0], ("J1", "differs", "total", "99", "2"))

    def test_a_rebuild_leaves_them_and_writes_the_others(self):
        job = self.run_job("rebuild", aggregate_ids=self.ids)
        self.assertEqual((job.state, job.done, job.problem_count), ("done", 7, 2))
        self.assertEqual(sorted(self.broken(job)), ["J2", "J5"])
        self.assertEqual([self.snapshot(key).total for key in ("J1", "J2")], [2, 99])
