"""What a seal is before anything is sealed; sealing itself commits, see tests/concurrency."""

from psycopg2 import errors

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_seal.event_hash import seal_digest
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestSeal(EventCase):
    def setUp(self):
        super().setUp()
        self.seals = self.env["event.seal"].sudo()
        self.add("S1")

    def make(self, **vals):
        """Insert a row as the owner of the database could, and return it."""
        before = self.seals.search([], limit=1)
        first = (before.to_id or 0) + 1
        digest = seal_digest(before.digest or "", first, first, b"")
        vals = {"from_id": first, "to_id": first, "state": "sealed", "digest": digest, **vals}
        vals = {"previous_digest": before.digest or "", "count": 0, "horizon": "1", **vals}
        names = list(vals)
        self.env.cr.execute(
            f"INSERT INTO event_seal ({', '.join(names)}, sealed_on)"
            f" VALUES ({', '.join(['%s'] * len(names))}, now() AT TIME ZONE 'UTC') RETURNING id",
            list(vals.values()),
        )
        return self.seals.browse(self.env.cr.fetchone()[0])

    def test_a_sealed_row_is_neither_changed_nor_deleted(self):
        seal = self.make()
        for statement in (
            "UPDATE event_seal SET digest = 'x' WHERE id = %s",
            "DELETE FROM event_seal WHERE id = %s",
        ):
            with (
                self.assertRaises(errors.RestrictViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement, [seal.id])

    def test_a_seal_over_events_that_it_does_not_hold_is_found(self):
        event_id = self.store.search([("aggregate_id", "=", "S1")]).id
        self.make(to_id=event_id)
        found = self.seals.verify()
        self.assertFalse(found["ok"])
        self.assertTrue(found["problem"])

    def test_only_managers_and_auditors_verify(self):
        with self.assertRaises(AccessError):
            self.env["event.seal"].with_user(make_user(self.env, "clerk", "user")).verify()
        for group in ("manager", "auditor"):
            user = make_user(self.env, f"verifies-{group}", group)
            self.assertIn("ok", self.env["event.seal"].with_user(user).verify())

    def test_uninstalling_says_how_many_proofs_are_lost(self):
        addon = self.env["ir.module.module"].search([("name", "=", "event_sourcing_seal")])
        count = self.seals.search_count([("state", "=", "sealed")])
        self.assertEqual(bool(addon._history_lost()), bool(count))
        self.make()
        self.assertIn(f"All seals are destroyed ({count + 1})", addon._history_lost())

    def test_the_overview_shows_seals(self):
        arch = self.env["event.overview"].get_view(view_type="form")["arch"]
        self.assertIn("action_open_seals", arch)
        self.assertEqual(
            self.env["event.job"]._job_kinds()["verify"].startable,
            True,
        )
