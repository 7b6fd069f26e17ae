"""What people who write reactions are given to test them with."""

from odoo.addons.event_sourcing_feed.testing import lint_reaction, scenario

from .test_reaction import ReactionCase, fails_for


def closes(self, event):
    """Close the counter, and note that twice."""
    self.env["event.store"].append(
        "counter", "OTHER", "Added", {"amount": event.payload["amount"] + 1}
    )
    self.env["event.store"].append("counter", event.aggregate_id, "Closed")
    for name in ("one", "two"):
        self.env["counter.note"].create({"event_id": event.id, "aggregate_id": name})


class TestReacts(ReactionCase):
    def story(self):
        return scenario(self.env, "counter").given(("Added", {"amount": 4}))

    def reacts(self, expected, react=closes):
        with self.reacting(react):
            self.story().when(("Added", {"amount": 1})).reacts("counter.reaction", expected)

    def test_events_in_order(self):
        self.reacts(["Added", "Closed"])
        self.reacts([("Added", {"amount": 2}), "Closed"])
        self.reacts([{"aggregate_id": "OTHER"}, "Closed"])

    def test_records(self):
        self.reacts({"counter.note": 2, "event.store": 2})
        self.reacts({"counter.note": [{"aggregate_id": "one"}, {"aggregate_id": "two"}]})

    def test_what_is_otherwise_is_told(self):
        for expected in (
            ["Added"],
            ["Added", "Closed", "Closed"],
            ["Closed", "Added"],
            [("Added", {"amount": 3}), "Closed"],
            {"counter.note": 1},
            {"counter.note": [{"aggregate_id": "one"}]},
        ):
            with self.subTest(expected=expected), self.assertRaises(AssertionError):
                self.reacts(expected)

    def test_an_error_is_told(self):
        with self.assertRaisesRegex(AssertionError, "ValueError: no"):
            self.reacts([], fails_for("example"))

    def test_which_event_it_meets_must_be_said(self):
        with self.assertRaisesRegex(AssertionError, "when"):
            self.story().reacts("counter.reaction", [])

    def test_nothing_of_it_stays(self):
        before = self.store.search_count([])
        self.reacts({"counter.note": 2})
        self.assertEqual(self.store.search_count([]), before)
        self.assertEqual(self.notes(), [])


class TestLint(ReactionCase):
    def lint(self, **attributes):
        for name, value in attributes.items():
            self.patch(type(self.reaction), name, value)
        return lint_reaction(self.env, "counter.reaction")

    def test_good_ones(self):
        self.assertEqual(lint_reaction(self.env, "counter.reaction"), [])
        self.assertEqual(lint_reaction(self.env, "trip.process"), [])

    def test_an_event_that_no_handler_knows(self):
        (problem,) = self.lint(_subscribes={"counter": ("Added", "Adde", "*")})
        self.assertEqual(problem, "counter has no event type Adde; did you mean Added?")

    def test_pauses(self):
        for pauses in ((0,), (-1,), ("1",), (10, 1), 5, (10**7,)):
            with self.subTest(pauses=pauses):
                (problem,) = self.lint(_retries=pauses)
                self.assertIn("_retries", problem)

    def test_a_process_without_a_stream_for_its_timeouts(self):
        self.patch(type(self.env["trip.process"]), "_timeout_model_name", None)
        (problem,) = lint_reaction(self.env, "trip.process")
        self.assertIn("_timeout_model_name", problem)

    def test_a_commit_in_its_code(self):
        (problem,) = lint_reaction(self.env, "bad.reaction")
        self.assertIn("calls commit()", problem)
