from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestUninstall(EventCase):
    def test_the_dialog_says_what_stays_without_rules(self):
        self.add()
        admin = make_user(self.env, "uninstaller", "manager", "base.group_system")
        wizards = self.env["base.module.uninstall"].with_user(admin)
        name = wizards._chosen_field()
        domain = self.env.ref("base.module_test_event_sourcing")
        chosen = domain.id if name == "module_id" else [(6, 0, domain.ids)]
        dialog = wizards.create({name: chosen})
        self.assertFalse(dialog.history_lost)
        self.assertRegex(dialog.history_left, r"events about .* stay \(")
