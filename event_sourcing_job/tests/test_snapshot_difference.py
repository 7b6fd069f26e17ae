"""Stored snapshots against folded rows: the ground on which rebuild and check stand."""

from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import EventCase


class TestDifferences(EventCase):
    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create({"name": "A"})
        self.add(amount=3, payload={"day": "2026-01-31", "partner_id": self.partner.id})
        self.add("C2", amount=4)
        self.handler = self.store._find_handler("counter")
        self.model = self.env["counter.snapshot"].sudo()

    def rows(self, *ids):
        found = self.store._fold_streams("counter", list(map(self.key, ids or ("C1", "C2"))))
        return [self.handler._snapshot_vals(f.state, f.last) for (f,) in found.values()]

    def different(self):
        return [
            (vals["aggregate_id"], stored) for vals, stored in self.model._differences(self.rows())
        ]

    def tamper(self, column, value):
        self.env.cr.execute(
            f"UPDATE counter_snapshot SET {column} = %s WHERE aggregate_id = 'C1'",
            [value],
        )

    def test_none(self):
        self.assertEqual(self.different(), [])
        self.assertEqual(self.model._differences([]), [])

    def test_columns_state_and_missing_rows(self):
        self.tamper("total", 99)
        self.assertEqual(self.different(), [("C1", {"total": 99})])
        self.tamper("total", None)
        self.tamper("last_day", "2026-02-01")
        self.assertEqual(self.different(), [("C1", {"total": None, "last_day": "2026-02-01"})])
        self.env.cr.execute("DELETE FROM counter_snapshot WHERE aggregate_id = 'C2'")
        self.assertEqual([key for key, _stored in self.different()], ["C1", "C2"])
        self.assertIsNone(self.different()[1][1])

    def test_the_spelling_of_a_number_is_a_difference(self):
        self.tamper("state", canonical({**self.rows("C1")[0]["state"], "total": 3.0}))
        self.assertEqual([list(stored) for _key, stored in self.different()], [["state"]])

    def test_orphans(self):
        self.env.cr.execute(
            "UPDATE counter_snapshot SET aggregate_id = 'nobody' WHERE aggregate_id = 'C2'"
        )
        self.assertEqual(self.model._orphans(["counter"], 10), [("counter", self.key("nobody"))])
        self.model._forget("counter", [self.key("nobody")])
        self.assertEqual(self.model._orphans(["counter"], 10), [])

    def test_a_record_that_was_merged_is_no_drift(self):
        """Events keep the old id, columns cannot."""
        new = self.env["res.partner"].create({"name": "B"})
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((self.partner + new).ids, new)
        self.assertFalse(self.partner.exists())
        (folded,) = self.store._fold_streams("counter", [self.key()])[self.key()]
        vals = self.store._find_handler("counter")._snapshot_vals(folded.state, folded.last)
        self.assertEqual(self.env["counter.snapshot"].sudo()._differences([vals]), [])


class TestChunks(EventCase):
    def test_chunks_hold_about_as_many_events_as_asked_for(self):
        self.patch(type(self.store), "_reader_chunk", 4)
        for number in range(9):
            self.add(f"K{number % 3}")
        self.add("long", 1)
        for _number in range(9):
            self.add("long", 1)
        ids = ["K0", "K1", "K2", "long"]
        sizes, after = [], 0
        while after is not None:
            after, streams = self.store._stream_chunk(after, ["counter"], ids)
            sizes.append(streams["counter"])
        self.assertEqual(sizes, [[self.key(key)] for key in ids])
