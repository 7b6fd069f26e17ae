import json
import threading

from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import EventCase


class TestStateAt(EventCase):
    def setUp(self):
        super().setUp()
        for day, amount in ((1, 5), (2, -50), (3, 7)):
            self.add(amount=amount, timestamp=f"2026-03-0{day} 12:00:00")
        self.store.append("counter", "C1", "Closed", timestamp="2026-03-04 12:00:00")

    def total(self, **at):
        found = self.store.state_at("counter", "C1", **at)
        self.assertEqual(canonical(json.loads(found["state_json"])), found["state_json"])
        return found["version"], found["status"], json.loads(found["state_json"]).get("total")

    def test_now(self):
        self.assertEqual(self.total(), (4, "closed", 12))

    def test_at_a_version(self):
        self.assertEqual(self.total(version=1), (1, "open", 5))
        self.assertEqual(self.total(version=2), (2, "open", 5))
        self.assertEqual(self.total(version=3), (3, "open", 12))
        self.assertEqual(self.total(version=0), (0, "open", None))

    def test_at_a_moment(self):
        self.assertEqual(self.total(timestamp="2026-03-01 11:59:59"), (0, "open", None))
        self.assertEqual(self.total(timestamp="2026-03-01 12:00:00"), (1, "open", 5))
        self.assertEqual(self.total(timestamp="2026-03-03T21:00:00+09:00"), (3, "open", 12))
        self.assertEqual(self.total(timestamp="2030-01-01 00:00:00"), (4, "closed", 12))

    def test_an_event_recorded_late_counts_from_when_it_happened(self):
        self.store.append("counter", "C1", "Reopened", timestamp="2026-03-05 12:00:00")
        self.add(amount=100, timestamp="2026-03-02 18:00:00")
        self.assertEqual(self.total(timestamp="2026-03-02 23:00:00"), (6, "open", 105))
        self.assertEqual(self.total(timestamp="2026-03-02 13:00:00"), (2, "open", 5))

    def test_a_moment_before_what_an_event_builds_on(self):
        self.store.append("ticket", "T1", "Opened", {"title": "x"}, timestamp="2026-03-05 12:00:00")
        self.store.append("ticket", "T1", "Solved", timestamp="2026-03-01 12:00:00")
        with self.assertRaisesRegex(UserError, "cannot be said: version 2 of ticket/T1"):
            self.store.state_at("ticket", "T1", timestamp="2026-03-02 12:00:00")
        self.assertEqual(self.store.state_at("ticket", "T1", version=2)["status"], "done")

    def test_a_version_that_does_not_exist(self):
        with self.assertRaisesRegex(UserError, "C1 has no version 5; its last one is 4"):
            self.store.state_at("counter", "C1", version=5)
        with self.assertRaisesRegex(UserError, "must be a whole number"):
            self.store.state_at("counter", "C1", version=-1)
        with self.assertRaisesRegex(UserError, "not both"):
            self.store.state_at("counter", "C1", version=1, timestamp="2026-03-01 12:00:00")

    def test_an_aggregate_without_events(self):
        found = self.store.state_at("counter", "never")
        self.assertEqual((found["version"], found["state"]), (0, {"status": "open"}))

    def test_no_handler_and_a_handler_of_the_articles_style(self):
        self.store.append("nobody", "N", "E")
        self.store.append("article", "A", "DemoStarted")
        for aggregate, key in (("nobody", "N"), ("article", "A")):
            with self.assertRaisesRegex(UserError, "cannot be replayed"):
                self.store.state_at(aggregate, key)

    def test_the_structured_state_is_offered_only_where_rpc_can_carry_it(self):
        state = self.store.state_at("counter", "C1")["state"]
        self.assertIn(None, state.values())  # Python can carry it
        thread = threading.current_thread()
        thread.url = "http://localhost/xmlrpc/2/object"
        self.addCleanup(lambda: delattr(thread, "url"))
        self.assertIs(self.store.state_at("counter", "C1")["state"], False)
        self.store.append("prefixed", "P", "E", {"n": 2**31 - 1, "t": ["x", {"y": 1.5}]})
        self.assertEqual(
            self.store.state_at("prefixed", "P")["state"], {"n": 2**31 - 1, "t": ["x", {"y": 1.5}]}
        )
        for value in (2**31, -(2**31) - 1, None, [None]):
            self.store.append("prefixed", "P", "E", {"n": value})
            found = self.store.state_at("prefixed", "P")
            self.assertIs(found["state"], False)
            self.assertEqual(json.loads(found["state_json"])["n"], value)

    def test_a_long_stream_is_read_in_pages(self):
        self.patch(type(self.store), "_reader_page", 3)
        self.store.append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": "L",
                    "event_type": "Added",
                    "payload": {"amount": 1},
                }
            ]
            * 10
        )
        state = json.loads(self.store.state_at("counter", "L")["state_json"])
        self.assertEqual(state["total"], 10)


class TestReadStream(EventCase):
    def test_pages(self):
        for amount in (1, -9, 3):
            self.add(amount=amount)
        events = self.store.read_stream("counter", "C1")
        self.assertEqual([e["version"] for e in events], [1, 2, 3])
        self.assertEqual([e["outcome"] for e in events], ["applied", "rejected", "applied"])
        self.assertEqual(events[1]["message"], "The total must not fall below zero.")
        self.assertEqual(events[0]["payload_json"], '{"amount":1}')
        after = self.store.read_stream("counter", "C1", after_version=1, limit=1)
        self.assertEqual([e["version"] for e in after], [2])
        self.assertEqual(self.store.read_stream("counter", "C1", after_version=3), [])
        self.assertEqual(self.store.read_stream("counter", "never"), [])
        self.assertNotIn(None, [value for event in events for value in event.values()])

    def test_archives_are_asked_for_only_where_events_may_be_missing(self):
        for amount in (1, 2):
            self.add(amount=amount)
        asked = []
        self.patch(type(self.store), "_archived_streams", lambda *_args: asked.append(1) or {})
        self.store.read_stream("counter", "C1")
        self.assertEqual(asked, [])  # nothing was ever archived here
        self.patch(type(self.env["event.archive"]), "_is_used", lambda _self: True)
        self.store.read_stream("counter", "C1", limit=2)
        self.assertEqual(asked, [])  # a full page without a hole
        self.store.read_stream("counter", "C1")
        self.assertEqual(asked, [1])

    def test_bad_input(self):
        for options in (
            {"after_version": -1},
            {"limit": 0},
            {"limit": "x"},
            {"after_version": "1"},
        ):
            with self.assertRaisesRegex(UserError, "must be a whole number"):
                self.store.read_stream("counter", "C1", **options)


class TestReplayEqualsLive(EventCase):
    def test_byte_for_byte(self):
        self.store.append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": f"C{number % 3}",
                    "event_type": "Added",
                    "payload": {
                        "amount": (-1) ** number * number,
                        "note": ["東", 1e22, -0.0, (1,)],
                    },
                }
                for number in range(30)
            ]
        )
        for aggregate_id in ("C0", "C1", "C2"):
            self.env.cr.execute(
                "SELECT state FROM counter_snapshot WHERE aggregate_id = %s", [aggregate_id]
            )
            (stored,) = self.env.cr.fetchone()
            replayed = self.store.state_at("counter", aggregate_id)["state_json"]
            self.assertEqual(canonical(stored), replayed)
