from datetime import datetime

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import VersionConflict
from odoo.addons.test_event_sourcing.common import EventCase

COUNTER = {"model_name": "counter", "aggregate_id": "C1"}


class TestAppend(EventCase):
    def test_create_with_a_dict_appends_and_folds(self):
        event = self.store.create({**COUNTER, "event_type": "Added", "payload": {"amount": 3}})
        self.assertEqual((event.version, event.outcome), (1, "applied"))
        self.assertEqual(event.payload, {"amount": 3})
        self.assertEqual(self.snapshot().total, 3)

    def test_create_with_a_list_keeps_the_order(self):
        events = self.store.create(
            [
                {**COUNTER, "event_type": "Added", "payload": {"amount": amount}}
                for amount in (1, 2, 3)
            ]
        )
        self.assertEqual(events.mapped("version"), [1, 2, 3])
        self.assertEqual(events.mapped("payload"), [{"amount": 1}, {"amount": 2}, {"amount": 3}])
        self.assertEqual((self.snapshot().total, self.snapshot().version), (6, 3))

    def test_create_of_nothing_gives_nothing(self):
        self.assertFalse(self.store.create([]))
        self.assertEqual(self.store.append_batch([]), [])

    def test_the_callers_dicts_are_not_changed(self):
        payload = {"amount": 1, "lines": [{"b": 1, "a": (1, 2)}]}
        vals = {**COUNTER, "event_type": "Added", "payload": payload}
        before = repr(vals)
        self.store.create([vals])
        self.store.append("counter", "C1", "Added", payload)
        self.assertEqual(repr(vals), before)

    def test_an_empty_payload_stays_an_empty_object(self):
        event = self.store.create({**COUNTER, "event_type": "Closed"})
        event.invalidate_recordset()
        self.assertEqual(event.payload, {})
        self.env.cr.execute("SELECT payload::text FROM event_store WHERE id = %s", [event.id])
        self.assertEqual(self.env.cr.fetchone()[0], "{}")

    def test_falsy_values_inside_a_payload_are_kept(self):
        payload = {"amount": 0, "none": None, "text": "", "list": [], "no": False}
        event = self.store.create({**COUNTER, "event_type": "Added", "payload": payload})
        event.invalidate_recordset()
        self.assertEqual(event.payload, payload)

    def test_append_answers_with_plain_values(self):
        answer = self.add(amount=2)
        self.assertEqual(
            set(answer),
            {"id", "version", "outcome", "message", "failure_id", "event_uuid", "duplicate"},
        )
        self.assertEqual(
            (answer["version"], answer["outcome"], answer["message"], answer["failure_id"]),
            (1, "applied", "", False),
        )
        self.assertIs(answer["duplicate"], False)

    def test_a_payload_may_come_as_text(self):
        answer = self.store.append("counter", "C1", "Added", '{"amount": 4, "big": 12345678901}')
        self.assertEqual(self.store.browse(answer["id"]).payload, {"amount": 4, "big": 12345678901})

    def test_the_time_it_happened_is_kept(self):
        moments = {
            "2026-03-01 10:20:30": datetime(2026, 3, 1, 10, 20, 30),
            "2026-03-01T10:20:30Z": datetime(2026, 3, 1, 10, 20, 30),
            "2026-03-01T10:20:30+09:00": datetime(2026, 3, 1, 1, 20, 30),
            datetime(2026, 3, 1, 1, 2, 3, 456789): datetime(2026, 3, 1, 1, 2, 3),
        }
        for given, kept in moments.items():
            answer = self.add(timestamp=given)
            self.assertEqual(self.store.browse(answer["id"]).timestamp, kept)

    def test_streams_are_numbered_apart(self):
        self.add("C1"), self.add("C2"), self.add("C1")
        self.assertEqual(self.stream("C1"), [(1, "applied"), (2, "applied")])
        self.assertEqual(self.stream("C2"), [(1, "applied")])
        heads = self.env["event.stream"].search([("aggregate_id", "in", ("C1", "C2"))])
        self.assertEqual(
            dict(zip(heads.mapped("aggregate_id"), heads.mapped("version"), strict=True)),
            {"C1": 2, "C2": 1},
        )

    def test_an_aggregate_without_a_handler_is_logged(self):
        answer = self.store.append("nobody", "N1", "Happened", {"a": 1})
        self.assertEqual((answer["outcome"], answer["version"]), ("logged", 1))
        self.assertFalse(self.failures("N1", "nobody"))

    def test_a_stored_field_of_another_addon_is_honoured(self):
        given = self.store.create(
            {**COUNTER, "event_type": "Added", "payload": {"amount": 1}, "channel": "shop"}
        )
        default = self.store.create({**COUNTER, "event_type": "Closed"})
        self.assertEqual((given.channel, default.channel), ("shop", "backend"))

    def test_correlation_and_causation_are_kept(self):
        answer = self.add(correlation_id="order-7", causation_id="cause-1")
        event = self.store.browse(answer["id"])
        self.assertEqual((event.correlation_id, event.causation_id), ("order-7", "cause-1"))
        alone = self.store.browse(self.add()["id"])
        self.assertEqual(alone.correlation_id, alone.event_uuid)


