from odoo import api, models


class ResGroups(models.Model):
    """Groups that people find: without a place they are shown in developer mode only."""

    _inherit = "res.groups"

    @api.model
    def _offer_together(self, module, name, title, group_ids, sequence=100):
        """Show groups as one dropdown on a user's form, without developer mode.

        Odoo 17 makes it of a category, Odoo 19 of a privilege in one. Each group must imply
        the one before it, else Odoo 17 shows boxes to tick, in developer mode only.

        :param str module: whose data the category is
        :param str name: of its XML id
        :param str title: what people read before the dropdown
        :param list group_ids: ids of the groups
        :param int sequence: where it is on the form
        """
        vals = {"name": title, "sequence": sequence}
        xml_id = f"{module}.module_category_{name}"
        category = self.env["ir.module.category"]._load_records(
            [{"xml_id": xml_id, "values": vals}]
        )
        field = "category_id"
        if "privilege_id" in self._fields:
            field = "privilege_id"
            privileges = self.env["res.groups.privilege"]
            vals = {**vals, "category_id": category.id}
            xml_id = f"{module}.privilege_{name}"
            category = privileges._load_records([{"xml_id": xml_id, "values": vals}])
        self.browse(group_ids).write({field: category.id})
