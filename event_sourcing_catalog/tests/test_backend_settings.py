"""The default policies: who may choose them, and what they do."""

from odoo.exceptions import AccessError, UserError

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestSettings(EventCase):
    def _choose(self, **policies):
        manager = make_user(self.env, f"settings-{len(policies)}-{id(policies)}", "manager")
        self.env["event.store.policy.wizard"].with_user(manager).create(policies).action_save()

    def test_recorded_at_first(self):
        wizard = self.env["event.store.policy.wizard"].create({})
        self.assertEqual((wizard.invalid_policy, wizard.error_policy), ("record", "record"))
        self.assertEqual(self.add(amount=-1)["outcome"], "rejected")

    def test_a_broken_rule_raises(self):
        self._choose(invalid_policy="reject", error_policy="record")
        with self.assertRaisesRegex(UserError, "fall below zero"):
            self.add(amount=-1)
        self.assertEqual(self.store.append("counter", "C1", "Broken", {})["outcome"], "failed")

    def test_a_fault_raises(self):
        self._choose(invalid_policy="record", error_policy="reject")
        with self.assertLogs("odoo.addons.event_sourcing", "WARNING"), self.assertRaises(UserError):
            self.store.append("counter", "C1", "Broken", {})
        self.assertEqual(self.add(amount=-1)["outcome"], "rejected")

    def test_a_handler_keeps_its_own(self):
        self._choose(invalid_policy="record", error_policy="record")
        with self.assertRaisesRegex(UserError, "Strictly no"):
            self.store.append("strict", "S1", "Any", {"bad": True})

    def test_general_settings_are_the_same_choice(self):
        admin = self.env.ref("base.user_admin")
        settings = self.env["res.config.settings"].with_user(admin)
        settings.create({"event_sourcing_invalid_policy": "reject"}).execute()
        self.assertEqual(self.env["event.store.policy.wizard"].create({}).invalid_policy, "reject")
        self._choose(invalid_policy="record", error_policy="reject_and_record")
        again = settings.create({})
        self.assertEqual(again.event_sourcing_invalid_policy, "record")
        self.assertEqual(again.event_sourcing_error_policy, "reject_and_record")

    def test_a_value_from_elsewhere_counts_as_record(self):
        self.env["ir.config_parameter"].set_param("event_sourcing.invalid_policy", "nonsense")
        self.assertEqual(self.add(amount=-1)["outcome"], "rejected")
        wizard = self.env["event.store.policy.wizard"].create({})
        self.assertEqual(wizard.invalid_policy, "record")

    def test_only_managers(self):
        for group in ("user", "integration", "auditor"):
            user = make_user(self.env, f"settings-{group}", group)
            with self.assertRaises(AccessError):
                self.env["event.store.policy.wizard"].with_user(user).create({})
        wizard = self.env["event.store.policy.wizard"].create({})
        with self.assertRaises(AccessError):
            wizard.with_user(make_user(self.env, "settings-x", "integration")).sudo(
                False
            ).action_save()
