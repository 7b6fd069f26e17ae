"""Reactions: what one may do, what becomes of its errors, and who waits behind them."""

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.event_sourcing_feed.commit_guard import MustNotCommit
from odoo.addons.event_sourcing_feed.models import event_reaction
from odoo.addons.event_sourcing_feed.position import NOTHING
from odoo.addons.test_event_sourcing.common import EventCase

CONFLICT = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"


class ReactionCase(EventCase):
    """The toy reaction, given events in the test's own transaction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reaction = cls.env["counter.reaction"]
        cls.sub = cls.env["event.subscription"].search([("consumer", "=", "counter.reaction")])
        cls.tasks = cls.env["event.reaction.task"]
        # What tests with real commits have left.
        cls.env["counter.note"].search([]).unlink()

    def append(self, aggregate_id="C1", **options):
        """Append an event; return it as the feed gives it."""
        answer = self.add(aggregate_id, **options)
        return self.store._feed_events_of([answer["id"]], SQL("true"))[0]

    @contextmanager
    def reacting(self, react):
        """Let the toy do something else."""
        with patch.object(type(self.reaction), "_react", react):
            yield

    def consume(self, *events):
        with self.reaction._limited():
            self.reaction.sudo()._consume(self.sub, list(events))
        self.env.cr.execute("SET LOCAL statement_timeout = 0")  # a page would end here

    def notes(self):
        return self.env["counter.note"].search([], order="id").mapped("aggregate_id")

    def states(self, *events):
        found = self.tasks.search([("event_id", "in", [event.id for event in events])])
        return [found.filtered(lambda t, e=e: t.event_id.id == e.id).state for e in events]

    def task_of(self, event):
        return self.tasks.search([("event_id", "=", event.id)])

    def try_again(self, event):
        """Run the task of an event as a worker does."""
        task = self.task_of(event)
        task.next_try = fields.Datetime.now() - timedelta(hours=1)
        self.env.flush_all()
        with patch.object(type(task), "_note_try", lambda self: 1):
            if task._lock() and task._try():
                line = (task.subscription_id.id, task.company_id.id, task.line)
                task._done()
                self.tasks._move_up({line})


def fails_for(*aggregate_ids, error=None):
    """Return a reaction that writes a note, and fails for some aggregates after it."""

    def react(self, event):
        self.env["counter.note"].create({"event_id": event.id, "aggregate_id": event.aggregate_id})
        if event.aggregate_id in aggregate_ids:
            raise error or ValueError("no")

    return react


class TestErrors(ReactionCase):
    def test_one_that_fails_holds_back_its_own_aggregate_alone(self):
        events = [self.append(name) for name in ("A", "B", "A", "B")]
        with self.reacting(fails_for("A")):
            self.consume(*events)
        self.assertEqual(self.notes(), ["B", "B"])
        self.assertEqual(self.states(*events), ["waiting", False, "behind", False])
        task = self.task_of(events[0])
        self.assertEqual((task.tries, task.error), (1, "ValueError: no"))
        self.assertIn("raise error or", task.error_traceback)
        pause = (task.next_try - self.env.cr.now()).total_seconds()
        self.assertTrue(0 <= pause <= 2, pause)

    def test_a_page_that_takes_long_ends_before_its_last_event(self):
        """Others have their turn, and what was done stays: the rest comes with the next page."""
        events = [self.append(name) for name in ("A", "B", "C")]
        self.patch(event_reaction, "PAGE_SECONDS", 0.2)

        def react(own, event):
            self.env["counter.note"].create({"event_id": event.id, "aggregate_id": "X"})
            time.sleep(0.15)

        with self.reacting(react):
            self.assertEqual(self.reaction.sudo()._consume(self.sub, events), 2)
        self.assertEqual(
            self.env["counter.note"].search([]).mapped("event_id"),
            [event.id for event in events[:2]],
        )

    def test_what_waits_for_a_try_is_not_archived(self):
        bad, good = self.append("A"), self.append("B")
        self.sub._move(self.store._feed_now())
        with self.reacting(fails_for("A")):
            self.consume(bad, good)
        self.sub._move(replace(self.sub._position(), floor=good.id))  # it has seen both
        self.env.flush_all()
        for state, waits in (("waiting", True), ("dead", True), ("skipped", False)):
            self.task_of(bad).state = state
            self.env.flush_all()
            self.assertEqual(self.sub._waits_for(bad.id, bad.id), waits, state)
            self.assertFalse(self.sub._waits_for(good.id, good.id))

    def test_those_of_a_later_page_queue_up_too(self):
        first, second, other = self.append("A"), self.append("A"), self.append("B")
        with self.reacting(fails_for("A")):
            self.consume(first)
        self.consume(second, other)
        self.assertEqual(self.notes(), ["B"])
        self.assertEqual(self.states(first, second, other), ["waiting", "behind", False])

    def test_a_second_try_that_succeeds_lets_those_behind_go_on(self):
        first, second, third = self.append("A"), self.append("A"), self.append("A")
        with self.reacting(fails_for("A")):
            self.consume(first, second, third)
        self.try_again(second)  # it is not its turn
        self.assertEqual(self.notes(), [])
        self.try_again(first)
        self.assertEqual(self.states(first, second, third), [False, "waiting", "behind"])
        self.try_again(second)
        self.try_again(third)
        self.assertEqual(self.notes(), ["A", "A", "A"])
        self.assertFalse(self.tasks.search([("aggregate_id", "=", "A")]))

    def test_an_event_that_comes_once_more_keeps_its_place(self):
        first, second = self.append("A"), self.append("A")
        with self.reacting(fails_for("A")):
            self.consume(first, second)
            self.consume(first, second)
        self.assertEqual(self.states(first, second), ["waiting", "behind"])
        self.assertEqual(self.task_of(first).tries, 1)

    def test_after_the_last_try_it_is_a_dead_letter(self):
        event = self.append("A")
        with self.reacting(fails_for("A")):
            self.consume(event)
            for _number in range(4):
                self.try_again(event)
                self.assertEqual(self.states(event), ["waiting"])
            self.try_again(event)
        task = self.task_of(event)
        self.assertEqual((task.state, task.tries, task.next_try), ("dead", 6, False))

    def test_a_reaction_names_its_own_pauses(self):
        event = self.append("A")
        with self.reacting(fails_for("A")), patch.object(type(self.reaction), "_retries", ()):
            self.consume(event)
        self.assertEqual(self.states(event), ["dead"])

    def test_a_conflict_is_nobodys_fault(self):
        def conflict(self, event):
            self.env.cr.execute(CONFLICT)

        event = self.append("A")
        with self.assertRaises(psycopg2.OperationalError), mute_logger("odoo.sql_db"):
            with self.reacting(conflict):
                self.consume(event)
        self.assertEqual(self.states(event), [False])

    def test_an_error_of_the_database_keeps_the_others(self):
        def divide(self, event):
            if event.aggregate_id == "A":
                self.env.cr.execute("SELECT 1 / 0")
            fails_for()(self, event)

        events = [self.append("A"), self.append("B")]
        with self.reacting(divide), mute_logger("odoo.sql_db"):
            self.consume(*events)
        self.assertEqual(self.states(*events), ["waiting", False])
        self.assertEqual(self.notes(), ["B"])

    def test_a_statement_that_takes_too_long_is_the_reactions_fault(self):
        def slow(self, event):
            self.env.cr.execute("SELECT pg_sleep(5)")

        event = self.append("A")
        with self.reacting(slow), patch.object(type(self.reaction), "_time_limit", 1):
            with mute_logger("odoo.sql_db"):
                self.consume(event)
        self.assertEqual(self.states(event), ["waiting"])

    def test_python_that_takes_too_long_is_interrupted(self):
        def loops(self, event):
            while event.aggregate_id == "A":
                pass
            fails_for()(self, event)

        events = [self.append("A"), self.append("B")]
        with self.reacting(loops), patch.object(type(self.reaction), "_time_limit", 0.05):
            self.consume(*events)
        self.assertEqual(self.states(*events), ["waiting", False])
        self.assertIn("longer than", self.task_of(events[0]).error)

    def test_where_the_process_ends_again_and_again_it_is_a_dead_letter(self):
        event = self.append("A")
        self.assertTrue(self.reaction._could_not_consume(self.sub, event))
        self.assertEqual(self.states(event), ["dead"])
        other = self.append("B")
        with self.reacting(fails_for("B")):
            self.consume(other)
        task = self.task_of(other)
        with patch.object(type(task), "_note_try", lambda self: 3):
            self.assertFalse(task._try())
        self.assertEqual(task.state, "dead")
        self.assertIn("ended again and again", task.error)

    def test_it_runs_in_the_events_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        seen = []

        def react(self, event):
            seen.append((self.env.company.id, self.env.companies.ids, self.env.su))

        with self.reacting(react):
            self.consume(self.append("A", company_id=company.id))
        self.assertEqual(seen, [(company.id, company.ids, True)])


class TestNoCommit(ReactionCase):
    def refused(self, do, swallow=False):
        def react(self, event):
            self.env["counter.note"].create({"event_id": event.id, "aggregate_id": "A"})
            try:
                do(self.env.cr)
            except MustNotCommit:
                if not swallow:
                    raise

        event = self.append(f"A{len(self.tasks.search([]))}")
        with self.reacting(react):
            self.consume(event)
        self.assertEqual(self.notes(), [])
        self.assertIn("must not commit", self.task_of(event).error)

    def test_commit(self):
        self.refused(lambda cr: cr.commit())

    def test_rollback(self):
        self.refused(lambda cr: cr.rollback())

    def test_close(self):
        self.refused(lambda cr: cr.close())

    def test_whoever_swallows_it_gets_it_again(self):
        self.refused(lambda cr: cr.commit(), swallow=True)

    def test_as_a_statement(self):
        for text in ("COMMIT", " rollback", "END;", "Abort", "BEGIN", SQL("COMMIT")):
            with self.subTest(text=text):
                self.refused(lambda cr, text=text: cr.execute(text))

    def test_its_own_savepoints_are_allowed(self):
        def react(self, event):
            with self.env.cr.savepoint():
                fails_for()(self, event)
            with self.assert_undone():
                fails_for()(self, event)

        @contextmanager
        def undone(self):
            try:
                with self.env.cr.savepoint():
                    yield
                    raise UserError("no")
            except UserError:
                pass

        with patch.object(type(self.reaction), "assert_undone", undone, create=True):
            with self.reacting(react):
                self.consume(self.append("A"))
        self.assertEqual(self.notes(), ["A"])

    def test_what_is_called_after_the_commit_stays_where_it_succeeds(self):
        called = []

        def react(self, event):
            self.env.cr.postcommit.add(lambda: called.append(event.aggregate_id))
            if event.aggregate_id == "A":
                raise ValueError

        with self.reacting(react):
            self.consume(self.append("A"), self.append("B"))
        functions = list(self.env.cr.postcommit._funcs)
        for function in functions:
            if function.__name__ == "<lambda>" and "react" in function.__qualname__:
                function()
        self.assertEqual(called, ["B"])

    def test_the_cursor_is_what_it_was_afterwards(self):
        before = dict(vars(self.env.cr))
        self.consume(self.append("A"))
        self.assertEqual(set(vars(self.env.cr)), set(before))


class TestBegin(ReactionCase):
    def begun(self, **attributes):
        """Return the row that the reaction gets when it is new."""
        for name, value in attributes.items():
            self.patch(type(self.reaction), name, value)
        self.sub.unlink()
        self.env["event.subscription"]._sync()
        return self.env["event.subscription"].search([("consumer", "=", "counter.reaction")])

    def taken(self, *events):
        condition = self.reaction._feed_filter()
        found = self.store._feed_events_of([event.id for event in events], condition)
        return [event.aggregate_id for event in found]

    def test_a_new_one_begins_now(self):
        self.assertNotEqual(self.begun().seen, NOTHING)

    def test_unless_it_begins_with_the_first_event(self):
        self.assertEqual(self.begun(_begins_at_first=True).seen, NOTHING)

    def test_or_with_what_was_recorded_since_a_date(self):
        tomorrow = fields.Date.today() + timedelta(days=1)
        for begin, taken in ((date(2020, 1, 1), ["A"]), ("2020-01-01", ["A"]), (tomorrow, [])):
            with self.subTest(begin=begin):
                self.assertEqual(self.begun(_begins_on=begin).seen, NOTHING)
                self.sub = self.env["event.subscription"].search(
                    [("consumer", "=", "counter.reaction")]
                )
                self.assertEqual(self.taken(self.append("A")), taken)

    def test_history_is_passed_over_unless_it_asks_for_it(self):
        vals = {"model_name": "counter", "aggregate_id": "H", "event_type": "Added"}
        vals["payload"] = {"amount": 1}
        records, _known = self.store._append_all([vals], origin="imported")
        (event,) = self.store._feed_events_of(records.ids, SQL("true"))
        self.assertEqual(self.taken(event), [])
        self.patch(type(self.reaction), "_reacts_to_history", True)
        self.assertEqual(self.taken(event), ["H"])
