"""Nobody drops the history through Odoo's own tables, and uninstalling says what is lost."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_base.models.history_schema import _of_history, history_models
from odoo.addons.test_event_sourcing.common import EventCase, make_user

REFUSAL = "belongs to the history"


class TestHistorySchema(EventCase):
    def setUp(self):
        super().setUp()
        self.add()
        self.admin = make_user(self.env, "schema", "manager", "base.group_system")
        # What only an uninstalled addon does; a caller could send the key as well.
        self.asked = self.env(user=self.admin.id, context={"_force_unlink": True})

    def refuse(self, call, *arguments, pattern=REFUSAL):
        with self.assertRaisesRegex(UserError, pattern):
            call(*arguments)
        self.env.cr.execute("SELECT count(payload) FROM event_store")
        self.assertTrue(self.env.cr.fetchone()[0])

    def test_fields_and_tables_stay(self):
        for name in history_models(self.env):
            with self.subTest(model=name):
                model = self.asked["ir.model"]._get(name)
                self.refuse(model.unlink)
                self.refuse(model.write, {"order": "id"})
                for field in model.field_id:
                    self.refuse(field.unlink)
                    self.refuse(field.write, {"name": "x_gone"})
                    self.refuse(field.write, {"state": "manual"})

    def test_selections_and_constraints_stay(self):
        selections = self.asked["ir.model.fields.selection"].search(
            [("field_id.model", "in", history_models(self.env))]
        )
        self.assertTrue(selections)
        for selection in selections:
            self.refuse(selection.unlink)
            self.refuse(selection.write, {"value": "other"})
        found = (
            self.asked["ir.model.constraint"]
            .sudo()
            .search([("model.model", "in", history_models(self.env))])
        )
        for constraint in found:
            self.refuse(constraint.unlink)
        module = self.env.ref("base.module_base").id
        wanted = {"model": self.env["ir.model"]._get_id("event.store"), "module": module}
        self.refuse(
            self.asked["ir.model.constraint"].sudo().create,
            {**wanted, "name": "event_store_event_uuid_uniq", "type": "u"},
        )
        self.refuse(
            self.asked["ir.model.relation"].sudo().create, {**wanted, "name": "event_store"}
        )

    def test_a_field_of_ones_own_can_be_removed(self):
        own = self.env["ir.model.fields"]._get("event.store", "payload")
        self.assertEqual(own.state, "base")
        self.assertTrue(_of_history(self.env, "event.store", "payload"))
        self.assertFalse(_of_history(self.env, "event.store", "x_unknown"))
        self.assertFalse(_of_history(self.env, "res.partner", "name"))

    def test_data_of_the_addon_are_not_removed_past_uninstalling_it(self):
        engine = self.env.ref("base.module_event_sourcing")
        self.refuse(engine.with_env(self.asked).module_uninstall, pattern="under Apps")
        data = self.env["ir.model.data"]
        self.refuse(data._module_data_uninstall, ["event_sourcing"])


class TestUninstall(EventCase):
    def setUp(self):
        super().setUp()
        self.add()
        self.engine = self.env.ref("base.module_event_sourcing")
        self.admin = make_user(self.env, "uninstaller", "manager", "base.group_system")
        self.modules = self.engine.with_user(self.admin)

    def dialog(self, module=None, **values):
        module = module or self.engine
        wizards = self.env["base.module.uninstall"].with_user(self.admin)
        name = wizards._chosen_field()
        chosen = module.id if name == "module_id" else [(6, 0, module.ids)]
        return wizards.create({name: chosen, **values})

    def test_every_way_says_what_is_lost_and_is_refused(self):
        self.env.cr.execute("SELECT count(*) FROM event_store")
        count = f"{self.env.cr.fetchone()[0]:,}"
        pattern = rf"All events .* are destroyed \({count}\).*Export them first"
        for way, arguments in (("write", [{"state": "to remove"}]), ("button_uninstall", [])):
            with self.assertRaisesRegex(UserError, pattern):
                getattr(self.modules, way)(*arguments)
        self.assertEqual(self.engine.state, "installed")

    def test_the_dialog_wants_to_be_told(self):
        dialog = self.dialog()
        self.assertIn("are destroyed", dialog.history_lost)
        with self.assertRaisesRegex(UserError, "Tick that"):
            dialog.action_uninstall()
        told = self.dialog(history_given_up=True)
        kind = type(self.env["ir.module.module"])
        with patch.object(kind, "button_immediate_uninstall", kind.button_uninstall):
            told.action_uninstall()
        self.assertEqual(self.engine.state, "to remove")

    def test_a_confirmation_is_of_the_history_as_it_was(self):
        self.env["ir.module.module"]._give_up()
        self.add()
        with self.assertRaisesRegex(UserError, "Export them first"):
            self.modules.button_uninstall()

    def test_plain_people_ask_nothing(self):
        plain = make_user(self.env, "unplain")
        with self.assertRaises(AccessError):
            self.engine.with_user(plain).write({"state": "to remove"})
