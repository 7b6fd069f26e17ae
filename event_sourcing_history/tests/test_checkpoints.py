"""Intermediate states of long streams: a short cut, never trusted over the events."""

import json
import os
import subprocess
import sys

from odoo.addons.event_sourcing.models.event_checkpoint import CHECKPOINT_INTERVAL
from odoo.addons.event_sourcing_base import code_digest
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler


class TestCheckpoints(EventCase):
    def setUp(self):
        super().setUp()
        self.checkpoints = self.env["event.checkpoint"]

    def fill(self, count, aggregate_id="LONG", size=70, **more):
        calls = [
            {
                "model_name": "counter",
                "aggregate_id": aggregate_id,
                "event_type": "Added",
                "payload": {"amount": 1},
                **more,
            }
            for _number in range(count)
        ]
        for first in range(0, count, size):
            self.store.append_batch(calls[first : first + size])

    def versions(self, aggregate_id="LONG"):
        return self.checkpoints.search([("aggregate_id", "=", aggregate_id)]).mapped("version")

    def asked(self, call):
        """Return what ``call`` gives, and how many events it folded."""
        folded = []
        fold = type(self.env["counter.snapshot.handler"])._fold
        self.patch(
            type(self.env["counter.snapshot.handler"]),
            "_fold",
            lambda handler, state, event: folded.append(event) or fold(handler, state, event),
        )
        return call(), len(folded)

    def state_at(self, **when):
        return self.store.state_at("counter", "LONG", **when)

    def test_appends_take_them_whatever_the_size_of_the_batch(self):
        self.fill(2 * CHECKPOINT_INTERVAL + 5)
        self.fill(CHECKPOINT_INTERVAL, "ONE", size=CHECKPOINT_INTERVAL)
        self.fill(CHECKPOINT_INTERVAL - 1, "SHORT")
        self.assertEqual(self.versions(), [CHECKPOINT_INTERVAL, 2 * CHECKPOINT_INTERVAL])
        self.assertEqual(self.versions("ONE"), [CHECKPOINT_INTERVAL])
        self.assertEqual(self.versions("SHORT"), [])

    def test_a_state_of_the_past_is_folded_from_the_nearest_one(self):
        self.fill(2 * CHECKPOINT_INTERVAL + 5)
        for version in (
            0,
            1,
            CHECKPOINT_INTERVAL - 1,
            CHECKPOINT_INTERVAL,
            CHECKPOINT_INTERVAL + 1,
            2 * CHECKPOINT_INTERVAL + 5,
        ):
            answer, folded = self.asked(lambda version=version: self.state_at(version=version))
            self.assertEqual(answer["version"], version)
            self.assertEqual(json.loads(answer["state_json"]).get("total", 0), version)
            self.assertLess(folded, CHECKPOINT_INTERVAL)
        last, whole = self.store._replay("counter", self.key("LONG"))
        self.assertEqual(
            (last, canonical(whole)), (2 * CHECKPOINT_INTERVAL + 5, self.state_at()["state_json"])
        )

    def test_what_was_recorded_late_is_not_in_a_moment_before_it_happened(self):
        self.fill(50, timestamp="2026-01-01 00:00:00")
        self.fill(1, timestamp="2026-03-01 00:00:00")  # recorded before others that came earlier
        self.fill(CHECKPOINT_INTERVAL - 51, timestamp="2026-01-02 00:00:00")
        self.fill(10, timestamp="2026-04-01 00:00:00")
        self.assertEqual(self.versions(), [CHECKPOINT_INTERVAL])
        self.assertEqual(str(self.checkpoints.search([]).latest_timestamp), "2026-03-01 00:00:00")
        for moment, total in {
            "2026-01-03 00:00:00": CHECKPOINT_INTERVAL - 1,
            "2026-03-02 00:00:00": CHECKPOINT_INTERVAL,
            "2026-05-01 00:00:00": CHECKPOINT_INTERVAL + 10,
        }.items():
            state = json.loads(self.state_at(timestamp=moment)["state_json"])
            self.assertEqual(state["total"], total, moment)

    def test_one_of_other_rules_does_not_count(self):
        self.fill(CHECKPOINT_INTERVAL + 5)
        self.env.cr.execute("UPDATE event_checkpoint SET rules = 'older'")
        _answer, folded = self.asked(self.state_at)
        self.assertEqual(folded, CHECKPOINT_INTERVAL + 5)

    def test_a_wrong_one_is_found_by_a_check_and_gone_after_a_rebuild(self):
        self.fill(CHECKPOINT_INTERVAL + 5)
        self.env.cr.execute("""UPDATE event_checkpoint SET state = '{"total": 7}'""")
        handler = self.store._find_handler("counter")

        def wrong():
            folded = self.store._fold_streams("counter", [self.key("LONG")])
            return self.checkpoints._differences(handler, "counter", folded)

        (drift,) = wrong()
        self.assertEqual((drift["kind"], drift["aggregate_id"]), ("checkpoint", "LONG"))
        self.assertIn(f"version {CHECKPOINT_INTERVAL} ", drift["message"])
        folded = self.store._fold_streams("counter", [self.key("LONG")])
        self.checkpoints._retake(handler, "counter", folded)
        self.assertEqual(wrong(), [])
        state = json.loads(self.state_at(version=CHECKPOINT_INTERVAL)["state_json"])
        self.assertEqual(state["total"], CHECKPOINT_INTERVAL)

    def test_a_rebuild_takes_those_that_are_missing(self):
        self.fill(CHECKPOINT_INTERVAL + 5)
        self.env.cr.execute("DELETE FROM event_checkpoint")
        folded = self.store._fold_streams("counter", [self.key("LONG")])
        handler = self.store._find_handler("counter")
        self.checkpoints._retake(handler, "counter", folded)
        self.assertEqual(self.versions(), [CHECKPOINT_INTERVAL])

    def test_a_timeline_begins_at_one(self):
        self.fill(CHECKPOINT_INTERVAL + 5)
        events = self.store.search([("aggregate_id", "=", "LONG")], limit=2)
        changes, folded = self.asked(lambda: self.env["event.timeline"]._changes(events))
        self.assertEqual(len(changes), 2)
        self.assertLess(folded, CHECKPOINT_INTERVAL)

    def test_another_rule_has_another_digest(self):
        handler = self.env["counter.snapshot.handler"]
        digest = handler._rules_digest()
        self.patch(CounterSnapshotHandler, "_evolve", lambda handler, state, event: state)
        self.registry.clear_cache()
        self.assertNotEqual(handler._rules_digest(), digest)
        self.addCleanup(self.registry.clear_cache)

    def test_code_is_spelled_alike_in_every_process(self):
        program = (
            f"import runpy; code_repr = runpy.run_path({code_digest.__file__!r})['code_repr']\n"
            "def rule(x):\n    return x in {'a', 'b', 'c', 'd', 'e'} or (lambda: 'f')()\n"
            "print(code_repr(rule.__code__))"
        )
        said = {
            subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                check=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in "123"
        }
        self.assertEqual(len(said), 1)
        self.assertGreater(len(said.pop()), 40)
