"""A snapshot of which no row can be made is named; the others are looked at all the same."""

from odoo.addons.test_event_sourcing.common import JobCase


class TestRowsThatCannotBe(JobCase):
    def setUp(self):
        super().setUp()
        handler = type(self.env["counter.snapshot.handler"])
        columns = handler._columns

        def of_some(handler, state):
            if state["total"] in (3, 6):  # of J2 and J5
                handler.env.cr.execute("SELECT 1 / %s", [state["total"] - 6])
                raise KeyError("place")
            return columns(handler, state)

        self.patch(handler, "_columns", of_some)
        self.tamper("UPDATE counter_snapshot SET total = 99 WHERE aggregate_id IN ('J1', 'J2')")

    def broken(self, job):
        return {d.aggregate_id: d.message for d in job.difference_ids if d.kind == "broken"}

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

    def test_so_does_a_list_of_the_past(self):
        action = self.jobs._ask("as_of", "counter", "2999-01-01 00:00:00")
        job = self.jobs.browse(action["domain"][0][2])
        rows = self.env[action["res_model"]].search(action["domain"])
        found = [row for row in rows.mapped("aggregate_id") if row in self.ids]
        self.assertEqual(sorted(found), ["J0", "J1", "J3", "J4", "J6"])
        self.assertEqual(sorted(self.broken(job)), ["J2", "J5"])
