import uuid
from datetime import datetime, timezone

from odoo.addons.event_sourcing.event import RetryStableUuids
from odoo.addons.test_event_sourcing.common import EventCase


class TestGivenUuids(EventCase):
    """What events are called whose callers gave them no UUID."""

    def test_they_are_in_the_order_of_the_events(self):
        event = {"model_name": "counter", "event_type": "Added"}
        events = self.store.create(
            [{**event, "aggregate_id": f"C{number}"} for number in range(300)]
        )
        given = events.mapped("event_uuid")
        self.assertEqual(given, sorted(given))
        self.assertEqual(len(set(given)), 300)

    def test_they_are_uuids_of_the_time(self):
        before = datetime.now(timezone.utc)
        given = uuid.UUID(RetryStableUuids(self.env.cr).next_uuid("counter", "C1"))
        self.assertEqual((given.version, given.variant), (7, uuid.RFC_4122))
        moment = datetime.fromtimestamp((given.int >> 80) / 1000, timezone.utc)
        # A transaction names its events by when it named the first of them.
        self.assertLessEqual(moment, datetime.now(timezone.utc))
        self.assertLess((before - moment).total_seconds(), 24 * 60 * 60)

    def test_a_transaction_that_is_run_again_gives_the_same(self):
        with self.registry.cursor() as cr:
            first = [RetryStableUuids(cr).next_uuid("counter", "C1") for _time in range(2)]
            other = RetryStableUuids(cr).next_uuid("counter", "C2")
            cr.rollback()
            self.assertEqual(
                [RetryStableUuids(cr).next_uuid("counter", "C1") for _time in range(2)], first
            )
            # What is attempted now in the place of something else is something else.
            self.assertNotEqual(RetryStableUuids(cr).next_uuid("counter", "C3"), other)
            cr.commit()
            self.assertNotIn(RetryStableUuids(cr).next_uuid("counter", "C1"), first)

    def test_more_than_its_counter_holds_are_still_different(self):
        attempts = RetryStableUuids(self.env.cr)
        attempts.next_uuid("begins")
        attempts._transaction.count = 2**18 - 2
        given = {attempts.next_uuid("counter", "C1") for _time in range(4)}
        self.assertEqual(len(given), 4)
        for text in given:
            self.assertEqual(str(uuid.UUID(text)), text)
