"""What BI tools read to load what is new; late commits: tests/concurrency."""

from odoo.addons.test_event_sourcing.common import EventCase

NEW = """
    SELECT * FROM event_bi.bi_feed WHERE tx >= pg_snapshot_xmax(%(last)s::pg_snapshot)
     UNION ALL
    SELECT * FROM event_bi.bi_feed
     WHERE tx = ANY(ARRAY(SELECT pg_snapshot_xip(%(last)s::pg_snapshot)))
     ORDER BY event_id
"""


class TestFeedBi(EventCase):
    def rows(self, query, **values):
        self.env.cr.execute(query, values or None)
        return self.env.cr.dictfetchall()

    def test_a_snapshot_and_what_is_new_since(self):
        self.env.cr.execute("SELECT snapshot, cluster FROM event_bi.bi_feed_snapshot")
        ((last, cluster),) = self.env.cr.fetchall()
        self.assertEqual(cluster, self.store._feed_now().cluster)
        self.add(amount=1)
        self.add(amount=2)
        found = self.rows(NEW, last=last)
        events = self.store.search([("aggregate_id", "=", "C1")], order="id")
        self.assertEqual([row["event_id"] for row in found], events.ids)

    def test_an_event_as_it_is(self):
        event = self.store.browse(self.add(amount=3)["id"])
        (row,) = self.rows("SELECT * FROM event_bi.bi_feed WHERE event_id = %(id)s", id=event.id)
        for name in ("aggregate_id", "version", "event_type", "outcome", "payload", "event_uuid"):
            self.assertEqual(row[name], event[name])
        self.assertEqual((row["company"], row["origin"]), (event.company_id.name, ""))

    def test_what_is_new_is_found_by_its_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        last = self.store._feed_now().seen
        plan = self.rows(f"EXPLAIN {NEW}", last=last)
        plan = "\n".join(row["QUERY PLAN"] for row in plan)
        self.assertEqual(plan.count("event_store_tx_index"), 2, plan)

    def test_a_reader_of_the_views_may_run_what_they_run(self):
        """Functions in a view are run with the rights of whoever reads it."""
        for function in ("pg_control_system()", "pg_current_snapshot()"):
            query = "SELECT has_function_privilege('pg_monitor', %(function)s, 'EXECUTE') AS may"
            self.assertEqual(self.rows(query, function=function), [{"may": True}])
