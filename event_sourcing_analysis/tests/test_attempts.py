from datetime import datetime

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


class TestAttempts(EventCase):
    """What the analysis of misoperations counts."""

    def attempts(self, *domain, **context):
        return (
            self.env["event.attempt"]
            .with_context(**context)
            .search([("model_name", "=", "counter"), *domain], order="id")
        )

    def rules(self):
        """Return the rules broken so far, oldest first."""
        return self.failures().mapped("broken_rule")

    def test_an_attempt_is_one_row_whatever_became_of_it(self):
        self.add(amount=2)
        self.add(amount=-5)
        with QUIET:
            self.store.append("counter", "C1", "Broken")
        self.store.append("unknown.kind", "X", "Happened")
        rows = self.attempts()
        self.assertEqual(rows.mapped("outcome"), ["applied", "rejected", "failed"])
        self.assertEqual(rows.mapped("misoperation_rate"), [0.0, 100.0, 0.0])
        self.assertEqual(rows.mapped("system_error_rate"), [0.0, 0.0, 100.0])
        self.assertEqual(rows.mapped("refused_count"), [0, 1, 0])
        self.assertEqual(rows.mapped("event_id.version"), [1, 2, 3])
        logged = self.env["event.attempt"].search([("model_name", "=", "unknown.kind")])
        self.assertEqual((logged.outcome, logged.misoperation_rate), ("logged", 0.0))

    def test_a_rate_is_the_average_over_attempts_not_over_groups(self):
        self.add("A", amount=1)
        self.add("A", amount=1)
        self.add("A", amount=1)
        self.add("B", amount=-1)
        rows = self.env["event.attempt"]._read_group(
            [("model_name", "=", "counter")], [], ["misoperation_rate:avg", "__count"]
        )
        self.assertEqual(rows, [(25.0, 4)])

    def test_an_attempt_that_was_only_recorded_counts(self):
        self.add(amount=-1)
        failure = self.failures()
        # As reject_and_record leaves it, on a cursor of its own.
        self.env.cr.execute(
            "UPDATE event_store SET failed_event_id = NULL, causation_id = 'gone' WHERE id = %s",
            [failure.id],
        )
        self.env.invalidate_all()
        rows = self.attempts(("event_id", "=", failure.id))
        self.assertEqual((rows.event_type, rows.outcome), ("Added", "rejected"))
        self.assertEqual(rows.reason, "The total must not fall below zero.")
        self.assertEqual(rows.misoperation_rate, 100.0)

    def test_an_attempt_that_was_recorded_and_then_stored_was_made_twice(self):
        self.add(amount=-1)
        failure = self.failures()
        self.env.cr.execute(
            "UPDATE event_store SET failed_event_id = NULL WHERE id = %s", [failure.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.attempts().mapped("outcome"), ["rejected", "rejected"])

    def test_one_rule_is_one_whatever_its_sentence_says(self):
        self.store.append("parcel", "P1", "Weighed", {"grams": -1})
        self.add(amount=-1)
        self.add("C2", amount=-7)
        self.assertEqual(len({*self.rules(), *self.failures("C2").mapped("broken_rule")}), 1)
        self.assertTrue(self.failures().broken_rule.startswith("Added/"))
        self.assertEqual(self.attempts().mapped("broken_rule")[0], self.failures().broken_rule)

    def test_rules_of_the_table_and_the_payload_have_names(self):
        self.add(amount=1)
        self.store.append("counter", "C1", "Reopened")
        self.store.append("counter", "C1", "Added", {})
        self.store.append("counter", "C1", "Added", {"amount": "x"})
        self.store.append("counter", "C1", "Nonsense")
        self.assertEqual(
            self.rules(),
            [
                "Reopened/status:open",
                "Added/payload:amount:missing",
                "Added/payload:amount:type",
                "Nonsense/unknown_event",
            ],
        )

    def test_a_rule_reads_in_the_language_of_whoever_looks(self):
        self.add(amount=1)
        self.store.with_context(lang="ja_JP").append("counter", "C1", "Reopened")
        self.store.with_context(lang="en_US").append("counter", "C1", "Reopened")
        domain = [("outcome", "=", "rejected")]
        english = self.attempts(*domain, lang="en_US").mapped("reason")
        self.assertEqual(set(english), {"“Reopened” is not possible while the status is “Open”."})
        self.env.invalidate_all()
        japanese = set(self.attempts(*domain, lang="ja_JP").mapped("reason"))
        self.assertEqual(len(japanese), 1)
        self.assertNotEqual(japanese, set(english))

    def test_a_technical_fault_breaks_no_rule(self):
        with QUIET:
            self.store.append("counter", "C1", "Broken")
        self.assertFalse(self.failures().broken_rule)
        self.assertEqual(self.attempts().reason, "KeyError: 'missing'")

    def test_reasons_from_before_rules_had_names_stay(self):
        self.add(amount=-1)
        self.env.cr.execute(
            "UPDATE event_store SET broken_rule = NULL WHERE model_name = 'counter'"
        )
        self.env.invalidate_all()
        self.assertEqual(self.attempts().reason, "The total must not fall below zero.")

    def test_nobody_can_name_the_broken_rule(self):
        for method in ("create", "append_batch"):
            vals = {
                "model_name": "counter",
                "aggregate_id": "C1",
                "event_type": "Added",
                "payload": {"amount": 1},
                "broken_rule": "mine",
            }
            with self.assertRaisesRegex(Exception, "broken_rule"):
                getattr(self.store, method)([vals])

    def test_outcomes_are_words_in_each_language_and_in_exports(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.add(amount=-1)
        attempts = self.env["event.attempt"]
        for lang, words in (("en_US", "Rejected"), ("ja_JP", "拒否")):
            speaking = attempts.with_context(lang=lang)
            described = dict(speaking.fields_get(["outcome"])["outcome"]["selection"])
            self.assertEqual(described["rejected"], words)
            rows = speaking.search([("aggregate_id", "=", "C1")]).export_data(["outcome"])["datas"]
            self.assertEqual(rows, [[words]])

    def test_own_companies_alone(self):
        self.add(amount=1)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        user = make_user(self.env, "attempt-reader", "user", company=other)
        rows = self.env["event.attempt"].with_user(user).search([("model_name", "=", "counter")])
        self.assertFalse(rows)
        nobody = make_user(self.env, "attempt-nobody")
        with self.assertRaises(AccessError):
            self.env["event.attempt"].with_user(nobody).search([], limit=1)

    def test_group_by_week_user_and_rule(self):
        for day in (3, 4, 12):
            self.add(amount=-1, timestamp=datetime(2026, 3, day))
        rows = self.env["event.attempt"]._read_group(
            [("model_name", "=", "counter"), ("outcome", "=", "rejected")],
            ["date:week", "user_id", "reason"],
            ["__count", "misoperation_rate:avg"],
        )
        self.assertEqual([row[3] for row in rows], [2, 1])
