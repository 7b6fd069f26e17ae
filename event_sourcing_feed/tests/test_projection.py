"""Inline projections: what appends give them, what they refuse. Commits: tests/concurrency."""

from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.test_event_sourcing.common import EventCase


class ProjectionCase(EventCase):
    def setUp(self):
        super().setUp()
        self.projection = self.env["till.balance.projection"]
        self.modes = self.env["event.projection.mode"]

    def be_live(self, live=True):
        self.modes.search([("projection", "=", "till.balance.projection")]).live = live
        self.env.flush_all()

    def pay(self, *amounts, till="T1"):
        calls = [
            {
                "model_name": "till",
                "aggregate_id": till,
                "event_type": "Paid",
                "payload": {"amount": amount},
            }
            for amount in amounts
        ]
        return self.store.append_batch(calls)

    def balance(self, till="T1"):
        row = self.env["till.balance"].search([("till", "=", till)])
        return row.amount, row.versions


class TestInline(ProjectionCase):
    def test_a_live_one_is_written_with_the_append_in_pages(self):
        self.be_live()
        given = []
        project = type(self.projection)._project

        def noted(model, events):
            given.append(len(events))
            project(model, events)

        with patch.multiple(type(self.projection), _page_size=5, _project=noted):
            self.pay(*range(1, 13))
        self.assertEqual(given, [5, 5, 2])
        self.assertEqual(self.balance(), (78, ",".join(map(str, range(1, 13)))))

    def test_one_that_follows_is_not(self):
        self.be_live(False)
        self.pay(5)
        self.assertEqual(self.balance(), (0, False))

    def test_whoever_appends(self):
        from odoo.addons.test_event_sourcing.common import make_user

        self.be_live()
        user = make_user(self.env, "cashier", "integration")
        self.store.with_user(user).append("till", "T1", "Paid", {"amount": 4})
        self.assertEqual(self.balance(), (4, "1"))

    def test_what_is_imported_reaches_it(self):
        self.be_live()
        vals = {"model_name": "till", "aggregate_id": "T1", "event_type": "Paid"}
        self.store._append_all([{**vals, "payload": {"amount": 3}}], origin="imported")
        self.assertEqual(self.balance(), (3, "1"))

    def test_what_it_raises_fails_the_append(self):
        self.be_live()
        for amount, sentence in ((-1, "no less than nothing"), (13, "could not take.*KeyError")):
            with self.subTest(amount=amount), self.assertRaisesRegex(UserError, sentence):
                self.pay(1, amount)
        self.assertEqual(self.stream("T1", "till"), [])
        self.assertEqual(self.balance(), (0, False))

    def test_appends_of_other_types_ask_nothing(self):
        self.store._followers({"counter"})
        with self.assertQueryCount(0):
            self.assertEqual(self.store._followers({"counter"}), [])
            self.assertEqual(len(self.store._followers({"counter", "till"})), 1)

    def test_a_live_one_is_not_polled_and_has_no_lag(self):
        sub = self.env["event.subscription"].search([("consumer", "=", self.projection._name)])
        self.be_live()
        self.assertEqual((sub.mode, sub.is_inline, sub.lag_count), ("inline", True, 0))
        self.assertFalse(sub._lock())
        answers = self.pay(1)
        self.assertTrue(sub._has_taken(sub.consumer, [answers[0]["id"]]))

    def test_nothing_waits_for_a_live_one(self):
        """Its position stands still: monitoring must not take that for a lag."""
        sub = self.env["event.subscription"].search([("consumer", "=", self.projection._name)])
        sub._move(self.store._feed_now())
        self.be_live()
        self.pay(1)
        sub.invalidate_recordset()
        self.assertEqual(sub._waiting(), (0, 0.0))
        self.assertIsNone(sub._slowest_stream())


class TestDeclaration(ProjectionCase):
    def problems(self, **declared):
        with patch.multiple(type(self.projection), **declared):
            return self.projection._declaration_problems()

    def test_nothing_is_wrong(self):
        self.assertEqual(self.projection._declaration_problems(), [])

    def test_failure_events_may_be_recorded_apart(self):
        failures = {"till": ("Paid", "InvalidOperationAttempted")}
        (problem,) = self.problems(_subscribes=failures)
        self.assertIn("is inline and subscribes to InvalidOperationAttempted", problem)
        self.assertEqual(self.problems(_subscribes=failures, _inline=False), [])

    def test_what_is_not_there(self):
        (problem,) = self.problems(_read_models=("till.none",))
        self.assertIn("till.none, which has no table here", problem)
        (problem,) = self.problems(_read_model_keys={"till.balance": ("none",)})
        self.assertIn("takes none for a key of till.balance", problem)

    def test_one_that_is_declared_wrongly_takes_nothing(self):
        with patch.multiple(type(self.projection), _read_models=("till.none",)):
            self.env.registry.clear_cache()
            self.assertEqual(self.store._followers({"till"}), [])
            with self.assertRaisesRegex(UserError, "till.none"):
                self.projection._consume(None, [])
        self.env.registry.clear_cache()
