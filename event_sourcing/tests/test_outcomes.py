import contextlib

from psycopg2 import OperationalError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


class TestOutcomes(EventCase):
    def test_a_broken_rule_is_a_refused_event_and_one_failure(self):
        self.add(amount=2)
        answer = self.add(amount=-5)
        self.assertEqual(
            (answer["outcome"], answer["version"], answer["message"]),
            ("rejected", 2, "The total must not fall below zero."),
        )
        failure = self.failures()
        self.assertEqual(failure.id, answer["failure_id"])
        self.assertEqual(failure.event_type, "InvalidOperationAttempted")
        self.assertEqual((failure.version, failure.outcome), (2, "logged"))
        self.assertEqual(failure.failed_event_id.id, answer["id"])
        self.assertEqual(failure.causation_id, answer["event_uuid"])
        self.assertEqual(failure.payload["failed_event"], "Added")
        self.assertEqual(failure.payload["failed_payload"], {"amount": -5})
        self.assertEqual(failure.payload["error_message"], "The total must not fall below zero.")
        self.assertEqual(failure.error_class, "UserError")
        self.assertEqual((self.snapshot().total, self.snapshot().version), (2, 1))

    @QUIET
    def test_any_other_error_is_a_failed_event_and_one_failure(self):
        self.add(amount=2)
        answer = self.store.append("counter", "C1", "Broken", {"key": "東京"})
        self.assertEqual((answer["outcome"], answer["version"]), ("failed", 2))
        self.assertEqual(answer["message"], "KeyError: '東京'")
        failure = self.failures()
        self.assertEqual(failure.event_type, "SystemErrorOccurred")
        self.assertEqual(failure.error_class, "KeyError")
        self.assertIn("raise KeyError(event.payload", failure.payload["traceback"])
        # The handler had changed its argument before it broke.
        self.assertEqual(self.snapshot().total, 2)
        self.assertEqual(self.add()["outcome"], "applied")
        self.assertEqual(self.snapshot().total, 3)

    @QUIET
    def test_a_database_error_leaves_the_transaction_usable(self):
        answer = self.store.append("counter", "C1", "Sql")
        self.assertEqual(answer["outcome"], "failed")
        self.assertEqual(answer["message"], "DivisionByZero: division by zero")
        self.env.cr.execute("SELECT 1")
        self.assertEqual(self.add()["outcome"], "applied")

    @QUIET
    def test_a_handler_that_gives_no_state_fails(self):
        for event_type, message in {
            "Nothing": "TypeError: counter.snapshot.handler._evolve returned NoneType",
            "Odd": "InvalidJson: odd: JSON holds no set",
        }.items():
            answer = self.store.append("counter", "C1", event_type)
            self.assertEqual(answer["outcome"], "failed")
            self.assertIn(message, answer["message"])
        self.assertFalse(self.snapshot())

    @QUIET
    def test_a_column_that_cannot_hold_the_state_fails_alone(self):
        answers = self.store.append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": f"C{number}",
                    "event_type": "Added",
                    "payload": {"amount": 1, "partner_id": partner},
                }
                for number, partner in enumerate((self.env.user.partner_id.id, 99999999, None))
            ]
        )
        self.assertEqual([a["outcome"] for a in answers], ["applied", "failed", "applied"])
        self.assertIn("ForeignKeyViolation", answers[1]["message"])
        self.assertEqual(self.snapshot("C0").partner_id, self.env.user.partner_id)
        self.assertFalse(self.snapshot("C1"))

    @QUIET
    def test_one_bad_event_spoils_no_neighbour(self):
        types = ["Added", "Broken", "Added", "Sql", "Unheard", "Added"]
        answers = self.store.append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": aggregate_id,
                    "event_type": event_type,
                    "payload": {"amount": 1} if event_type == "Added" else {},
                }
                for event_type in types
                for aggregate_id in ("C1", "C2")
            ]
            + [
                {
                    "model_name": "counter",
                    "aggregate_id": "C3",
                    "event_type": "Added",
                    "payload": {"amount": 7},
                }
            ]
        )
        outcomes = [a["outcome"] for a in answers]
        self.assertEqual(
            outcomes[::2],
            ["applied", "failed", "applied", "failed", "rejected", "applied", "applied"],
        )
        self.assertEqual([self.snapshot(f"C{n}").total for n in (1, 2, 3)], [3, 3, 7])
        self.assertEqual(len(self.failures("C1")), 3)
        self.assertEqual([version for version, _o in self.stream("C1")], [1, 2, 3, 4, 5, 6])

    @QUIET
    def test_a_database_error_spoils_no_other_aggregate_type(self):
        answers = self.store.append_batch(
            [
                {"model_name": "counter", "aggregate_id": "C1", "event_type": "Sql"},
                {"model_name": "prefixed", "aggregate_id": "P1", "event_type": "Any"},
            ]
        )
        self.assertEqual([a["outcome"] for a in answers], ["failed", "applied"])

    def test_an_error_message_that_cannot_be_stored_is_cleaned(self):
        self.patch(
            CounterSnapshotHandler,
            "_evolve",
            lambda handler, state, event: (_ for _ in ()).throw(UserError("a\x00b\ud800" * 3000)),
        )
        answer = self.add()
        self.assertEqual(answer["outcome"], "rejected")
        self.assertTrue(answer["message"].startswith("ab?ab?"))
        self.assertLessEqual(len(answer["message"]), 4000)

    def test_create_uid_is_who_asked_also_under_sudo(self):
        from odoo.addons.test_event_sourcing.common import make_user

        clerk = make_user(self.env, "clerk", "user")
        answer = self.store.with_user(clerk).sudo().append("counter", "C1", "Added", {"amount": -1})
        self.assertEqual(self.store.browse(answer["id"]).create_uid, clerk)
        self.assertEqual(self.failures().create_uid, clerk)


