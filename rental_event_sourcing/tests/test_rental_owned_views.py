"""Screens of units and quantities."""

from lxml import etree

from odoo.addons.test_event_sourcing.common import EventCase, make_user

MODELS = ("rental.unit", "rental.stock", "rental.unit.snapshot", "rental.stock.snapshot")
MENUS = {
    "Equipment",
    "Units",
    "Quantities",
    "Unit Snapshots",
    "Quantity Snapshots",
    "Units as of …",
    "Quantities as of …",
}
LOG = ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date")
TEXTS = ("string", "title", "placeholder", "sum")


class TestOwnedViews(EventCase):
    def arch(self, model, kind, user=None, lang="en_US"):
        model = self.env[model].with_user(user or self.env.ref("base.user_admin"))
        views = model.with_context(lang=lang).get_views([(False, kind)])
        return etree.fromstring(views["views"][kind]["arch"])

    def test_they_open_for_each_group(self):
        for group in ("rental_order_group_user", "rental_order_group_manager"):
            user = make_user(self.env, group, f"rental_event_sourcing.{group}")
            for model in (*MODELS, "rental.unit.snapshot.as.of", "rental.stock.snapshot.as.of"):
                for kind in ("list", "form", "search", "kanban"):
                    with self.subTest(model=model, kind=kind, group=group):
                        self.assertIsNotNone(self.arch(model, kind, user))
                self.env[model].with_user(user).search([], limit=1).read()

    def test_one_primary_button_per_status(self):
        buttons = self.arch("rental.unit", "form").xpath("//header/button[@class='btn-primary']")
        conditions = [button.get("invisible") for button in buttons]
        self.assertEqual(conditions, ["status != 'in_order'", "status != 'maintenance'"])

    def test_only_managers_add_units(self):
        for group, shown in (("rental_order_group_user", 0), ("rental_order_group_manager", 1)):
            user = make_user(self.env, group, f"rental_event_sourcing.{group}")
            buttons = self.arch("rental.unit", "list", user).xpath("//header/button")
            self.assertEqual(len(buttons), shown)

    def test_menus(self):
        user = make_user(self.env, "owned-menus", "rental_event_sourcing.rental_order_group_user")
        menus = self.env["ir.ui.menu"].with_user(user)
        visible = menus.browse(menus._visible_menu_ids())
        top = self.env.ref("rental_event_sourcing.rental_owned_menu").parent_path
        below = visible.filtered(lambda menu: menu.parent_path.startswith(top))
        self.assertEqual(set(below.mapped("name")), MENUS)

    def test_all_of_it_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        wizards = ("rental.unit.wizard", "rental.add.units", "rental.stock.wizard")
        for model in (*MODELS, *wizards):
            for kind in ("list", "form", "search", "kanban"):
                if model in wizards and kind != "form":
                    continue
                for node in self.arch(model, kind, lang="ja_JP").iter(etree.Element):
                    for name in TEXTS:
                        text = node.get(name)
                        if text and not text.startswith("PRJ-"):
                            with self.subTest(model=model, kind=kind, text=text):
                                self.assertRegex(text, r"[\u3040-\u30ff\u4e00-\u9fff]")
            shown = self.env[model].with_context(lang="ja_JP").fields_get()
            for name, field in shown.items():
                own = self.env[model]._fields[name]._module == "rental_event_sourcing"
                if own and name not in LOG:
                    with self.subTest(model=model, field=name):
                        self.assertRegex(field["string"], r"[\u3040-\u30ff\u4e00-\u9fff]")
        for xmlid in ("rental_unit_action", "rental_stock_action", "rental_owned_menu"):
            record = self.env.ref(f"rental_event_sourcing.{xmlid}").with_context(lang="ja_JP")
            self.assertRegex(record.name, r"[\u3040-\u30ff\u4e00-\u9fff]")
        japanese = self.env["rental.unit"].with_context(lang="ja_JP")
        for event_type in ("MaintenanceStarted", "MaintenanceEnded", "UnitDamaged", "UnitRetired"):
            for text in (
                japanese._action_label(event_type),
                japanese._done_sentence(event_type, ["A", "B"]),
            ):
                self.assertRegex(text, r"[\u3040-\u30ff\u4e00-\u9fff]")

    def test_an_empty_list_says_so(self):
        for xmlid in ("unit", "stock", "unit_snapshot", "stock_snapshot"):
            action = self.env.ref(f"rental_event_sourcing.rental_{xmlid}_action")
            title = etree.fromstring(f"<div>{action.help}</div>").findtext("p")
            self.assertRegex(title, "^No .* found$")
            kinds = action.view_mode.split(",")
            self.assertLess(kinds.index("list"), kinds.index("kanban"))
