"""Refused events of a batch: decided in memory, stored once, with their failure events."""

from unittest.mock import patch

from psycopg2 import DatabaseError

from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models import event_store_insert
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler

FAILURE = "odoo.addons.event_sourcing.models.event_store_failure"


class TestRefusedBatches(EventCase):
    def calls(self, *amounts, key="C1", **more):
        return [
            {
                "model_name": "counter",
                "aggregate_id": key,
                "event_type": "Added",
                "payload": {"amount": amount},
                **more,
            }
            for amount in amounts
        ]

    def statements(self, calls):
        """Return the statements that a batch sends, as texts."""
        self.env.flush_all()
        self.env.invalidate_all()
        sent, execute = [], type(self.env.cr).execute

        def noted(cursor, query, params=None, **options):
            sent.append(str(getattr(query, "code", query)))
            return execute(cursor, query, params, **options)

        with patch.object(type(self.env.cr), "execute", noted):
            self.store.with_context(lang="en_US").append_batch(calls)
            self.env.flush_all()
        # Who appends is read once a transaction, by whatever asks first.
        return [text for text in sent if not text.startswith('SELECT "res_users"')]

    def append_noting_single(self, calls):
        """Append a batch; return the answers, and whose events were applied one by one."""
        applied, apply = [], type(self.store)._apply_single
        with patch.object(
            type(self.store),
            "_apply_single",
            lambda event, handler: applied.append(event.aggregate_id) or apply(event, handler),
        ):
            return self.store.append_batch(calls), applied

    @mute_logger(FAILURE)
    def test_the_number_of_refusals_changes_nothing(self):
        self.store.append_batch(self.calls(1, -9, key="warm"))
        self.store.append_batch(self.calls(1, key="warm") + self.calls({}, key="warm"))
        few = self.statements(self.calls(5, -9, key="few"))
        many = self.statements(
            [call for n in range(100) for call in self.calls(5, -99, 1, -99, key=f"many{n}")]
        )
        # The failure events are counted in the answer, by one search.
        self.assertEqual(len(many), len(few), "\n".join(many))
        for sent in (few, many):
            text = "\n".join(sent)
            self.assertNotIn("UPDATE event_store ", text)
            self.assertNotIn("ROLLBACK TO", text)
            self.assertLessEqual(len(sent), 3, text)

    def test_all_the_first_the_last_and_every_second_one(self):
        for number, amounts in enumerate(
            ([-1, -1, -1], [-1, 5, 3], [5, 3, -99], [5, -99, 5, -99, 5], [0, -1, -1, 0])
        ):
            one_by_one, batch = f"single{number}", f"batch{number}"
            for amount in amounts:
                self.add(one_by_one, amount)
            self.store.append_batch(self.calls(*amounts, key=batch))
            self.assertEqual(self.stream(batch), self.stream(one_by_one))
            for name in ("version", "event_type", "error_message", "broken_rule", "outcome"):
                self.assertEqual(
                    self.failures(batch).mapped(name), self.failures(one_by_one).mapped(name)
                )
            for failure in self.failures(batch):
                failed = failure.failed_event_id
                self.assertEqual((failed.aggregate_id, failed.outcome), (batch, "rejected"))
                self.assertGreater(failure.id, failed.id)
            states = [self.snapshot(key).state for key in (one_by_one, batch)]
            self.assertEqual(*states)

    @mute_logger(FAILURE)
    def test_half_a_change_of_a_careless_handler_is_forgotten(self):
        calls = self.calls(5) + self.calls(0, event_type="Broken") + self.calls(2)
        answers = self.store.append_batch(calls)
        self.assertEqual([a["outcome"] for a in answers], ["applied", "failed", "applied"])
        self.assertEqual(self.snapshot().state["total"], 7)

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_a_database_error_concerns_its_stream_alone(self):
        calls = self.calls(5, -9, key="calm") + self.calls(0, key="sql", event_type="Sql")
        calls += self.calls(3, key="sql") + self.calls(1, key="calm")
        answers, applied = self.append_noting_single(calls)
        self.assertEqual(applied, ["sql", "sql"])
        outcomes = ["applied", "rejected", "failed", "applied", "applied"]
        self.assertEqual([a["outcome"] for a in answers], outcomes)
        self.assertEqual(self.snapshot("calm").state["total"], 6)
        self.assertEqual(self.snapshot("sql").state["total"], 3)

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_a_snapshot_that_cannot_be_written_concerns_its_stream_alone(self):
        gone = {"payload": {"amount": 1, "partner_id": 2**31 - 1}}
        calls = self.calls(5, key="calm") + self.calls(1, key="gone")
        calls += [{**self.calls(1, key="gone")[0], **gone}]
        answers, applied = self.append_noting_single(calls)
        self.assertEqual(applied, ["gone", "gone"])
        self.assertEqual([a["outcome"] for a in answers], ["applied", "applied", "failed"])
        self.assertEqual(self.snapshot("gone").version, 1)

    def test_a_policy_for_the_whole_batch(self):
        with self.assertRaisesRegex(UserError, "must not fall below zero"):
            self.store.append_batch(self.calls(1, -9), policy="reject")
        self.assertEqual(self.stream(), [])
        calls = self.calls(1) + self.calls(-9, policy="record")
        answers = self.store.append_batch(calls, policy="reject")
        self.assertEqual([a["outcome"] for a in answers], ["applied", "rejected"])
        with self.assertRaisesRegex(UserError, "The policy 'perhaps' is unknown"):
            self.store.append_batch(self.calls(1), policy="perhaps")

    def test_the_first_event_of_the_batch_whose_policy_says_so_is_told(self):
        calls = self.calls(-1, key="Z") + self.calls(-2, key="Y", policy="reject")
        calls += self.calls(-3, key="X", policy="reject")
        with self.assertRaisesRegex(UserError, "^Y, "):
            self.store.append_batch(calls)
        self.assertEqual([self.stream(key) for key in "XYZ"], [[], [], []])

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_constraints_see_what_became_of_the_events(self):
        seen = []
        kind = type(self.store)

        def look(events):
            events = events.filtered(lambda event: not event.failed_event_id)
            seen.extend((event.version, event.outcome) for event in events)

        look._constrains = ("outcome",)
        with patch.object(kind, "_constraint_methods", [look]):
            self.store.append_batch(
                self.calls(5, -9) + self.calls(0, event_type="Broken") + self.calls(1)
            )
            expected = [(1, "applied"), (2, "rejected"), (3, "failed"), (4, "applied")]
            self.assertEqual(seen, expected)
            del seen[:]
            self.store.append_batch(self.calls(0, key="sql", event_type="Sql"))
            self.assertIn((1, "failed"), seen)

    def test_other_languages_are_asked_with_the_state_at_hand(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        asked, evolve = [], CounterSnapshotHandler._evolve

        def noted(handler, state, event):
            asked.append((handler.env.lang, event.version, state.get("total", 0)))
            return evolve(handler, state, event)

        with patch.object(CounterSnapshotHandler, "_evolve", noted):
            self.store.with_context(lang="en_US").append_batch(self.calls(5, -9, 2, -9))
        others = [what[1:] for what in asked if what[0] == "ja_JP"]
        self.assertEqual(others, [(2, 5), (4, 7)])

    def break_quietly(self, evolve_more):
        """Let the event ``Nothing`` break the transaction, and ``evolve_more`` say what follows."""
        evolve = CounterSnapshotHandler._evolve

        def breaking(handler, state, event):
            if event.event_type != "Nothing":
                return evolve(handler, state, event)
            try:
                handler.env.cr.execute("SELECT 1 / 0")
            except DatabaseError:
                return evolve_more(state)

        self.patch(CounterSnapshotHandler, "_evolve", breaking)

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_a_handler_that_says_something_else_about_what_its_sql_broke(self):
        def refuse(state):
            raise UserError("Try again next year.")

        self.break_quietly(refuse)
        for page in (1000, 2):
            with self.subTest(page), patch.object(event_store_insert, "PAGE", page):
                keys = [f"{name}{page}" for name in ("quiet", "calm")]
                calls = self.calls(0, key=keys[0], event_type="Nothing")
                alone = self.store.append_batch(calls)
                self.assertEqual(alone[0]["message"], "Try again next year.")
                calls += self.calls(1, -9, 2, key=keys[1]) + self.calls(3, key=keys[0])
                answers = self.store.append_batch(calls)
                outcomes = ["rejected", "applied", "rejected", "applied", "applied"]
                self.assertEqual([a["outcome"] for a in answers], outcomes)
                self.assertEqual([self.snapshot(key).total for key in keys], [3, 3])

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_a_handler_that_says_nothing_about_what_its_sql_broke(self):
        self.break_quietly(lambda state: {**state, "total": 99})
        for page in (1000, 2):
            with self.subTest(page), patch.object(event_store_insert, "PAGE", page):
                keys = [f"{name}{page}" for name in ("silent", "calm")]
                calls = self.calls(0, key=keys[0], event_type="Nothing")
                calls += self.calls(1, -9, 2, key=keys[1]) + self.calls(3, key=keys[0])
                answers = self.store.append_batch(calls)
                outcomes = ["failed", "applied", "rejected", "applied", "applied"]
                self.assertEqual([a["outcome"] for a in answers], outcomes)
                self.assertIn("InFailedSqlTransaction", answers[0]["message"])
                self.assertEqual([self.snapshot(key).total for key in keys], [3, 3])

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_sql_that_breaks_in_another_language_alone(self):
        self.env["res.lang"]._activate_lang("ja_JP")

        def evolve(handler, state, event):
            if handler.env.lang == "ja_JP":
                handler.env.cr.execute("SELECT 1 / 0")
            raise UserError("No.")

        self.patch(CounterSnapshotHandler, "_evolve", evolve)
        answers = self.store.with_context(lang="en_US").append_batch(self.calls(1, 2))
        self.assertEqual([a["outcome"] for a in answers], ["rejected", "rejected"])
        self.assertEqual({a["message"] for a in answers}, {"No."})
        self.env.cr.execute("SELECT 1")

    @mute_logger(FAILURE, "odoo.sql_db")
    def test_many_database_errors_begin_anew_few_times(self):
        begun, together = [], type(self.store)._store_together

        def counted(*args):
            begun.append(True)
            return together(*args)

        calls = [
            call
            for n in range(12)
            for call in self.calls(1, key=f"sql{n}")
            + self.calls(0, key=f"sql{n}", event_type="Sql")
        ]
        with (
            patch.object(event_store_insert, "PAGE", 2),
            patch.object(type(self.store), "_store_together", counted),
        ):
            answers = self.store.append_batch(calls)
        self.assertEqual([a["outcome"] for a in answers], ["applied", "failed"] * 12)
        self.assertEqual(len(begun), 3)

    @mute_logger(FAILURE)
    def test_constraints_see_failure_events_too(self):
        seen = []

        def look(events):
            seen.extend((e.event_type, e.version, e.failed_event_id.outcome) for e in events)

        look._constrains = ("outcome",)
        with patch.object(type(self.store), "_constraint_methods", [look]):
            self.store.append_batch(self.calls(5, -9) + self.calls(0, event_type="Broken"))
        self.assertIn(("InvalidOperationAttempted", 2, "rejected"), seen)
        self.assertIn(("SystemErrorOccurred", 3, "failed"), seen)

        def forbid(events):
            if any(event.event_type == "InvalidOperationAttempted" for event in events):
                raise ValidationError("Not here.")

        forbid._constrains = ("event_type",)
        with patch.object(type(self.store), "_constraint_methods", [forbid]):
            with self.assertRaisesRegex(ValidationError, "Not here"):
                self.store.append_batch(self.calls(1, -99))
        self.assertEqual([version for version, _outcome in self.stream()], [1, 2, 3])

    @mute_logger(FAILURE)
    def test_nothing_of_a_fold_outlives_its_batch(self):
        """An error keeps the frames that it passed through, and they keep what was folded."""
        kept, settle = [], type(self.store)._apply_policies

        def noted(store, vals_list, problems, policies):
            kept.extend(problems.values())
            return settle(store, vals_list, problems, policies)

        with patch.object(type(self.store), "_apply_policies", noted):
            self.store.append_batch(self.calls(-1) + self.calls(0, event_type="Broken"))
        self.assertEqual([error.__traceback__ for error in kept], [None, None])


class TestWhoIsNamed(EventCase):
    """The error of a batch names the first event that is refused."""

    def call(self, model_name, aggregate_id, event_type, payload=None):
        return {
            "model_name": model_name,
            "aggregate_id": aggregate_id,
            "event_type": event_type,
            "payload": payload or {},
        }

    @mute_logger(FAILURE)
    def test_among_types_that_are_applied_in_other_ways(self):
        # It would commit on a cursor of its own.
        self.patch(type(self.store), "_record_separately", lambda *_arguments: None)
        single = self.call("article", "W1", "DemoCancelled")
        folded = self.call("counter", "W2", "Added", {"amount": -9})
        fine = self.call("counter", "W3", "Added", {"amount": 1})
        for policy in ("reject", "reject_and_record"):
            for calls, first in (
                ([fine, single, folded], "W1"),
                ([fine, folded, single], "W2"),
                ([single, fine, folded], "W1"),
            ):
                with (
                    self.subTest(policy=policy, first=first),
                    self.assertRaisesRegex(UserError, first),
                    self.env.cr.savepoint(),
                ):
                    self.store.append_batch(calls, policy=policy)
        self.assertEqual(self.stream("W3"), [])

    def test_one_error_that_is_raised_again_and_again(self):
        shared = UserError("Never.")

        def refuse(*_arguments):
            raise shared

        with patch.object(CounterSnapshotHandler, "_evolve", refuse):
            for number in range(3):
                calls = [self.call("counter", f"S{n}", "Added", {"amount": 1}) for n in range(2)]
                with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                    self.store.append_batch(calls, policy="reject")
                self.assertEqual(str(caught.exception).count("S0"), 1, number)
        self.assertEqual(str(shared), "Never.")
        self.assertIsNone(shared.__traceback__)
