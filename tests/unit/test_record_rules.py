"""Odoo lets everybody with access to a dialog's model read what all others enter there."""

from odoo.tests import TransactionCase


class TestTransientModels(TransactionCase):
    def test_nobody_sees_or_changes_what_another_one_is_entering(self):
        rules = self.env["ir.rule"].search([])
        open_to_all = [
            name
            for name, model in self.env.items()
            if model._transient
            and (model._original_module or "").startswith(
                ("event_sourcing", "rental_event_sourcing")
            )
            and name != "res.config.settings"
            and "create_uid"
            not in " ".join(rule.domain_force for rule in rules if rule.model_id.model == name)
        ]
        self.assertEqual(open_to_all, [])
