from lxml import etree

from odoo.addons.test_event_sourcing.common import EventCase, make_user

DROPDOWNS = {
    "Event Sourcing": ["User", "Integration", "Manager"],
    "Event Sourcing of All Companies": ["Auditor"],
    "Rental": ["User", "Manager"],
}


class TestGroupsOnUsers(EventCase):
    """An administrator gives the groups on a user's form, without developer mode."""

    def dropdowns(self):
        """Return ``{title: names in order}`` as the form of this series makes them."""
        groups = self.env["res.groups"]
        if "privilege_id" in groups._fields:
            shown = groups._get_view_group_hierarchy()
            listed = {p for category in shown["categories"] for p in category["privilege_ids"]}
            return {
                privilege["name"]: [
                    shown["groups"][group]["name"] for group in privilege["group_ids"]
                ]
                for privilege in shown["privileges"].values()
                if privilege["id"] in listed
            }
        return {
            app.name: chosen.mapped("name")
            for app, kind, chosen, _section in groups.get_groups_by_application()
            if kind == "selection"
        }

    def test_one_dropdown_each(self):
        found = self.dropdowns()
        self.assertEqual({title: found.get(title) for title in DROPDOWNS}, DROPDOWNS)

    def test_on_the_form_of_an_administrator(self):
        admin = make_user(self.env, "giver", "base.group_erp_manager")
        form = self.env.ref("base.view_users_form")
        users = self.env["res.users"].with_user(admin).with_context(lang="en_US")
        arch = etree.fromstring(users.get_view(form.id, "form")["arch"])
        if "privilege_id" in self.env["res.groups"]._fields:
            self.assertTrue(arch.xpath("//field[@name='group_ids']"))
            return
        chosen = self.env.ref("event_sourcing.event_store_group_manager")
        fields = [
            node
            for node in arch.xpath("//field[starts-with(@name, 'sel_groups_')]")
            if str(chosen.id) in node.get("name").split("_")
        ]
        self.assertEqual(len(fields), 1)
        self.assertNotIn("base.group_no_one", etree.tostring(fields[0].getparent()).decode())
