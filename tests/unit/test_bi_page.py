"""What the page about BI shows is what is there."""

import re
from pathlib import Path

from odoo.addons.rental_event_sourcing_bi.tests.test_bi import VIEWS, BiCase

PAGE = Path(__file__).parents[2] / "docs" / "bi.md"


class TestBiPage(BiCase):
    def test_the_page_names_every_column_and_its_queries_run(self):
        self.some_attempts()
        page = PAGE.read_text(encoding="utf-8")
        parts = dict(re.findall(r"^\*\*`(\w+)`\*\*(.*?)(?=^\*\*`|^## )", page, re.M | re.S))
        others = {"bi_feed", "bi_feed_snapshot", "bi_rental_unit", "bi_rental_stock"}
        self.assertEqual(set(parts), {*VIEWS, *others})
        for view, part in parts.items():
            columns = self.rows(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'event_bi' AND table_name = %s",
                view,
            )
            table = "".join(line.split("|")[1] for line in part.splitlines() if line[:1] == "|")
            named = re.findall(r"`(\w+)`", table)
            self.assertEqual(sorted(named), sorted(row["column_name"] for row in columns), view)
        (queries,) = re.findall(r"```sql\n(.*?)```", page, re.S)
        rates, rules, rentals = [self.rows(query) for query in queries.split(";\n") if query]
        self.assertIn("misoperation_rate", rates[0])
        counted = sum(row["times"] for row in rules)
        self.assertEqual(
            counted, self.env["event.attempt"].search_count([("outcome", "=", "rejected")])
        )
        self.assertTrue(rentals)
