"""What people test their projections with."""

from unittest.mock import patch

from odoo.addons.event_sourcing_feed.testing import lint_projection, rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase

TOTAL = "counter.total.projection"


class TestProjected(EventCase):
    def test_rows_of_what_was_given(self):
        self.env["counter.total"].create({"company_id": self.env.company.id, "aggregate_id": "old"})
        story = scenario(self.env, "counter").given(("Added", {"amount": 2}))
        story.when(("Added", {"amount": -5})).then(rejected("below zero"))
        story.when(("Added", {"amount": 3})).then({"total": 5})
        story.projected({"counter.total": [{"aggregate_id": "example", "total": 5}]})
        story.projected({"counter.total": [{"company_id": self.env.company.id}]})
        # What was there before is there again, and nothing else.
        names = self.env["counter.total"].search([]).mapped("aggregate_id")
        self.assertIn("old", names)
        self.assertNotIn("example", names)

    def test_what_differs_is_said(self):
        story = scenario(self.env, "counter").given(("Added", {"amount": 2}))
        with self.assertRaisesRegex(AssertionError, r"\{'total': 2\}, \{'total': 3\}"):
            story.projected({"counter.total": [{"total": 3}]})
        with self.assertRaisesRegex(AssertionError, "more rows than 0"):
            story.projected({"counter.total": []})
        with self.assertRaisesRegex(AssertionError, r"None, \{'total': 2\}"):
            story.projected({"counter.total": [{"total": 2}, {"total": 2}]})
        with self.assertRaisesRegex(AssertionError, "no projection of counter writes res.partner"):
            story.projected({"res.partner": []})

    def test_nothing_happened(self):
        scenario(self.env, "counter").given().projected({"counter.total": []})


class TestLint(EventCase):
    histories = (
        [("counter", "Added", {"amount": 1}), ("counter", "Added", {"amount": 2})],
        [("counter", "Added", {"amount": 1}), ("counter", "Closed", {})],
    )

    def lint(self, **declared):
        with patch.multiple(type(self.env[TOTAL]), **declared):
            return lint_projection(self.env, TOTAL, self.histories)

    def test_a_good_one(self):
        self.assertEqual(lint_projection(self.env, TOTAL, self.histories), [])

    def test_unknown_types(self):
        (problem,) = self.lint(_subscribes={"counter": ("Aded",)})
        self.assertIn("counter has no event type Aded; did you mean Added?", problem)

    def test_no_read_models(self):
        (problem,) = self.lint(_read_models=())
        self.assertIn("_read_models", problem)

    def test_failure_types(self):
        failures = {"counter": ("InvalidOperationAttempted",)}
        self.assertEqual(self.lint(_subscribes=failures), [])
        (problem,) = self.lint(_subscribes=failures, _inline=True)
        self.assertIn("recorded apart", problem)

    def test_one_that_depends_on_pages(self):
        def project(model, events):
            model.env["counter.total"].create(
                {
                    "company_id": model.env.company.id,
                    "aggregate_id": str(events[0].version),
                    "total": len(events),
                }
            )

        problems = self.lint(_project=project)
        self.assertEqual(len(problems), 1)
        self.assertIn("history 1: the same events give other rows", problems[0])
        self.assertIn("one by one", problems[0])

    def test_one_that_gives_something_else_each_time(self):
        calls = []

        def project(model, events):
            calls.append(events)
            vals = {"company_id": model.env.company.id, "aggregate_id": str(len(calls))}
            model.env["counter.total"].create(vals)

        problems = self.lint(_project=project)
        self.assertIn("twice from empty", problems[0])

    def test_one_that_raises(self):
        def project(model, events):
            raise KeyError("what")

        problems = self.lint(_project=project)
        self.assertEqual(problems[0], "history 1: it raises KeyError: 'what'")
