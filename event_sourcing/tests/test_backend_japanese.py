"""What a Japanese user reads."""

import os
import re

from odoo.exceptions import UserError
from odoo.modules.module import get_module_path
from odoo.tools.translate import PoFileReader

from odoo.addons.test_event_sourcing.common import EventCase

JAPANESE = re.compile("[぀-ヿ一-鿿]")


class TestJapanese(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ja_JP")
        cls.env["ir.module.module"]._load_module_terms(["event_sourcing"], ["ja_JP"])
        cls.store = cls.store.with_context(lang="ja_JP")

    def test_a_refusal(self):
        self.store.append("ticket", "T1", "Solved", {})
        event = self.store.search([("outcome", "=", "rejected")], limit=1)
        self.assertEqual(
            event.error_message,
            "ステータスが「New」の間は「Ticket solved」を実行できません。",
        )

    def test_bad_input(self):
        with self.assertRaisesRegex(UserError, "ペイロードは"):
            self.store.append("ticket", "T1", "Opened", "[]")
        with self.assertRaisesRegex(UserError, "バージョン 5 はありません"):
            self.store.state_at("counter", "C1", version=5)
        with self.assertRaisesRegex(UserError, "変更・削除・複製"):
            self.store.browse(1).write({})

    def test_the_screens(self):
        event = self.store.browse(self.add()["id"])
        self.assertEqual(event.display_name, "Added（C1、バージョン 1）")
        self.assertEqual(self.store._fields["outcome"]._description_string(self.store.env), "結果")
        menu = self.env.ref("event_sourcing.event_store_menu").with_context(lang="ja_JP")
        self.assertEqual(menu.name, "イベント")
        arch = self.store.get_views([(False, "form")])["views"]["form"]["arch"]
        self.assertIn("技術情報", arch)

    def test_the_catalogue_is_complete(self):
        path = os.path.join(get_module_path("event_sourcing"), "i18n", "ja.po")
        same = {"UUID", "ID", "JSON", "UTF-8", "true", "false"}
        with open(path, "rb") as stream:
            text = stream.read().decode()
        self.assertNotIn("fuzzy", text)
        entries = 0
        for row in PoFileReader(path):
            entries += 1
            self.assertTrue(row["value"], row["src"])
            if row["src"] not in same:
                self.assertRegex(row["value"], JAPANESE)
            placeholders = [
                sorted(re.findall(r"%\(\w+\)s", row[side])) for side in ("src", "value")
            ]
            self.assertEqual(placeholders[0], placeholders[1], row["src"])
        self.assertGreater(entries, 200)