class TestRetriesAreNeverSwallowed(EventCase):
    def raising(self, error):
        def evolve(handler, state, event):
            raise error

        self.patch(CounterSnapshotHandler, "_evolve", evolve)

    def test_which_errors_are_retried(self):
        def with_code(code):
            return type("Coded", (OperationalError,), {"pgcode": code})("conflict")

        # The last one: the database's own limit of time says nothing about the event.
        for code in ("40001", "40P01", "55P03", None, "57014"):
            self.assertTrue(is_infrastructure_error(with_code(code)), code)
        self.assertFalse(is_infrastructure_error(with_code("22012")))
        self.assertFalse(is_infrastructure_error(ValueError("x")))
        self.assertFalse(is_infrastructure_error(UserError("x")))
        wrapped = ValueError("wrapped")
        wrapped.__cause__ = with_code("40001")
        self.assertTrue(is_infrastructure_error(wrapped))

    def test_a_serialization_failure_in_a_handler_is_raised(self):
        conflict = type("Coded", (OperationalError,), {"pgcode": "40001"})("conflict")
        self.raising(conflict)
        try:
            with self.env.cr.savepoint():
                self.add()
        except OperationalError as error:
            self.assertIs(error, conflict)
        else:
            self.fail("a serialization failure was turned into something else")
        self.assertFalse(self.store.search([("aggregate_id", "=", "C1")]))

    def test_so_it_is_in_a_handler_of_the_articles_style(self):
        from odoo.addons.test_event_sourcing.models.article_handlers import ArticleSnapshotHandler

        conflict = type("Coded", (OperationalError,), {"pgcode": "40P01"})("conflict")

        def apply_event(handler, event):
            try:
                raise conflict
            except OperationalError as error:
                raise ValueError("wrapped by the handler") from error

        self.patch(ArticleSnapshotHandler, "apply_event", apply_event)
        with self.assertRaises(ValueError):
            self.store.append("article", "A1", "DemoStarted")
        self.assertFalse(self.store.search([("aggregate_id", "=", "A1")]))


