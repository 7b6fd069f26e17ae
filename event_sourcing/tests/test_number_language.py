"""Numbers are read as the user's language writes them."""

from odoo.addons.test_event_sourcing.common import EventCase


class TestNumberLanguage(EventCase):
    def test_the_users_language_counts(self):
        self.env["res.lang"]._activate_lang("de_DE")
        lang = self.env["res.lang"].search([("code", "=", "de_DE")])
        lang.write({"decimal_point": ",", "thousands_sep": "."})
        german = self.store.with_context(lang="de_DE")
        self.assertEqual(german._parse_number("48.000,50"), 48000.5)
        with self.assertRaises(ValueError):
            self.store.with_context(lang="en_US")._parse_number("48.000,50")
