"""Many streams folded at once, and complete rows of snapshots."""

import psycopg2

from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import EventCase


class TestFoldStreams(EventCase):
    def fold(self, *ids, **options):
        found = self.store._fold_streams("counter", list(map(self.key, ids)), **options)
        return {aggregate_id: folds for (_company, aggregate_id), folds in found.items()}

    def test_many_streams_at_once_equal_their_snapshots(self):
        for number in range(12):
            self.add(f"C{number % 4}", number)
            self.add(f"C{number % 4}", -1000)  # refused
        found = self.fold("C0", "C1", "C2", "C3", "never")
        for key in ("C0", "C1", "C2", "C3"):
            (folded,) = found[key]
            self.assertEqual(canonical(folded.state), self.snapshot(key).state_json)
            self.assertEqual((folded.version, folded.last.version), (6, 5))
        self.assertEqual(found["never"][0].state, {"status": "open"})
        self.assertIsNone(found["never"][0].last)

    def test_several_moments_in_one_reading(self):
        for day in (1, 3, 2):
            self.add(amount=10**day, timestamp=f"2026-03-0{day} 12:00:00")
        moments = [self.store._clean_timestamp(f"2026-03-0{day} 12:00:00") for day in (1, 2, 3)]
        found = self.fold("C1", moments=(*moments, None))["C1"]
        self.assertEqual([f.state["total"] for f in found], [10, 110, 1110, 1110])
        self.assertEqual([f.version for f in found], [1, 3, 3, 3])

    def test_going_on_where_it_was(self):
        self.add(amount=1)
        begun = {self.key(name): folds for name, folds in self.fold("C1", "C2").items()}
        self.add(amount=2)
        self.add("C2", amount=5)
        after = self.fold("C1", "C2", begun=begun)
        self.assertEqual([after[key][0].state["total"] for key in ("C1", "C2")], [3, 5])

    def test_pages_of_a_server_side_cursor(self):
        self.patch(type(self.store), "_reader_page", 3)
        for number in range(10):
            self.add(f"C{number % 2}")
        self.assertEqual(self.fold("C0", "C1")["C1"][0].state["total"], 5)

    def test_a_fault_names_its_stream_and_leaves_the_others(self):
        self.add("good")
        for key, kind in (("python", "Broken"), ("sql", "Sql")):
            self.add(key)
            event = self.store.search([("aggregate_id", "=", key)])
            self.env.cr.execute(
                "UPDATE event_store SET event_type = %s WHERE id = %s", [kind, event.id]
            )
        found = self.fold("good", "python", "sql")
        self.assertIsInstance(found["python"][0].problem, KeyError)
        self.assertIsInstance(found["sql"][0].problem, psycopg2.Error)
        self.assertIsNone(found["good"][0].problem)
        self.assertEqual(found["good"][0].state["total"], 1)


class TestRecordsThatAreGone(EventCase):
    """A customer is merged into another one: events keep the old id, columns cannot."""

    def setUp(self):
        super().setUp()
        old, self.new = self.env["res.partner"].create([{"name": "Old"}, {"name": "New"}])
        self.add(payload={"partner_id": old.id})
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((old + self.new).ids, self.new)
        self.assertFalse(old.exists())
        self.old_id = old.id

    def test_the_column_follows_the_merge_and_further_events_are_applied(self):
        self.assertEqual(self.snapshot().partner_id, self.new)
        found = self.add(amount=5, payload={"partner_id": self.old_id})
        self.assertEqual(found["outcome"], "applied")
        self.assertEqual(self.snapshot().partner_id, self.new)
        self.assertEqual(self.snapshot().state["partner_id"], self.old_id)

    def test_a_new_reference_to_nothing_is_still_a_fault(self):
        self.assertEqual(self.add("C9", payload={"partner_id": self.old_id})["outcome"], "failed")


class TestIncompleteRows(EventCase):
    def test_columns_that_a_handler_leaves_out_stay_as_they_are(self):
        """A snapshot model may have columns that somebody else fills."""
        self.add(amount=2)
        self.env.flush_all()
        self.env.cr.execute("UPDATE counter_snapshot SET partner_id = 1, total = 5")
        handler = self.store._find_handler("counter")
        (fold,) = self.store._fold_streams("counter", [self.key()])[self.key()]
        vals = handler._snapshot_vals(fold.state, fold.last)
        del vals["partner_id"]
        self.env["counter.snapshot"]._upsert([vals])
        snapshot = self.snapshot()
        self.assertEqual((snapshot.partner_id.id, snapshot.total), (1, 2))
        self.assertEqual(snapshot.write_uid, self.env.user)
