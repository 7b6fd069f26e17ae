from unittest.mock import patch

from odoo.addons.event_sourcing.models import event_store_display
from odoo.addons.test_event_sourcing.common import EventCase


class TestSearchEvents(EventCase):
    """Searching events by aggregate finds what a look at every event would find."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for aggregate_id, amount in (("ABC-1", 1), ("ABC-2", -5), ("abd_3", 1), ("ABC-1", 2)):
            cls.store.append("counter", aggregate_id, "Added", {"amount": amount})

    def same(self, operator, value):
        found = self.store.search([("aggregate_search", operator, value)])
        self.assertEqual(found, self.store.search([("aggregate_id", operator, value)]))
        return len(found)

    def test_the_same_as_among_all_events(self):
        for operator, value, count in (
            ("ilike", "abc", 4),  # one of them is a failure event
            ("=", "ABC-1", 2),
            ("ilike", "nothing like it", 0),
            ("=like", "ABC-_", 4),
            ("in", ["ABC-2", "abd_3"], 3),
        ):
            self.assertEqual(self.same(operator, value), count, (operator, value))
        self.same("!=", "ABC-1")
        self.same("not ilike", "abc")

    def test_also_where_very_many_match(self):
        with patch.object(event_store_display, "MANY", 1):
            self.assertEqual(self.same("ilike", "ab"), 5)

    def test_together_with_other_conditions(self):
        found = self.store.search(
            [("aggregate_search", "ilike", "abc"), ("outcome", "=", "applied")]
        )
        self.assertEqual(len(found), 2)
