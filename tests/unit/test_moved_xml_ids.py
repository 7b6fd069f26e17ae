"""Records that moved to another addon keep their ids when a database is updated."""

from pathlib import Path

from odoo.tests import TransactionCase

from odoo.addons import event_sourcing, event_sourcing_catalog
from odoo.addons.event_sourcing_base import hooks as of_base
from odoo.addons.event_sourcing_boundary import hooks as of_boundary
from odoo.addons.test_event_sourcing.common import migrate

SCRIPT = Path(event_sourcing_catalog.__file__).parent / "migrations/1.1.0/pre-xml-ids.py"
DECLARATION = Path(event_sourcing.__file__).parent / "migrations/1.1.0/post-declaration.py"


class TestMovedXmlIds(TransactionCase):
    def move(self, names, addon, update):
        """Let records be where they were, and update; return which are not where they belong."""
        ids = self.env["ir.model.data"].search([("module", "=", addon), ("name", "in", names)])
        self.assertEqual(set(ids.mapped("name")), set(names))
        self.env.cr.execute(
            "UPDATE ir_model_data SET module = 'event_sourcing' WHERE id = ANY(%s)", [ids.ids]
        )
        update()
        self.env.invalidate_all()
        return ids.filtered(lambda row: row.module != addon).mapped("name")

    def test_the_dialog_before_uninstalling(self):
        names = ["base_module_uninstall_view_form"]
        self.assertEqual(
            self.move(names, "event_sourcing_base", lambda: of_base.take_over_xml_ids(self.env)), []
        )

    def test_boundaries(self):
        names = ["event_boundary_menu", "event_boundary_cron", "model_event_boundary_state"]
        names += ["access_event_boundary_state_user", "event_boundary_state_rule_company"]
        names += ["model_event_boundary", "field_event_boundary_status__state"]
        self.assertEqual(
            self.move(
                names, "event_sourcing_boundary", lambda: of_boundary.take_over_xml_ids(self.env)
            ),
            [],
        )

    def test_settings(self):
        names = ["event_store_policy_wizard_menu", "access_event_store_policy_wizard"]
        names += ["event_store_policy_wizard_rule_own", "res_config_settings_view_form"]
        names += ["field_res_config_settings__event_sourcing_error_policy"]
        self.assertEqual(
            self.move(
                names, "event_sourcing_catalog", lambda: migrate(self.env.cr, SCRIPT, "1.0.0")
            ),
            [],
        )

    def test_a_database_of_the_core_alone_gets_the_checks_of_declarations(self):
        module = self.env["ir.module.module"].search([("name", "=", "event_sourcing_declaration")])
        for before, after in (("uninstalled", "to install"), ("installed", "installed")):
            self.env.cr.execute(
                "UPDATE ir_module_module SET state = %s WHERE id = %s", [before, module.id]
            )
            migrate(self.env.cr, DECLARATION, "1.0.0")
            module.invalidate_recordset()
            self.assertEqual(module.state, after)
