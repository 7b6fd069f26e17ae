"""What a constraint of the snapshot's table refuses may be a broken rule."""

from psycopg2.errors import UniqueViolation

from odoo.tools import mute_logger

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.test_event_sourcing.common import EventCase

TAKEN = {"en_US": "This total is taken; choose another one.", "ja_JP": "この合計は使われています。"}


def labels(handler):
    return {"total_taken": TAKEN.get(handler.env.lang, TAKEN["en_US"]), "too_much": "Too much."}


FAILURE = "odoo.addons.event_sourcing.models.event_store_failure"


class TestConstraintRules(EventCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(FAILURE, "odoo.sql_db"))
        self.store = self.store.with_context(lang="en_US")
        self.handler = type(self.env["counter.snapshot.handler"])
        self.patch(self.handler, "_rule_labels", labels)
        self.declare(
            counter_sum_uniq="total_taken",
            counter_sum_limit="too_much",
            counter_sum_apart="total_taken",
        )
        self.env.cr.execute(
            "CREATE UNIQUE INDEX counter_sum_uniq ON counter_snapshot (company_id, total)"
        )
        self.add("C1", 5)

    def declare(self, **rules):
        self.patch(self.handler, "_constraint_rules", rules)
        self.registry.clear_cache()
        self.addCleanup(self.registry.clear_cache)

    def add(self, name, amount, **more):
        return self.store.append("counter", name, "Added", {"amount": amount}, **more)

    def assertRefused(self, answer, rule="total_taken", sentence=TAKEN["en_US"]):
        self.assertEqual((answer["outcome"], answer["message"]), ("rejected", sentence))
        event = self.store.browse(answer["id"])
        self.assertEqual(event.broken_rule, f"Added/{rule}")
        self.assertEqual(self.env["snapshot.handler.registry"]._reason(event), sentence)
        return event

    def test_a_unique_index(self):
        event = self.assertRefused(self.add("C2", 5))
        self.assertEqual(event.failure_ids.event_type, "InvalidOperationAttempted")
        self.assertFalse(self.snapshot("C2"))
        self.assertEqual(self.add("C2", 6)["outcome"], "applied")
        self.assertEqual((self.snapshot("C2").version, self.snapshot("C2").total), (2, 6))

    def test_a_check_and_an_exclusion(self):
        self.env.cr.execute("DROP INDEX counter_sum_uniq")
        self.env.cr.execute(
            """ALTER TABLE counter_snapshot
                 ADD CONSTRAINT counter_sum_limit CHECK (total < 100),
                 ADD CONSTRAINT counter_sum_apart EXCLUDE (total WITH =)"""
        )
        self.assertRefused(self.add("C2", 100), "too_much", "Too much.")
        self.assertRefused(self.add("C2", 5))

    def test_its_neighbours_in_a_batch_are_applied(self):
        calls = [
            {
                "model_name": "counter",
                "aggregate_id": name,
                "event_type": "Added",
                "payload": {"amount": amount},
            }
            for name, amount in (("B1", 1), ("B2", 5), ("B3", 3), ("B2", 2), ("B4", 3), ("C1", 4))
        ]
        answers = self.store.append_batch(calls)
        outcomes = [answer["outcome"] for answer in answers]
        self.assertEqual(
            outcomes, ["applied", "rejected", "applied", "applied", "rejected", "applied"]
        )
        totals = {name: self.snapshot(name).total for name in ("B1", "B2", "B3", "C1")}
        self.assertEqual(totals, {"B1": 1, "B2": 2, "B3": 3, "C1": 9})

    def test_the_sentence_in_every_language(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        event = self.assertRefused(self.add("C2", 5))
        self.assertEqual(event.failure_ids.payload["error_messages"], {"ja_JP": TAKEN["ja_JP"]})
        registry = self.env["snapshot.handler.registry"].with_context(lang="ja_JP")
        self.assertEqual(registry._reason(event.with_context(lang="ja_JP")), TAKEN["ja_JP"])

    def test_a_policy_is_that_of_broken_rules(self):
        before = self.store.search_count([("aggregate_id", "=", "C2")])
        with self.assertRaises(RuleViolation) as caught:
            self.add("C2", 5, policy="reject")
        self.assertEqual(str(caught.exception), TAKEN["en_US"])
        self.assertEqual(caught.exception.rule, "total_taken")
        self.assertEqual(self.store.search_count([("aggregate_id", "=", "C2")]), before)

    def test_other_constraints_are_technical_errors_as_before(self):
        self.declare(another_index="total_taken")
        answer = self.add("C2", 5)
        self.assertEqual(answer["outcome"], "failed")
        self.assertIn("UniqueViolation", answer["message"])

    def test_a_constraint_of_another_table_is_none_of_these(self):
        self.env.cr.execute("CREATE UNIQUE INDEX test_ticket_hours ON test_ticket (hours)")
        self.declare(test_ticket_hours="total_taken")
        with self.assertRaises(UniqueViolation) as caught, self.env.cr.savepoint():
            self.env.cr.execute("INSERT INTO test_ticket (name, hours) VALUES ('a', 1), ('b', 1)")
        handler = self.env["counter.snapshot.handler"]
        self.assertIs(handler._as_broken_rule(caught.exception), caught.exception)
