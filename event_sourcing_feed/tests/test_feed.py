"""Reading the feed: what is for whom, pages, and what is refused. Commits: tests/concurrency."""

from odoo.exceptions import UserError

from odoo.addons.event_sourcing_feed.position import NOTHING, Position
from odoo.addons.test_event_sourcing.common import EventCase


class TestPosition(EventCase):
    def test_pages(self):
        start = Position(seen=NOTHING, cluster="1")
        page = start.begin("9:9:").advance(5)
        self.assertEqual((page.seen, page.until, page.after), (NOTHING, "9:9:", 5))
        self.assertEqual(page.end(), Position(seen="9:9:", cluster="1"))

    def test_after_a_restore_ids_up_to_the_ceiling_are_done(self):
        page = Position(seen="5:5:", until="9:9:", floor=3, ceiling=7, cluster="2")
        self.assertEqual(page.end(), Position(seen="9:9:", floor=7, cluster="2"))


class TestReadFeed(EventCase):
    def test_own_uncommitted_events_are_not_read(self):
        position = self.store._feed_now()
        self.add()
        events, after = self.store._read_feed_page(position, self.condition(), 10)
        self.assertEqual((events, after), ([], position))

    def condition(self, **types):
        return self.store._feed_condition(types or {"*": ("*",)})

    def test_what_meets_a_condition(self):
        self.add()
        self.store.append("counter", "C1", "Closed")
        self.add()  # refused: it is closed
        ids = self.store.search([("aggregate_id", "=", "C1")]).ids

        def types(**wanted):
            found = self.store._feed_events_of(ids, self.condition(**wanted))
            return [event.event_type for event in found]

        self.assertEqual(types(), ["Added", "Closed"])
        self.assertEqual(types(counter=("Added",)), ["Added"])
        self.assertEqual(types(rental=("*",)), [])
        self.assertEqual(
            types(counter=("Closed", "InvalidOperationAttempted")),
            ["Closed", "InvalidOperationAttempted"],
        )
        self.assertEqual(
            types(counter=("*", "InvalidOperationAttempted")),
            ["Added", "Closed", "InvalidOperationAttempted"],
        )

    def test_history_can_be_left_out(self):
        vals = {"model_name": "counter", "aggregate_id": "C2", "event_type": "Added"}
        vals["payload"] = {"amount": 1}
        events, _known = self.store._append_all([vals], origin="imported")
        self.assertEqual(events.origin, "imported")
        with_it = self.store._feed_condition({"*": ("*",)})
        without = self.store._feed_condition({"*": ("*",)}, history=False)
        self.assertEqual(len(self.store._feed_events_of(events.ids, with_it)), 1)
        self.assertEqual(self.store._feed_events_of(events.ids, without), [])

    def test_a_failure_of_what_was_imported_is_history_too(self):
        vals = {"model_name": "counter", "aggregate_id": "C3", "event_type": "Added"}
        vals["payload"] = {"amount": -1}
        self.store._append_all([vals], ["record"], origin="imported")
        self.assertEqual(set(self.failures("C3").mapped("origin")), {"imported"})

    def test_nobody_says_where_their_event_comes_from(self):
        with self.assertRaisesRegex(UserError, "origin"):
            self.store.create(
                {
                    "model_name": "counter",
                    "aggregate_id": "C1",
                    "event_type": "Added",
                    "payload": {"amount": 1},
                    "origin": "imported",
                }
            )

    def test_a_cursor_is_of_this_database(self):
        cursor = self.store._feed_cursor(self.store._feed_now())
        self.assertEqual(self.store._feed_position(cursor), self.store._feed_now())
        broken = [cursor[:-4] + "AAAA", "x", "é", 5, "bm9uZQ=="]
        for given in broken:
            with self.subTest(given=given), self.assertRaisesRegex(UserError, "not a cursor"):
                self.store.read_feed(given)

    def test_bad_input_is_a_sentence(self):
        for arguments in (
            {"limit": "many"},
            {"wait": "long"},
            {"wait": -1},
            {"wait": True},
            {"model_names": "counter"},
            {"event_types": [5.5]},
        ):
            with self.subTest(arguments=arguments), self.assertRaises(UserError):
                self.store.read_feed(**arguments)