class TestPolicies(EventCase):
    """What raises, and what is stored; that an attempt survives is in tests/concurrency."""

    def test_reject_by_call(self):
        self.add(amount=1)
        try:
            self.add(amount=-5, policy="reject")
        except UserError as error:
            self.assertEqual(str(error), "The total must not fall below zero.")
        else:
            self.fail("the policy reject did not raise")
        self.assertEqual(self.stream(), [(1, "applied")])
        self.assertFalse(self.failures())
        self.assertEqual(self.add()["version"], 2)

    def test_reject_by_handler(self):
        with self.assertRaisesRegex(UserError, "Strictly no"):
            self.store.append("strict", "S1", "Any", {"bad": 1})
        self.assertFalse(self.stream("S1", "strict"))
        answer = self.store.append("strict", "S1", "Any", {"bad": 1}, policy="record")
        self.assertEqual((answer["version"], answer["outcome"]), (1, "rejected"))

    def test_reject_by_setting(self):
        self.env["ir.config_parameter"].set_param("event_sourcing.invalid_policy", "reject")
        with self.assertRaisesRegex(UserError, "below zero"):
            self.add(amount=-5)
        self.assertEqual(self.add(amount=-5, policy="record")["outcome"], "rejected")

    def test_an_unknown_setting_records(self):
        self.env["ir.config_parameter"].set_param("event_sourcing.invalid_policy", "nonsense")
        self.assertEqual(self.add(amount=-5)["outcome"], "rejected")

    @QUIET
    def test_a_technical_fault_is_told_without_a_traceback(self):
        for setting in (False, True):
            options = {"policy": "reject"}
            if setting:
                self.env["ir.config_parameter"].set_param("event_sourcing.error_policy", "reject")
                options = {}
            with self.assertRaisesRegex(UserError, r"technical error \(KeyError\)") as caught:
                self.store.append("counter", "C1", "Broken", **options)
            self.assertNotIn("Traceback", str(caught.exception))
        self.assertFalse(self.stream())

    def test_a_refusal_in_a_batch_stores_nothing_of_it(self):
        call = {
            "model_name": "counter",
            "aggregate_id": "C1",
            "event_type": "Added",
            "payload": {"amount": 1},
        }
        with contextlib.suppress(UserError):
            self.store.append_batch([call, {**call, "payload": {"amount": -9}, "policy": "reject"}])
        self.assertFalse(self.stream())
        self.assertFalse(self.snapshot())

    def test_policies_of_one_batch_may_differ(self):
        call = {"model_name": "counter", "aggregate_id": "C1", "event_type": "Added"}
        answers = self.store.append_batch(
            [
                {**call, "payload": {"amount": -1}},
                {**call, "payload": {"amount": 1}, "policy": "reject"},
            ]
        )
        self.assertEqual([a["outcome"] for a in answers], ["rejected", "applied"])


class TestArticleStyle(EventCase):
    """The article's own handlers: plain models with apply_event, a record in."""

    def append(self, event_type, payload=None):
        return self.store.append("article", "A1", event_type, payload)

    def row(self):
        return self.env["article.snapshot"].search([("aggregate_id", "=", "A1")])

    def test_its_snapshot_follows(self):
        self.assertEqual(self.append("DemoStarted")["outcome"], "applied")
        self.assertEqual(self.append("DemoCancelled")["outcome"], "applied")
        answer = self.append("DemoCancelled")
        self.assertEqual(answer["outcome"], "rejected")
        self.assertEqual(answer["message"], "Not in a demo, so it cannot be cancelled.")
        self.assertEqual((self.row().status, self.row().count), ("cancelled", 2))
        self.assertEqual(self.failures("A1", "article").event_type, "InvalidOperationAttempted")

    @QUIET
    def test_half_a_write_is_undone(self):
        self.append("DemoStarted")
        answer = self.append("HalfWritten", {"why": "on purpose"})
        self.assertEqual(
            (answer["outcome"], answer["message"]), ("failed", "ValueError: on purpose")
        )
        self.assertEqual((self.row().status, self.row().count), ("demo", 1))

    @QUIET
    def test_broken_sql_is_undone(self):
        self.append("DemoStarted")
        self.assertIn("UndefinedTable", self.append("BrokenSql")["message"])
        self.assertEqual(self.append("DemoCancelled")["outcome"], "applied")

    def test_in_a_batch_every_event_counts(self):
        call = {"model_name": "article", "aggregate_id": "A1"}
        answers = self.store.append_batch(
            [
                {**call, "event_type": event_type}
                for event_type in ("DemoStarted", "DemoCancelled", "DemoCancelled")
            ]
        )
        self.assertEqual([a["outcome"] for a in answers], ["applied", "applied", "rejected"])
        self.assertEqual(self.row().count, 2)