class TestIdempotency(EventCase):
    def test_a_known_uuid_is_answered_with_the_stored_event(self):
        first = self.add(event_uuid="key-1", amount=5)
        again = self.add(event_uuid="key-1", amount=5)
        self.assertEqual(again, {**first, "duplicate": True})
        self.assertEqual(self.stream(), [(1, "applied")])
        self.assertEqual(self.snapshot().total, 5)

    def test_a_known_uuid_wins_over_a_stale_version(self):
        first = self.add(event_uuid="key-1", expected_version=1)
        self.add()
        again = self.add(event_uuid="key-1", expected_version=1)
        self.assertEqual((again["id"], again["duplicate"]), (first["id"], True))

    def test_a_refused_event_is_answered_with_its_refusal(self):
        first = self.add(event_uuid="key-1", amount=-5)
        again = self.add(event_uuid="key-1", amount=-5)
        self.assertEqual(first["outcome"], "rejected")
        self.assertEqual(again, {**first, "duplicate": True})
        self.assertEqual(len(self.failures()), 1)

    def test_twins_in_one_batch_are_stored_once(self):
        call = {
            "model_name": "counter",
            "aggregate_id": "C1",
            "event_type": "Added",
            "payload": {"amount": 1},
            "event_uuid": "key-1",
        }
        answers = self.store.append_batch([call, dict(call)])
        self.assertEqual([a["duplicate"] for a in answers], [False, True])
        self.assertEqual(answers[0]["id"], answers[1]["id"])
        self.assertEqual(self.stream(), [(1, "applied")])

    def test_a_uuid_of_a_different_event_is_refused(self):
        self.add(event_uuid="key-1", amount=5)
        for other in ({"amount": 6}, {"aggregate_id": "C2", "amount": 5}):
            with self.assertRaisesRegex(UserError, "key-1 was already used"):
                self.add(event_uuid="key-1", **other)
        self.assertEqual(self.stream(), [(1, "applied")])

    def test_events_without_a_uuid_are_never_twins(self):
        self.assertNotEqual(self.add()["event_uuid"], self.add()["event_uuid"])
        self.assertEqual(len(self.stream()), 2)


class TestOptimisticConcurrency(EventCase):
    def test_the_next_version_is_accepted(self):
        self.assertEqual(self.add(expected_version=1)["version"], 1)
        event = self.store.create(
            {"model_name": "counter", "aggregate_id": "C1", "event_type": "Closed", "version": 2}
        )
        self.assertEqual(event.version, 2)

    def test_a_version_that_is_not_the_next_stores_nothing(self):
        self.add()
        for version in (1, 3, 99):
            # Caught without a savepoint around it: the store must clean up itself.
            try:
                self.add(expected_version=version)
            except VersionConflict as error:
                self.assertIn(f"version {version} was expected", str(error))
                self.assertIn("the next one is 2", str(error))
            else:
                self.fail("a wrong expected version was accepted")
        self.assertEqual(self.add()["version"], 2)
        self.assertEqual(self.stream(), [(1, "applied"), (2, "applied")])

    def test_versions_are_checked_inside_a_batch(self):
        def call(version, aggregate_id="C1"):
            return {
                "model_name": "counter",
                "aggregate_id": aggregate_id,
                "event_type": "Added",
                "payload": {"amount": 1},
                "expected_version": version,
            }

        answers = self.store.append_batch([call(1), call(1, "C2"), call(2)])
        self.assertEqual([a["version"] for a in answers], [1, 1, 2])
        try:
            self.store.append_batch([call(2, "C2"), call(4)])
        except VersionConflict:
            pass
        else:
            self.fail("a wrong expected version was accepted")
        self.assertEqual(self.stream("C2"), [(1, "applied")])
        self.assertEqual(self.add("C2")["version"], 2)


class TestStatements(EventCase):
    def count(self, calls):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.store.append_batch(calls)
        return self.env.cr.sql_log_count - before

    def batch(self, events, aggregates, prefix):
        return [
            {
                "model_name": "counter",
                "aggregate_id": f"{prefix}{number % aggregates}",
                "event_type": "Added",
                "payload": {"amount": number},
            }
            for number in range(events)
        ]

    def test_statements_do_not_grow_with_the_batch(self):
        self.count(self.batch(1, 1, "warm"))
        one = self.count(self.batch(1, 1, "a"))
        hundred = self.count(self.batch(100, 50, "b"))
        again = self.count(self.batch(100, 50, "b"))
        self.assertLessEqual(one, 8)
        self.assertEqual(hundred, one)
        self.assertEqual(again, one)
        # The ORM inserts a hundred rows at a time.
        self.assertLessEqual(self.count(self.batch(1000, 500, "c")), 20)
