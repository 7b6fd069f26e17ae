"""A stored state is a cache: lost, stale or of other rules, it is folded anew before it is used."""

import json
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.event_sourcing.models.event_checkpoint import CHECKPOINT_INTERVAL
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler


class TrustCase(EventCase):
    def sql(self, statement, *values):
        self.env.cr.execute(statement, values)
        self.env.invalidate_all()

    def refolds(self):
        """Return the list that gets the streams which are folded anew from now on."""
        keys, fold = [], type(self.store)._fold_to_now

        def noted(store, handler, model_name, wanted):
            keys.extend(wanted)
            return fold(store, handler, model_name, wanted)

        self.patch(type(self.store), "_fold_to_now", noted)
        return keys

    def assert_sound(self, aggregate_id="C1"):
        """Check that the snapshot is what the events say, and that the head knows it."""
        _last, state = self.store._replay("counter", self.key(aggregate_id))
        snapshot = self.snapshot(aggregate_id)
        self.assertEqual(snapshot.state_json, canonical(state))
        applied = [v for v, outcome in self.stream(aggregate_id) if outcome == "applied"]
        head = self.env["event.stream"].search([("aggregate_id", "=", aggregate_id)])
        self.assertEqual((snapshot.version, head.version - head.unapplied), (applied[-1],) * 2)


class TestRules(TrustCase):
    def test_a_lost_row_opens_no_rental_that_is_over(self):
        partner = self.env["res.partner"].create({"name": "Sato"})
        product = self.env["product.product"].create({"name": "Lift"})
        plan = {"partner_id": partner.id, "product_id": product.id, "quantity": 1}
        for event_type in ("RentalPlanned", "RentalConfirmed", "RentalCancelled"):
            payload = plan if event_type == "RentalPlanned" else {}
            self.store.append("rental", "TRUST1", event_type, payload)
        self.sql("DELETE FROM rental_snapshot WHERE aggregate_id = 'TRUST1'")
        answer = self.store.append("rental", "TRUST1", "DemoStarted", {})
        self.assertEqual(answer["outcome"], "rejected")
        found = self.store.state_at("rental", "TRUST1")
        self.assertEqual((found["version"], found["status"]), (4, "cancelled"))
        snapshot = self.env["rental.snapshot"].search([("aggregate_id", "=", "TRUST1")])
        self.assertEqual((snapshot.status, snapshot.version), ("cancelled", 3))

    def test_every_way_in_begins_from_the_events(self):
        def create():
            return self.store.create(
                {"model_name": "counter", "aggregate_id": "C1", "event_type": "Added"}
            ).outcome

        def batch():
            call = {"model_name": "counter", "aggregate_id": "C1", "event_type": "Added"}
            return self.store.append_batch([call, call])[1]["outcome"]

        def isolate_each():  # a neighbour's database error sends everybody the isolate_each way
            calls = [
                {"model_name": "counter", "aggregate_id": key, "event_type": event_type}
                for key, event_type in (("C1", "Added"), ("other", "Sql"))
            ]
            return self.store.append_batch(calls)[0]["outcome"]

        self.add(amount=3)
        self.store.append("counter", "C1", "Closed")
        for way in (create, batch, isolate_each):
            self.sql("DELETE FROM counter_snapshot WHERE aggregate_id = 'C1'")
            self.assertEqual(way(), "rejected", way.__name__)
            self.assert_sound()


