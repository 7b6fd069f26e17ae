"""What history needs cannot be deleted, and whoever tries is told so in words."""

from odoo.exceptions import AccessError, UserError

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestDeletion(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Needed"})
        payload = {"partner_id": cls.partner.id, "name": "N1"}
        answer = cls.store.append("needy", "N1", "Changed", payload)
        assert answer["outcome"] == "applied", answer["message"]

    def test_a_record_that_a_snapshot_needs(self):
        with self.assertRaisesRegex(UserError, "^Needed cannot be deleted: .* Archive it instead"):
            self.partner.unlink()
        self.assertTrue(self.partner.exists())

    def test_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.env["ir.module.module"]._load_module_terms(["event_sourcing"], ["ja_JP"])
        with self.assertRaisesRegex(UserError, "Needed は削除できません"):
            self.partner.with_context(lang="ja_JP").unlink()

    def test_one_that_nobody_needs_goes(self):
        other = self.env["res.partner"].create({"name": "Free"})
        other.unlink()
        self.assertFalse(other.exists())

    def test_who_recorded_an_event_stays(self):
        user = make_user(self.env, "recorder", "integration")
        self.store.with_user(user).append("counter", "D1", "Added", {"amount": 1})
        with self.assertRaisesRegex(UserError, "Recorder cannot be deleted"):
            user.unlink()

    def test_who_may_not_delete_learns_nothing(self):
        user = make_user(self.env, "curious", "user")
        with self.assertRaises(AccessError):
            self.partner.with_user(user).unlink()


class TestNewStates(EventCase):
    def test_the_state_that_comes_about_can_be_refused_and_what_was_applied_stays(self):
        from unittest.mock import patch

        handler = type(self.env["counter.snapshot.handler"])
        self.add("L1", 7)

        def limit(_self, event, state):
            if state["total"] > 8:
                raise UserError("too much")

        with patch.object(handler, "_check_new_state", limit):
            self.assertEqual(self.add("L1", 1)["outcome"], "applied")
            self.assertEqual(self.add("L1", 1)["outcome"], "rejected")
        self.add("L1", 5)
        with patch.object(handler, "_check_new_state", limit):
            state = self.store.state_at("counter", "L1")["state"]
            self.assertEqual(state["total"], 13)
