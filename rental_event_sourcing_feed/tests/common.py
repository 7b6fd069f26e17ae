"""What these tests share."""

from datetime import datetime, timedelta

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing_feed.testing_projection import as_feed_event
from odoo.addons.test_event_sourcing.common import EventCase

NOON = datetime(2026, 1, 30, 12)


class RentalFeedCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.write(  # these stories are of any day
            {
                "rental_dates_required": False,
                "rental_backdate_days": 36500,
                "rental_early_days": 36500,
                "rental_max_quantity": 0,
            }
        )
        products = cls.env["product.product"].create([{"name": "Lift"}, {"name": "Crane"}])
        cls.lift, cls.crane = products.ids
        cls.partner = cls.env["res.partner"].create({"name": "Ms Sato"}).id

    def plan(self, start="2026-01-30", end="2026-02-02", **more):
        return {
            "product_id": self.lift,
            "partner_id": self.partner,
            "quantity": 2,
            "planned_start": start,
            "planned_end": end,
            **more,
        }

    def events(self, *steps):
        """Return steps ``(rental, event type, payload)`` as the feed gives them, an hour apart."""
        versions = {}
        found = []
        for number, (rental, event_type, payload) in enumerate(steps, 1):
            versions[rental] = versions.get(rental, 0) + 1
            event = EventData(
                model_name="rental",
                aggregate_id=rental,
                event_type=event_type,
                payload=payload,
                version=versions[rental],
                timestamp=NOON + timedelta(hours=number),
                event_uuid=f"{rental}-{versions[rental]}",
                company_id=self.env.company.id,
                timezone="UTC",
            )
            found.append(as_feed_event(self.env, None, event, number))
        return found

    def append(self, rental, *steps, **options):
        """Append steps, each a type or ``(type, payload)``; return the events."""
        calls = []
        for step in steps:
            event_type, payload = (step, {}) if isinstance(step, str) else step
            calls.append(
                {
                    "model_name": "rental",
                    "aggregate_id": rental,
                    "event_type": event_type,
                    "payload": payload,
                    "timestamp": NOON,
                    **options,
                }
            )
        answers = self.store.append_batch(calls)
        self.assertEqual({answer["outcome"] for answer in answers}, {"applied"})
        return self.store.browse([answer["id"] for answer in answers])