class TestTrust(TrustCase):
    def test_good_rows_are_trusted(self):
        keys = self.refolds()
        for amount in (1, -9, 2, -9, -9, 3):  # those below zero are refused
            self.add(amount=amount)
            self.assert_sound()
        self.store.append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": "C1",
                    "event_type": "Added",
                    "payload": {"amount": amount},
                }
                for amount in (1, -99, 2, -99)
            ]
        )
        self.assert_sound()
        self.assertEqual(keys, [])

    def test_a_row_of_an_older_event_is_not(self):
        self.add(amount=1)
        old = self.snapshot()
        version, state = old.version, old.state_json
        self.add(amount=10)
        self.sql("UPDATE counter_snapshot SET version = %s, state = %s", version, state)
        self.add(amount=100)
        self.assertEqual(json.loads(self.snapshot().state_json)["total"], 111)
        self.assert_sound()

    def test_a_row_of_other_rules_is_not(self):
        self.add(amount=1)
        state = canonical({**json.loads(self.snapshot().state_json), "total": 70})
        for rules in ("of another day", None):
            self.sql("UPDATE counter_snapshot SET rules = %s, state = %s", rules, state)
            self.add(amount=1)
            self.assert_sound()
        self.assertEqual(json.loads(self.snapshot().state_json)["total"], 3)

    def test_rules_that_changed_without_an_update_fold_anew(self):
        self.add(amount=1)
        self.patch(
            type(self.env["counter.snapshot.handler"]), "_rules_digest", lambda _handler: "today"
        )
        keys = self.refolds()
        self.add(amount=1)
        self.add(amount=1)
        self.assertEqual(keys, [self.key()])
        self.assertEqual(self.snapshot().rules, "today")

    def test_a_row_that_no_event_accounts_for_is_not(self):
        self.add("C2", amount=5)
        self.sql("UPDATE counter_snapshot SET aggregate_id = 'C1' WHERE aggregate_id = 'C2'")
        self.add(amount=1)
        self.assertEqual(json.loads(self.snapshot().state_json)["total"], 1)
        self.assert_sound()

    def test_another_snapshot_model_begins_with_the_events(self):
        self.add(amount=7)
        self.store.append("counter", "C2", "Closed")
        handler = self.env["counter.snapshot.handler"]
        with patch.object(CounterSnapshotHandler, "_snapshot_model", "event.snapshot"):
            handler._ensure_begin_function()
            self.add(amount=1)
            self.assertEqual(self.add("C2")["outcome"], "rejected")
            kept = self.env["event.snapshot"].search([("aggregate_id", "=", "C1")])
            self.assertEqual(json.loads(kept.state_json)["total"], 8)
        handler._ensure_begin_function()

    def test_a_refused_event_heals_the_row_too(self):
        self.add(amount=1)
        self.sql("DELETE FROM counter_snapshot")
        self.assertEqual(self.add(amount=-9)["outcome"], "rejected")
        self.assert_sound()

    def test_a_stream_without_applied_events_needs_no_row(self):
        keys = self.refolds()
        for _number in range(2):
            self.assertEqual(self.add(amount=-9)["outcome"], "rejected")
        self.assertEqual(keys, [])
        self.assertFalse(self.snapshot())

    def test_a_long_stream_is_folded_from_its_checkpoint(self):
        call = {
            "model_name": "counter",
            "aggregate_id": "C1",
            "event_type": "Added",
            "payload": {"amount": 1},
        }
        self.store.append_batch([call] * CHECKPOINT_INTERVAL)
        for more in (0, 3):
            if more:
                self.store.append_batch([call] * more)
            self.sql("DELETE FROM counter_snapshot")
            kind = type(self.env["counter.snapshot.handler"])
            with patch.object(kind, "_fold", autospec=True, side_effect=kind._fold) as fold:
                self.assertEqual(self.add(amount=-9999)["outcome"], "rejected")
            self.assertLess(fold.call_count, 10)
            self.assert_sound()

    def test_a_record_shows_what_its_events_say(self):
        self.store.append("ticket", "K1", "Opened", {"title": "lost"})
        ticket = self.env["test.ticket"].create({"name": "K1", "company_id": self.env.company.id})
        self.sql("DELETE FROM event_snapshot WHERE aggregate_id = 'K1'")
        self.assertEqual(ticket._current_state()["title"], "lost")

    def test_history_that_cannot_be_folded_is_a_technical_fault(self):
        self.add(amount=1)
        self.sql("DELETE FROM counter_snapshot")
        evolve = CounterSnapshotHandler._evolve

        def broken(handler, state, event):
            if event.version == 1:
                raise KeyError("moved")
            return evolve(handler, state, event)

        with (
            patch.object(CounterSnapshotHandler, "_evolve", broken),
            self.assertLogs("odoo.addons.event_sourcing", "WARNING"),
        ):
            answer = self.add(amount=2)
        self.assertEqual(answer["outcome"], "failed")
        self.assertIn("cannot be folded", answer["message"])
        self.assertIn("KeyError", answer["message"])
        self.assertEqual(self.failures().event_type, "SystemErrorOccurred")
        # Once the handler is repaired, history is whole again, and so is the next append.
        self.add(amount=4)
        self.assertEqual(json.loads(self.snapshot().state_json)["total"], 5)
        self.assert_sound()


class TestProperties(TrustCase):
    @settings(max_examples=25, deadline=None)
    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(["lose", "age", "rules", "add"]), st.integers(-3, 6)),
            min_size=1,
            max_size=14,
        )
    )
    def test_whatever_happens_to_the_cache_the_events_decide(self, steps):
        with self.env.cr.savepoint() as savepoint:
            kept = None
            for what, amount in steps:
                if what == "lose":
                    self.sql("DELETE FROM counter_snapshot WHERE aggregate_id = 'tampered'")
                elif what == "rules":
                    self.sql(
                        "UPDATE counter_snapshot SET rules = 'old', state = '{\"total\": 99}'"
                        " WHERE aggregate_id = 'tampered'"
                    )
                elif what == "age" and kept:
                    self.sql(
                        "UPDATE counter_snapshot SET version = %s, state = %s"
                        " WHERE aggregate_id = 'tampered' AND version > %s",
                        *(*kept, kept[0]),
                    )
                snapshot = self.snapshot("tampered")
                kept = kept or (snapshot and (snapshot.version, snapshot.state_json))
                ours = self.add("tampered", amount)["outcome"]
                self.assertEqual(ours, self.add("spared", amount)["outcome"])
            if any(outcome == "applied" for _version, outcome in self.stream("spared")):
                self.assert_sound("tampered")
                self.assertEqual(
                    self.snapshot("tampered").state_json, self.snapshot("spared").state_json
                )
            savepoint.rollback()
            self.env.invalidate_all()
