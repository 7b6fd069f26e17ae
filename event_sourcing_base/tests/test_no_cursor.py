"""What is asked without a database may speak to people, and ask nothing else."""

from datetime import date

from odoo.tests import TransactionCase
from odoo.tools.misc import format_date, formatLang, get_lang

from ..no_cursor import DatabaseUsed, without_database


class TestWords(TransactionCase):
    def test_a_day_in_words_whatever_is_remembered_of_the_language(self):
        for remembered in (False, True):
            with self.subTest(remembered=remembered):
                self.env.registry.clear_cache()
                if remembered:
                    get_lang(self.env)
                users, cursor = without_database(self.env["res.users"])
                self.assertEqual(format_date(users.env, date(2026, 3, 1)), "03/01/2026")
                self.assertEqual(formatLang(users.env, 1234.5), "1,234.50")
                self.assertFalse(cursor.statements)

    def test_nothing_else(self):
        users, cursor = without_database(self.env["res.users"])
        with self.assertRaises(DatabaseUsed):
            users.search_count([])
        self.assertTrue(cursor.statements)
