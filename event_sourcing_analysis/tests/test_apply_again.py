"""Apply again: what failed is recorded anew, once, and history stays as it is."""

import xmlrpc.client

from odoo.exceptions import UserError

from odoo.addons.test_event_sourcing.common import make_user
from odoo.addons.test_event_sourcing.models.flaky_handler import FlakySnapshotHandler

from .test_error_inbox import QUIET, InboxCase


class ApplyAgainCase(InboxCase):
    @QUIET
    def again(self, record=None):
        """Press the button and return the sentence that it answers with."""
        action = (self.inbox() if record is None else record).action_apply_again()
        self.env.invalidate_all()
        self.assertEqual(action["tag"], "event_sourcing_tell")
        return action["params"]["message"]

    def seen(self, aggregate_id="F1", model_name="flaky"):
        state = self.store.state_at(model_name, aggregate_id)["state"]
        return state.get("seen")

    def rows(self):
        """Return every stored event as text, by id."""
        self.env.flush_all()
        self.env.cr.execute("SELECT id, event_store::text FROM event_store")
        return dict(self.env.cr.fetchall())


class TestApplyAgain(ApplyAgainCase):
    def test_a_failed_event_is_recorded_anew_in_causation_to_the_old_one(self):
        failed = self.failing(
            7, timestamp="2026-01-31 09:30:00", correlation_id="order-1", event_uuid="sent-1"
        )
        before = self.rows()
        manager = make_user(self.env, "repairer", "manager")
        self.bug("")
        message = self.again(failed.with_user(manager))
        self.assertEqual(message, "Applied: 1; rejected by a rule now: 0; failed again: 0.")
        retry = failed.retry_event_id
        self.assertEqual(retry.retry_of_id, failed.failure_ids)
        self.assertEqual(retry.causation_id, "sent-1")
        for name in ("event_type", "payload", "timestamp", "correlation_id", "schema_version"):
            self.assertEqual(retry[name], failed[name], name)
        self.assertEqual((retry.version, retry.outcome), (2, "applied"))
        self.assertEqual(retry.create_uid, manager)
        self.assertEqual(self.seen(), [7])
        after = self.rows()
        self.assertEqual({key: after[key] for key in before}, before)
        self.assertEqual(len(after), len(before) + 1)

    def test_once_and_no_more(self):
        failed = self.failing(1)
        self.assertTrue(failed.can_apply_again)
        self.bug("")
        self.again(failed)
        self.assertFalse(failed.can_apply_again)
        before = self.rows()
        for record in (failed, failed.failure_ids, self.inbox()):
            self.assertEqual(self.again(record), "There was nothing left to retry.")
        self.assertEqual(self.rows(), before)
        self.assertEqual(failed.action_open_retry()["res_id"], failed.retry_event_id.id)

    def test_the_group_closes_by_itself(self):
        self.failing(1, 2)
        self.failing(3, aggregate_id="F2")
        self.bug("")
        self.assertIn("Applied: 3;", self.again())
        error = self.inbox()
        self.assertEqual((error.failure_count, error.outstanding_count), (3, 0))
        self.assertEqual((error.state, error.decision), ("fixed", False))
        self.assertEqual((self.seen(), self.seen("F2")), ([1, 2], [3]))

    def test_half_a_group(self):
        first, _second = self.failing(1, 2)
        self.bug("")
        self.again(first)
        self.assertEqual((self.inbox().outstanding_count, self.inbox().state), (1, "open"))

    def test_streams_keep_their_order_and_chunks_count_together(self):
        self.patch(type(self.env["event.store"]), "_apply_again_chunk", 4)
        for number in range(5):
            self.failing(number, number + 10, aggregate_id="A")
            self.failing(number, aggregate_id="B")
        self.bug("")
        self.assertIn("Applied: 15;", self.again())
        self.assertEqual(self.seen("A"), [0, 10, 1, 11, 2, 12, 3, 13, 4, 14])
        self.assertEqual(self.seen("B"), [0, 1, 2, 3, 4])

    def test_so_many_at_a_press(self):
        self.patch(type(self.env["event.error"]), "_most_at_once", 3)
        self.failing(*range(5))
        self.bug("")
        self.assertIn("Applied: 3;", self.again())
        self.assertEqual(self.inbox().outstanding_count, 2)
        self.assertIn("Applied: 2;", self.again())
        self.assertEqual(self.seen(), [0, 1, 2, 3, 4])

    def test_what_is_left_is_told(self):
        self.patch(type(self.env["event.error"]), "_most_at_once", 3)
        self.failing(*range(5))
        self.bug("")
        self.assertIn("Still waiting: 2; press Retry once more.", self.again())

    def test_a_refusal_now_closes_it(self):
        failed = self.failing(1)
        self.bug("")
        self.patch(FlakySnapshotHandler, "closed", True)
        self.assertIn("rejected by a rule now: 1;", self.again())
        self.assertEqual(failed.retry_event_id.outcome, "rejected")
        self.assertEqual((self.inbox().outstanding_count, self.inbox().state), (0, "fixed"))

    def test_a_second_failure_takes_the_place_of_the_first(self):
        failed = self.failing(1)
        self.assertIn("failed again: 1.", self.again())  # nothing was repaired
        error = self.inbox()
        self.assertEqual((error.failure_count, error.outstanding_count), (2, 1))
        second = failed.retry_event_id
        self.assertEqual((second.outcome, second.version), ("failed", 2))
        self.assertIn("failed again: 1.", self.again(failed))  # the newest try is meant
        third = second.retry_event_id
        self.assertEqual(third.causation_id, second.event_uuid)
        self.bug("")
        self.assertIn("Applied: 1;", self.again())
        self.assertEqual(third.retry_event_id.outcome, "applied")
        self.assertEqual(self.seen(), [1])
        self.assertEqual([o for _v, o in self.stream("F1", "flaky")], ["failed"] * 3 + ["applied"])
        self.assertEqual((self.inbox().failure_count, self.inbox().state), (3, "fixed"))

    def test_another_bug_behind_the_first(self):
        self.failing(1)
        self.bug("second")
        self.again()
        rows = {error.error_class: error for error in self.inbox()}
        self.assertEqual((rows["KeyError"].state, rows["ValueError"].state), ("fixed", "open"))

    def test_values_of_other_addons_are_kept(self):
        self.bug("first")
        with QUIET:
            failed = self.store.create(
                {
                    "model_name": "flaky",
                    "aggregate_id": "F1",
                    "event_type": "Seen",
                    "payload": {"n": 1},
                    "channel": "pos",
                    "schema_version": 3,
                }
            )
        self.bug("")
        self.again(failed)
        retry = failed.retry_event_id
        self.assertEqual((retry.channel, retry.schema_version), ("pos", 3))

    def test_an_attempt_that_was_told_to_its_sender(self):
        """Written by another cursor, as reject_and_record does, where nothing else is stored."""
        failure = self.attempt(5)
        error = self.inbox()
        self.assertEqual((error.handler, error.outstanding_count), (failure.payload["handler"], 1))
        self.assertTrue(failure.can_apply_again)
        self.bug("")
        self.assertIn("Applied: 1;", self.again())
        self.assertEqual(self.seen(model_name="flakyapart"), [5])
        retry = failure.retry_event_id
        self.assertEqual(retry.causation_id, "sent-5")
        self.assertEqual((retry.schema_version, str(retry.timestamp)), (2, "2026-02-01 00:00:00"))
        self.assertEqual(self.inbox().state, "fixed")

    def test_an_attempt_that_its_sender_repeated_waits_no_more(self):
        self.attempt(5)
        self.bug("")
        self.store.append("flakyapart", "F1", "Seen", {"n": 5}, event_uuid="sent-5")
        self.assertEqual((self.inbox().outstanding_count, self.inbox().state), (0, "fixed"))
        self.assertEqual(self.again(), "There was nothing left to retry.")

    def test_an_attempt_that_its_sender_repeated_is_applied_by_nobody_else(self):
        failure = self.attempt(5)
        self.bug("")
        answer = self.store.append("flakyapart", "F1", "Seen", {"n": 5}, event_uuid="sent-5")
        self.env.invalidate_all()
        self.assertFalse(failure.can_apply_again)
        self.assertEqual(failure.retry_event_id.id, answer["id"])
        self.assertEqual(self.again(failure), "There was nothing left to retry.")
        self.assertEqual(self.seen(model_name="flakyapart"), [5])

    def test_an_attempt_that_its_sender_repeated_in_vain_is_applied_once(self):
        """The repeat failed and was kept: from then on it is that event which waits."""
        failure = self.attempt(5)
        call = ("flakyapart", "F1", "Seen", {"n": 5})
        with QUIET:
            answer = self.store.append(*call, event_uuid="sent-5", policy="record")
        self.assertEqual(answer["outcome"], "failed")
        self.env.invalidate_all()
        self.assertEqual(failure.retry_event_id.id, answer["id"])
        self.assertEqual(sum(self.inbox().mapped("outstanding_count")), 1)
        self.bug("")
        self.assertIn("Applied: 1;", self.again())
        self.assertEqual(self.seen(model_name="flakyapart"), [5])
        # The way over the old attempt finds the newest try, too.
        self.assertEqual(self.again(failure), "There was nothing left to retry.")

    def test_the_old_attempt_leads_to_the_repeat_that_failed(self):
        failure = self.attempt(5)
        call = ("flakyapart", "F1", "Seen", {"n": 5})
        with QUIET:
            self.store.append(*call, event_uuid="sent-5", policy="record")
        self.bug("")
        self.env.invalidate_all()
        self.assertIn("Applied: 1;", self.again(failure))
        self.assertEqual(self.seen(model_name="flakyapart"), [5])

    def test_the_same_uuid_of_another_aggregate_type_is_no_repeat(self):
        failure = self.attempt(5)
        self.bug("")
        self.store.append("flaky", "F1", "Seen", {"n": 5}, event_uuid="sent-5")
        self.env.invalidate_all()
        self.assertFalse(failure.retry_event_id)
        self.assertTrue(failure.can_apply_again)

    def test_a_number_of_another_type_is_no_repeat(self):
        failure = self.attempt(5)
        self.bug("")
        self.store.append("flakyapart", "F1", "Seen", {"n": 5.0}, event_uuid="sent-5")
        self.env.invalidate_all()
        self.assertTrue(failure.can_apply_again)
        self.assertEqual(self.inbox().outstanding_count, 1)

    def test_one_uuid_with_two_contents_that_were_both_applied_again(self):
        first, second = self.attempt(5), self.attempt(6)
        self.env.cr.execute(
            "UPDATE event_store SET attempt_uuid = 'sent-5', attempt_digest = 'other'"
            " WHERE id = %s",
            [second.id],
        )
        self.env.invalidate_all()
        self.bug("")
        self.again(first)
        self.again(second)
        self.assertEqual(self.seen(model_name="flakyapart"), [5, 6])
        for failure, number in ((second, 6), (first, 5)):
            answer = self.store.append(
                *("flakyapart", "F1", "Seen", {"n": number}), event_uuid="sent-5"
            )
            self.assertEqual((answer["duplicate"], answer["id"]), (True, failure.retry_event_id.id))
        with self.assertRaisesRegex(UserError, "already used for a different event"):
            self.store.append("flakyapart", "F1", "Seen", {"n": 7}, event_uuid="sent-5")
        self.assertEqual(self.seen(model_name="flakyapart"), [5, 6])

    def test_what_was_applied_again_is_known_by_its_senders_uuid(self):
        """A sender that tries until it succeeds does not store it a second time."""
        self.attempt(5)
        self.bug("")
        self.again()
        call = {
            "model_name": "flakyapart",
            "aggregate_id": "F1",
            "event_type": "Seen",
            "event_uuid": "sent-5",
        }
        answer = self.store.append(**call, payload={"n": 5})
        self.assertTrue(answer["duplicate"])
        self.assertEqual(answer["outcome"], "applied")
        self.assertEqual(self.seen(model_name="flakyapart"), [5])
        with self.assertRaisesRegex(UserError, "already used for a different event"):
            self.store.append(**call, payload={"n": 6})

    def rename(self, **names):
        """Give the event type or the aggregate type of the attempts another name."""
        handler = type(self.env["flakyapart.snapshot.handler"])
        for name, value in names.items():
            self.patch(handler, name, value)
        self.env.registry.clear_cache()
        self.addCleanup(self.env.registry.clear_cache)

    def test_a_repeat_under_another_name_of_the_type_is_a_repeat(self):
        for number, name in enumerate(("Noticed", "Seen")):
            with self.subTest(name):
                self.rename(_event_aliases={})
                failure = self.attempt(number)
                self.rename(_event_aliases={"Seen": "Noticed"})
                self.bug("")
                answer = self.store.append(
                    "flakyapart", "F1", name, {"n": number}, event_uuid=f"sent-{number}"
                )
                self.assertEqual(self.inbox().outstanding_count, 0)
                self.assertEqual(failure.retry_event_id.id, answer["id"])
                self.assertFalse(failure.can_apply_again)
                self.assertEqual(self.again(failure), "There was nothing left to retry.")
                self.assertEqual(self.again(), "There was nothing left to retry.")
        self.assertEqual(self.seen(model_name="flakyapart"), [0, 1])

    def test_a_repeat_under_another_name_of_the_aggregate_type_is_a_repeat(self):
        failure = self.attempt(5)
        self.env.cr.execute(
            "UPDATE event_store SET model_name = 'flaky.former' WHERE id = %s", [failure.id]
        )
        self.env.invalidate_all()
        self.rename(_aggregate_aliases=("flaky.former",))
        self.bug("")
        answer = self.store.append("flakyapart", "F1", "Seen", {"n": 5}, event_uuid="sent-5")
        self.assertEqual(self.inbox().outstanding_count, 0)
        self.assertEqual(failure.retry_event_id.id, answer["id"])
        self.assertEqual(self.again(failure), "There was nothing left to retry.")
        self.assertEqual(self.seen(model_name="flakyapart"), [5])

    def test_what_was_applied_again_is_known_under_every_name_of_its_type(self):
        self.attempt(5)
        self.bug("")
        self.again()
        self.rename(_event_aliases={"Seen": "Noticed"})
        for name in ("Noticed", "Seen"):
            answer = self.store.append("flakyapart", "F1", name, {"n": 5}, event_uuid="sent-5")
            self.assertEqual((answer["duplicate"], answer["outcome"]), (True, "applied"))

    def test_one_attempt_that_was_recorded_apart_twice_is_applied_once(self):
        """Under another name of its type, or by two people: each has a failure event."""
        for number, way in enumerate(("inbox", "event")):
            with self.subTest(way):
                self.rename(_event_aliases={})
                second = self.attempt(number)
                self.env.cr.execute(
                    "UPDATE event_store SET attempt_digest = 'other',"
                    ' payload = payload || \'{"failed_event": "Noticed"}\' WHERE id = %s',
                    [second.id],
                )
                first = self.attempt(number)
                self.rename(_event_aliases={"Seen": "Noticed"})
                self.env.invalidate_all()
                self.assertEqual(self.inbox().outstanding_count, 2)
                self.bug("")
                answer = self.again(first if way == "event" else None)
                self.assertIn("Applied: 1;", answer)
                self.assertEqual((self.inbox().outstanding_count, self.inbox().state), (0, "fixed"))
                self.assertEqual(second.retry_event_id, first.retry_event_id)
                self.assertEqual(self.again(second), "There was nothing left to retry.")
                self.assertEqual(self.again(), "There was nothing left to retry.")
        self.assertEqual(self.seen(model_name="flakyapart"), [0, 1])

    @QUIET
    def attempt(self, number):
        """Leave the failure event alone, as _record_separately does on a cursor of its own."""
        self.bug("first")
        store = self.store
        with self.env.cr.savepoint() as savepoint:
            event = store.create(
                {
                    "model_name": "flaky",
                    "aggregate_id": "F1",
                    "event_type": "Seen",
                    "payload": {"n": number},
                    "timestamp": "2026-02-01 00:00:00",
                    "event_uuid": f"sent-{number}",
                    "schema_version": 2,
                }
            )
            failure = event.failure_ids
            names = [n for n, f in failure._fields.items() if f.store and f.type != "many2one"]
            vals = {n: failure[n] for n in names if n not in ("id", "create_date", "write_date")}
            vals.update(model_name="flakyapart", company_id=event.company_id.id)
            vals.update(attempt_uuid=event.event_uuid, attempt_digest="of what was said")
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        return store.sudo()._insert([{**vals, "failed_event_id": False}]).sudo(False)

    def test_what_did_not_fail_cannot_be_applied_again(self):
        self.bug("")
        answer = self.store.append("flaky", "F1", "Seen", {"n": 1})
        event = self.store.browse(answer["id"])
        self.assertFalse(event.can_apply_again)
        with self.assertRaisesRegex(UserError, "did not fail"):
            event.action_apply_again()

    def test_without_its_handler_nothing_is_recorded(self):
        failed = self.failing(1)
        registry = self.env["snapshot.handler.registry"]
        find = type(registry)._find
        self.patch(
            type(registry),
            "_find",
            lambda self, name: None if name == "flaky" else find(self, name),
        )
        with self.assertRaisesRegex(UserError, "This database has no handler for the events of"):
            failed.action_apply_again()
        self.assertFalse(failed.retry_event_id)

    def test_answers_can_travel(self):
        failed = self.failing(1)
        error = self.inbox()
        for answer in (error.read(), error.action_open_failures(), error.action_apply_again()):
            xmlrpc.client.dumps((answer,))
        xmlrpc.client.dumps((failed.action_apply_again(), error.action_mark_fixed()))
