"""What a restore brings back, inline projections are given as of any append."""

from odoo.addons.event_sourcing_transfer.tests.test_restore import RestoreCase


class TestInlineRestore(RestoreCase):
    def test_a_restore_writes_the_read_model(self):
        mode = self.env["event.projection.mode"].search(
            [("projection", "=", "till.balance.projection")]
        )
        mode.live = True
        balances = self.env["till.balance"]
        balances.search([]).unlink()
        for amount in (1, 2, 4):
            self.store.append("till", "T1", "Paid", {"amount": amount})
        self.add("C1", 1)
        row = balances.search([])
        before = [(row.till, row.amount, row.versions)]
        self.assertEqual(before, [("T1", 7, "1,2,3")])
        lines = self.export()
        self.empty()
        row.unlink()
        job = self.restore(lines)
        self.assertEqual((job.state, job.refused_count), ("done", 0))
        self.assertEqual([(r.till, r.amount, r.versions) for r in balances.search([])], before)
