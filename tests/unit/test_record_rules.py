"""Every model of ours has the record rules that keep people and companies apart."""

from odoo.tests import TransactionCase

OURS = ("event_sourcing", "rental_event_sourcing")


class TestRecordRules(TransactionCase):
    def ours(self):
        """Yield ``(name, model, domains of its rules)``."""
        rules = {}
        for rule in self.env["ir.rule"].search([]):
            rules.setdefault(rule.model_id.model, []).append(rule.domain_force or "")
        for name, model in self.env.items():
            if (model._original_module or "").startswith(OURS) and not model._abstract:
                yield name, model, rules.get(name, [])

    def test_nobody_sees_or_changes_what_another_one_is_entering(self):
        """Odoo lets everybody with access to a dialog's model read what all others enter there."""
        open_to_all = [
            name
            for name, model, rules in self.ours()
            if model._transient
            and name != "res.config.settings"
            and "create_uid" not in " ".join(rules)
        ]
        self.assertEqual(open_to_all, [])

    def test_what_belongs_to_a_company_is_for_its_people(self):
        """Those that nobody may read are left out, and dialogs, which belong to a person."""
        readable = self.env["ir.model.access"].search([("perm_read", "=", True)])
        names = set(readable.mapped("model_id.model"))
        open_to_all = [
            name
            for name, model, rules in self.ours()
            if name in names
            and not model._transient
            and name != "event.destination"  # all managers see where events go
            and {"company_id", "company_ids"} & {n for n, f in model._fields.items() if f.store}
            and not any("compan" in rule or "create_uid" in rule for rule in rules)
        ]
        self.assertEqual(open_to_all, [])
