"""A snapshot of which no row can be made is named in a list of the past, too."""

from odoo.addons.test_event_sourcing.common import BrokenRowsCase


class TestRowsThatCannotBe(BrokenRowsCase):
    def test_a_list_of_the_past_names_them_and_shows_the_others(self):
        action = self.jobs._ask("as_of", "counter", "2999-01-01 00:00:00")
        job = self.jobs.browse(action["domain"][0][2])
        rows = self.env[action["res_model"]].search(action["domain"])
        found = [row for row in rows.mapped("aggregate_id") if row in self.ids]
        self.assertEqual(sorted(found), ["J0", "J1", "J3", "J4", "J6"])
        self.assertEqual(sorted(self.broken(job)), ["J2", "J5"])
