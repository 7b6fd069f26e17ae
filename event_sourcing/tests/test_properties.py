"""Whatever is thrown at it: replay equals live, and a batch equals one by one."""

import json
import logging
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.event_sourcing.models import event_store_failure, event_store_insert
from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise
from odoo.addons.test_event_sourcing.common import EventCase

CALM = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=5)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["Added", "Added", "Added", "Closed", "Reopened", "Broken", "Unheard"]),
        st.fixed_dictionaries(
            {"amount": st.integers(-9, 9) | st.just("x")}, optional={"note": JSON, "status": TEXT}
        ),
    ),
    max_size=14,
)
GOOD = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.just("Added"),
        st.fixed_dictionaries({"amount": st.integers(0, 9)}, optional={"note": JSON}),
    ),
    max_size=14,
)


class TestProperties(EventCase):
    def setUp(self):
        super().setUp()
        logger = logging.getLogger(event_store_failure.__name__)
        self.addCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL)

    def undone(self, function):
        """Run ``function`` and take back what it stored."""
        savepoint = self.env.cr.savepoint()
        try:
            return function()
        finally:
            savepoint.close(rollback=True)

    @CALM
    @given(OBJECT)
    def test_a_stored_payload_reads_back_as_it_was(self, payload):
        def check():
            event = self.store.create(
                {"model_name": "nobody", "aggregate_id": "N", "event_type": "E", "payload": payload}
            )
            self.env.cr.execute("SELECT payload FROM event_store WHERE id = %s", [event.id])
            (stored,) = self.env.cr.fetchone()
            self.assertEqual(canonical(normalise(stored)), canonical(normalise(payload)))
            self.assertEqual(repr(normalise(stored)), repr(normalise(payload)))

        self.undone(check)

    @CALM
    @given(OBJECT)
    def test_normal_form_is_stable(self, value):
        once = normalise(value)
        self.assertEqual(repr(normalise(once)), repr(once))
        self.assertEqual(repr(normalise(json.loads(canonical(once)))), repr(once))

    def told(self, events, singly):
        """Append events and return all that can be seen of them afterwards."""
        calls = [
            {
                "model_name": "counter",
                "aggregate_id": aggregate_id,
                "event_type": event_type,
                "payload": payload,
                "event_uuid": f"{number}",
                "timestamp": "2026-01-01 00:00:00",
            }
            for number, (aggregate_id, event_type, payload) in enumerate(events)
        ]

        def run():
            answers = (
                [self.store.append(**call) for call in calls]
                if singly
                else self.store.append_batch(calls)
            )
            self.env.flush_all()
            self.env.cr.execute(
                "SELECT aggregate_id, version, state, status, total, last_event_type"
                " FROM counter_snapshot WHERE aggregate_id IN ('A', 'B', 'C') ORDER BY 1"
            )
            snapshots = [(*row[:2], canonical(row[2]), *row[3:]) for row in self.env.cr.fetchall()]
            self.env.cr.execute(
                # Failure events, too; a traceback says how it was called.
                "SELECT aggregate_id, event_type, version, (payload - 'traceback')::text, outcome,"
                " error_class, error_message, broken_rule, error_fingerprint, timestamp,"
                " correlation_id, causation_id, schema_version, company_id,"
                " (SELECT failed.event_uuid FROM event_store AS failed"
                "   WHERE failed.id = event.failed_event_id)"
                " FROM event_store AS event WHERE aggregate_id IN ('A', 'B', 'C')"
                " ORDER BY aggregate_id, version, event_type"
            )
            stored = self.env.cr.fetchall()
            replayed = [
                (aggregate_id, self.store.state_at("counter", aggregate_id)["state_json"])
                for aggregate_id, *_rest in snapshots
            ]
            self.assertEqual(replayed, [(row[0], row[2]) for row in snapshots])
            for aggregate_id in {row[0] for row in stored}:
                versions = [version for version, _outcome in self.stream(aggregate_id)]
                self.assertEqual(versions, list(range(1, len(versions) + 1)))
            kept = [(a["version"], a["outcome"], a["message"], a["event_uuid"]) for a in answers]
            return kept, snapshots, stored

        return self.undone(run)

    @CALM
    @given(EVENTS)
    def test_a_batch_equals_one_by_one_and_a_replay_equals_both(self, events):
        self.assertEqual(self.told(events, singly=False), self.told(events, singly=True))

    @CALM
    @given(EVENTS | GOOD, st.integers(1, 4))
    def test_so_does_a_large_one_that_is_stored_in_pages(self, events, page):
        with patch.object(event_store_insert, "PAGE", page):
            paged = self.told(events, singly=False)
        self.assertEqual(paged, self.told(events, singly=True))
