"""The screens open for each group, and show what they promise."""

from lxml import etree

from odoo.exceptions import AccessError

from odoo.addons.test_event_sourcing.common import EventCase, make_user

SCREENS = ("event.store", "event.stream", "event.snapshot", "event.handler")
SCREENS += ("event.boundary.status", "event.boundary.state", "event.boundary.event")
# For managers and auditors alone.
WATCHED = ("event.process.instance", "event.process.timeout")
ROOT = "event_sourcing.event_sourcing_menu_root"


class TestScreens(EventCase):
    def _arch(self, model, kind, user):
        views = self.env[model].with_user(user).get_views([(False, kind)])
        return etree.fromstring(views["views"][kind]["arch"])

    def _own_actions(self, *modules):
        """Return the window actions that the modules bring."""
        own = [("model", "=", "ir.actions.act_window"), ("module", "in", modules)]
        found = self.env["ir.model.data"].search(own)
        return self.env["ir.actions.act_window"].browse(found.mapped("res_id"))

    def test_each_group_opens_each_screen(self):
        self.add()
        for group in ("user", "integration", "auditor", "manager"):
            user = make_user(self.env, f"screens-{group}", group)
            for model in SCREENS:
                for kind in ("list", "form", "search"):
                    with self.subTest(group=group, model=model, kind=kind):
                        self.assertIsNotNone(self._arch(model, kind, user))
                self.assertEqual(self._arch(model, "kanban", user).get("create"), "false")
                self.env[model].with_user(user).search([]).read()

    def test_watchers_open_the_screens_of_processes(self):
        self.env["event.process.timeout"].create(
            {
                "instance_id": self.env["event.process.instance"]
                ._locked(self.env["trip.process"], self.env.company.id, "T1")
                .id,
                "event_type": "PaymentOverdue",
                "due": "2026-01-01 00:00:00",
                "payload": {},
                "cause_uuid": "1",
                "correlation_id": "1",
            }
        )
        for group, opens in (("auditor", True), ("manager", True), ("user", False)):
            user = make_user(self.env, f"watch-{group}", group)
            for model in WATCHED:
                with self.subTest(group=group, model=model):
                    records = self.env[model].with_user(user)
                    if not opens:
                        with self.assertRaises(AccessError):
                            records.search([])
                        continue
                    for kind in ("list", "form", "search"):
                        self.assertIsNotNone(self._arch(model, kind, user))
                    self.assertTrue(records.search([]).read())

    def test_nothing_is_created_changed_or_copied_by_hand(self):
        admin = self.env.ref("base.user_admin")
        for model in SCREENS + WATCHED:
            for kind in ("list", "form"):
                arch = self._arch(model, kind, admin)
                for right in ("create", "edit", "delete"):
                    with self.subTest(model=model, kind=kind, right=right):
                        self.assertIn(arch.get(right), ("false", "False", "0"))
            self.assertIn(self._arch(model, "form", admin).get("duplicate"), ("false", "0"))

    def test_lists_fetch_no_document(self):
        admin = self.env.ref("base.user_admin")
        for model in SCREENS + WATCHED:
            names = {node.get("name") for node in self._arch(model, "list", admin).iter("field")}
            documents = {n for n, f in self.env[model]._fields.items() if f.type == "json"}
            self.assertFalse(names & documents, model)

    def test_no_json_for_people_who_only_look(self):
        clerk = make_user(self.env, "screens-clerk", "user")
        for model in ("event.store", "event.snapshot"):
            for user, shown in ((clerk, False), (self.env.ref("base.user_admin"), True)):
                pages = {page.get("name") for page in self._arch(model, "form", user).iter("page")}
                self.assertEqual("json" in pages, shown, (model, user.login))
                self.assertIn("rows", pages)

    def test_a_phone_gets_cards_and_a_desktop_a_list(self):
        for action in self._own_actions("event_sourcing", "event_sourcing_bi"):
            kinds = action.view_mode.split(",")
            if "list" in kinds:
                with self.subTest(action=action.name):
                    self.assertLess(kinds.index("list"), kinds.index("kanban"))
                    views = self.env[action.res_model].get_views([(False, "kanban")])
                    self.assertIn("kanban-box", views["views"]["kanban"]["arch"])

    def test_lists_behind_buttons_are_cards_on_a_phone_too(self):
        event = self.store.browse(self.add()["id"])
        reports = self.env["event.report"].new({})
        error = self.env["event.error"].new({"fingerprint": "any"})
        for action in (
            event.action_open_stream(),
            error.action_open_failures(),
            reports.action_my_reports(),
        ):
            self.assertEqual(action["mobile_view_mode"], "kanban")
            self.assertIn("kanban", [kind for _view, kind in action["views"]])

    def test_an_empty_list_says_what_is_true_of_a_filter_too(self):
        actions = self._own_actions("event_sourcing", "event_sourcing_bi", "rental_event_sourcing")
        for action in actions.filtered("help"):
            title = etree.fromstring(f"<div>{action.help}</div>").findtext("p")
            self.assertRegex(title, "^No .* found$", action.name)

    def test_cards_have_the_buttons_of_their_list(self):
        for group, names in (
            ("auditor", {"action_check_all"}),
            ("manager", {"action_check_all", "action_rebuild_all"}),
        ):
            user = make_user(self.env, f"cards-{group}", group)
            for model, expected in (("event.job", names), ("event.seal", {"action_verify"})):
                for kind in ("list", "kanban"):
                    with self.subTest(group=group, model=model, kind=kind):
                        buttons = self._arch(model, kind, user).findall("header/button")
                        self.assertEqual({button.get("name") for button in buttons}, expected)
                        self.assertEqual({button.get("display") for button in buttons}, {"always"})

    def test_search_uses_what_can_be_searched_alone(self):
        admin = self.env.ref("base.user_admin")
        for model in SCREENS + WATCHED:
            for node in self._arch(model, "search", admin).iter("field", "filter"):
                name = node.get("name") if node.tag == "field" else node.get("date")
                if name:
                    field = self.env[model]._fields[name]
                    self.assertTrue(field.store or field.search, f"{model}: {name}")

    def test_menus_by_group(self):
        everybody = {
            *("Overview", "Events", "Histories", "Snapshots", "As of …"),
            *("Rejected Attempts", "Broken Rules", "Errors", "Handlers", "Boundaries"),
            "Excel Report …",
            *("History", "Analysis", "Operation"),
        }
        own_files = "My Imports and Exports"
        checking = ("Rebuild and Check", "Seals", "Archives", "Subscriptions", "Dead Letters")
        checking += ("Builds of Read Models", "Processes", "Timeouts")
        checking += ("Destinations", "Deliveries")
        expected = {
            "user": everybody,
            "integration": {*everybody, "Record Event", "Import …", own_files},
            "auditor": {*everybody, *checking, "Export …", own_files},
            "manager": {
                *(*everybody, *checking, "Record Event"),
                *("Import …", "Export …", own_files, "Jobs under Way", "Open Transactions"),
                *("Configuration", "Settings", "BI Access"),
            },
        }
        for group, names in expected.items():
            user = make_user(self.env, f"menus-{group}", group)
            menus = self.env["ir.ui.menu"].with_user(user)
            visible = menus.browse(menus._visible_menu_ids())
            root = self.env.ref(ROOT)
            below = visible.filtered(
                lambda menu, top=root.parent_path: menu.parent_path.startswith(top)
            )
            self.assertEqual(set((below - root).mapped("name")), names)
        outsider = make_user(self.env, "menus-outsider")
        menus = self.env["ir.ui.menu"].with_user(outsider)
        self.assertNotIn(self.env.ref(ROOT).id, menus._visible_menu_ids())
