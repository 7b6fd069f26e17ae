"""Two events are one only if they say the same; what the store derives nobody can name."""

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import EventCase, make_user

FAILURE = "odoo.addons.event_sourcing.models.event_store_failure"
OTHER = "already used for a different event"


class TestCallersUuids(EventCase):
    def test_each_company_has_its_own(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        other = make_user(self.env, "id-other", "integration", company=theirs)
        ours = self.add(event_uuid="order-1")
        found = self.store.with_user(other).append(
            "counter", "C9", "Added", {"amount": 9}, event_uuid="order-1"
        )
        self.assertEqual((ours["duplicate"], found["duplicate"]), (False, False))
        self.assertNotEqual(ours["id"], found["id"])
        for user, key, amount in ((self.env.user, "C1", 1), (other, "C9", 9)):
            answer = self.store.with_user(user).append(
                "counter", key, "Added", {"amount": amount}, event_uuid="order-1"
            )
            self.assertTrue(answer["duplicate"])

    def test_zero_is_a_name_and_nothing_is_none(self):
        first = self.add(event_uuid=0)
        again = self.add(event_uuid="0")
        self.assertEqual((first["event_uuid"], again["duplicate"]), ("0", True))
        for nothing in (None, False, ""):
            self.assertFalse(self.add(event_uuid=nothing)["duplicate"])
        event = self.store.browse(self.add(correlation_id=0, causation_id=0)["id"])
        self.assertEqual((event.correlation_id, event.causation_id), ("0", "0"))
        for name in ("timestamp", "policy"):
            with self.assertRaises(UserError):
                self.add(**{name: 0})

    def test_values_are_compared_with_their_types(self):
        pairs = ((True, 1), (1, "1"), (0, False), (0, None), ("", None), (1, 1.5), ([], {}))
        for number, (one, other) in enumerate(pairs):
            for first, second in ((one, other), (other, one)):
                uuid = f"typed-{number}-{first!r}"
                event = ("nobody", "N", "E")
                self.store.append(*event, {"value": first}, event_uuid=uuid)
                with self.assertRaisesRegex(UserError, OTHER):
                    self.store.append(*event, {"value": second}, event_uuid=uuid)
                self.assertTrue(
                    self.store.append(*event, {"value": first}, event_uuid=uuid)["duplicate"]
                )

    def test_what_is_given_must_be_what_is_stored(self):
        said = {
            "timestamp": "2026-01-31 09:30:00",
            "correlation_id": "order-7",
            "causation_id": "cause-1",
            "expected_version": 1,
            "schema_version": 1,
        }
        self.add(event_uuid="said", **said)
        self.assertTrue(self.add(event_uuid="said", **said)["duplicate"])
        self.assertTrue(self.add(event_uuid="said")["duplicate"])  # left out, so no contradiction
        for name, other in (
            ("timestamp", "2026-01-31 09:30:01"),
            ("correlation_id", "order-8"),
            ("causation_id", "cause-2"),
            ("expected_version", 2),
        ):
            with self.assertRaisesRegex(UserError, OTHER):
                self.add(event_uuid="said", **{**said, name: other})
        self.assertEqual(self.stream(), [(1, "applied")])

    def test_an_explicit_time_does_not_repeat_what_had_none(self):
        self.add(event_uuid="now")
        with self.assertRaisesRegex(UserError, OTHER):
            self.add(event_uuid="now", timestamp="2020-01-01 00:00:00")

    def test_within_a_batch_too(self):
        call = {"model_name": "nobody", "aggregate_id": "N", "event_type": "E", "event_uuid": "b"}
        answers = self.store.append_batch([call, call])
        self.assertEqual([a["duplicate"] for a in answers], [False, True])
        for more in ({"payload": {"a": 1}}, {"correlation_id": "x"}, {"timestamp": "2020-01-01"}):
            with self.assertRaisesRegex(UserError, OTHER):
                self.store.append_batch(
                    [{**call, "event_uuid": "c"}, {**call, "event_uuid": "c", **more}]
                )

    def test_a_guess_is_not_told_right_from_wrong(self):
        self.add(event_uuid="secret", amount=5)
        user = make_user(self.env, "id-blind", "integration")
        self.env["ir.rule"].create(
            {
                "name": "not this one",
                "model_id": self.env["ir.model"]._get_id("event.store"),
                "domain_force": "[('event_uuid', '!=', 'secret')]",
                "perm_create": False,
            }
        )
        answers = []
        for amount in (5, 6):
            with self.assertRaises(AccessError) as caught:
                self.store.with_user(user).append(
                    "counter", "C1", "Added", {"amount": amount}, event_uuid="secret"
                )
            answers.append(str(caught.exception))
        self.assertEqual(*answers)
        for word in (user.name, "Added", "C1", "not this one"):
            self.assertNotIn(word, answers[0])

    def test_values_of_other_addons_are_compared_too(self):
        event = {"model_name": "nobody", "aggregate_id": "N", "event_type": "E"}
        said = {**event, "event_uuid": "with-channel", "channel": "pos"}
        first = self.store.create(said)
        self.assertEqual(self.store.create(said), first)
        self.assertEqual(self.store.create({**event, "event_uuid": "with-channel"}), first)
        for other in ("web", "", False, None):  # to say nothing is not to leave it out
            with self.assertRaisesRegex(UserError, OTHER):
                self.store.create({**said, "channel": other})
        none = {**event, "event_uuid": "no-channel", "channel": False}
        self.assertEqual(self.store.create(none), self.store.create(none))

    def test_a_batch_compares_as_one_by_one_does(self):
        event = {"model_name": "nobody", "aggregate_id": "N", "event_type": "E"}
        pairs = (
            ({}, {"channel": "pos"}),
            ({"channel": "pos"}, {"channel": False}),
            ({}, {"causation_id": "cause"}),
            ({"causation_id": "cause"}, {"causation_id": "other"}),
            ({}, {"version": 7}),
        )
        for number, (more, other) in enumerate(pairs):
            one, two = ({**event, "event_uuid": f"b-{number}", **m} for m in (more, other))
            for calls in ([[one, two]], [[one], [two]]):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    for call in calls:
                        self.store.create(call)
            self.assertFalse(self.store.search_count([("event_uuid", "=", f"b-{number}")]))
        one = {**event, "event_uuid": "b-default"}
        records = self.store.create([one, {**one, "channel": "backend", "version": 1}])
        self.assertEqual(records[0], records[1])


class TestDerived(EventCase):
    def refuse_apart(self, **options):
        """Attempt what is refused, under reject_and_record within this transaction."""
        vals = []
        self.patch(type(self.store), "_record_separately", lambda _store, found: vals.append(found))
        with self.assertRaises(UserError):
            self.add(amount=-9, policy="reject_and_record", **options)
        self.patch(type(self.store), "_record_separately", lambda *_arguments: None)
        return self.store.sudo()._insert(vals)

    @mute_logger(FAILURE)
    def test_nobody_can_occupy_what_a_refusal_is_recorded_under(self):
        failed = self.add(amount=-9, event_uuid="known-before")
        (failure,) = self.failures()
        names = [failure.event_uuid, failed["event_uuid"], "known-before"]
        self.assertEqual(failure.failed_event_id.id, failed["id"])
        # Whoever names the UUID of a failure event records an event of that name, no more.
        answer = self.add("C2", event_uuid=failure.event_uuid)
        self.assertEqual((answer["duplicate"], answer["outcome"]), (False, "applied"))
        self.assertEqual(len(set(names)), 2)

    def test_the_uuid_of_an_attempt_used_again_erases_nothing(self):
        self.add(amount=1)
        failure = self.refuse_apart(event_uuid="attempt-1")
        rate = self.env["event.attempt"]
        domain = [("aggregate_id", "=", "C1"), ("outcome", "=", "rejected")]
        self.assertEqual(rate.search_count(domain), 1)
        self.add(amount=3, event_uuid="attempt-1")
        self.env.invalidate_all()
        self.assertEqual(rate.search_count(domain), 1)
        snapshot = self.snapshot()
        page = self.env["event.timeline"].page("counter.snapshot", snapshot.id)
        self.assertIn(failure.id, [entry["id"] for entry in page["entries"]])
        self.assertEqual((page["counts"]["applied"], page["counts"]["rejected"]), (2, 1))

    @mute_logger(FAILURE)
    def test_the_uuid_of_an_attempt_used_for_something_else_repairs_nothing(self):
        calls = []
        self.patch(
            type(self.store), "_record_separately", lambda _store, found: calls.append(found)
        )
        with self.assertRaises(UserError):
            self.store.append(
                *("counter", "C1", "Broken", {"key": "bug"}),
                event_uuid="broken-1",
                policy="reject_and_record",
            )
        failure = self.store.sudo()._insert(calls)
        self.add(event_uuid="broken-1", amount=3)
        error = self.env["event.error"].search([("sample_id", "=", failure.id)])
        self.assertEqual((error.outstanding_count, error.state), (1, "open"))

    def test_the_same_attempt_is_recorded_apart_once(self):
        first, second = [], []
        for found, amount in ((first, -9), (second, -9), ([], -8)):
            self.patch(type(self.store), "_record_separately", lambda _s, v, f=found: f.append(v))
            with self.assertRaises(UserError):
                self.add(amount=amount, event_uuid="twice", policy="reject_and_record")
        names = ("company_id", "attempt_uuid", "attempt_digest")
        self.assertEqual([first[0][n] for n in names], [second[0][n] for n in names])

    def test_nobody_elses_attempt_takes_the_place_of_mine(self):
        found = []
        self.patch(type(self.store), "_record_separately", lambda _store, vals: found.append(vals))
        for login in ("id-one", "id-two"):
            store = self.store.with_user(make_user(self.env, login, "integration"))
            with self.assertRaises(UserError):
                store.append(
                    *("counter", "C1", "Added", {"amount": -9}),
                    event_uuid="shared",
                    policy="reject_and_record",
                )
        self.assertEqual(len(self.store.sudo()._insert(found)), 2)

    def test_what_the_store_decides_cannot_be_given(self):
        for name in ("attempt_uuid", "attempt_digest", "retry_of_id", "import_key", "retry_ids"):
            with self.assertRaisesRegex(UserError, f"{name} cannot be given"):
                self.store.create(
                    {"model_name": "nobody", "aggregate_id": "N", "event_type": "E", name: 1}
                )
