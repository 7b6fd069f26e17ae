"""One place to see all snapshots from: what kinds there are, how many, and where they open."""

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestSnapshotKinds(EventCase):
    def _kind(self, model_name, user=None):
        kinds = self.env["event.aggregate.type"].with_user(user or self.env.user)
        kinds.invalidate_model()  # as each request begins
        return kinds.search([("model_name", "=", model_name)])

    def test_a_kind_counts_its_snapshots(self):
        before = self._kind("counter").snapshot_count
        self.add()
        kind = self._kind("counter")
        self.assertEqual(kind.snapshot_count, before + 1)
        self.assertEqual(kind.aggregate_label, "counter")
        self.assertTrue(kind.last_event_date)

    def test_every_kind_with_a_handler_is_there_before_its_first_event(self):
        self.assertIn("rental", self.env["event.aggregate.type"].search([]).mapped("model_name"))
        self.assertFalse(self._kind("no.such.thing"))

    def test_it_opens_the_list_of_the_addon_that_brings_one(self):
        action = self._kind("rental").action_open_snapshots()
        own = self.env.ref("rental_event_sourcing.rental_snapshot_action")
        self.assertEqual(action["id"], own.id)
        self.assertEqual(action["res_model"], "rental.snapshot")
        self.assertEqual(action["name"], "Rental")

    def test_kinds_in_one_table_open_apart(self):
        for model_name in ("prefixed", "nested"):
            self.store.append(model_name, "K1", "Any", {"status": "ok"})
            action = self._kind(model_name).action_open_snapshots()
            self.assertEqual(action["res_model"], "event.snapshot")
            self.assertEqual(action["view_mode"], "list,kanban,form")
            found = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(set(found.mapped("model_name")), {model_name})

    def test_one_counts_what_one_may_read(self):
        self.store.append("prefixed", "K1", "Any", {"status": "ok"})
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = make_user(self.env, "kinds-stranger", "user", company=company)
        self.assertEqual(self._kind("prefixed", stranger).snapshot_count, 0)
