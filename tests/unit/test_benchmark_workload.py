from datetime import datetime, timedelta

from odoo.addons.test_event_sourcing.common import EventCase

from benchmarks import workload, year

APPLIED = {("applied", "")}


class TestBenchmarkWorkload(EventCase):
    """What benchmarks append is applied, or rejected, as their figures assume."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env["product.product"].create({"name": "Camera"})

    def outcomes(self, events):
        """Append events of the workload; return how many came to which end, with their reasons."""
        calls = [
            {
                "model_name": "rental",
                "aggregate_id": aggregate_id,
                "event_type": event_type,
                # Their product has the id 1, as in the databases of the benchmarks.
                "payload": {**payload, "product_id": self.product.id}
                if "product_id" in payload
                else payload,
            }
            for aggregate_id, event_type, payload in events
        ]
        answers = self.store.append_batch(calls)
        return {(a["outcome"], a["message"]) for a in answers}

    def test_lives(self):
        self.assertEqual(self.outcomes(workload.rentals("W", 3)), APPLIED)

    def test_a_year(self):
        begun = datetime.now() - timedelta(days=200)
        plan = {"partner_id": self.env.user.partner_id.id, "product_id": self.product.id}
        answers = self.store.append_batch(
            [year.lived(1, begun, step, plan) for step in range(len(workload.LIFE))]
        )
        self.assertEqual({(a["outcome"], a["message"]) for a in answers}, APPLIED)

    def test_buttons(self):
        order = self.env["rental.order"].create(
            {
                "partner_id": self.env.user.partner_id.id,
                "product_id": self.product.id,
                "planned_start": workload.TODAY,
                "planned_end": workload.TODAY,
            }
        )
        form = self.env["rental.order"].get_view(view_type="form")["arch"]
        for button, status in workload.BUTTONS:
            self.assertIn(f'name="{button}"', form)
            self.assertEqual(getattr(order, button)()["type"], "ir.actions.client")
            self.assertEqual(order.status, status)

    def test_prices_and_attempts(self):
        planned = [each for each in workload.rentals("V", 2) if each[1] == "RentalPlanned"]
        self.assertEqual(self.outcomes(planned), APPLIED)
        ids = [aggregate_id for aggregate_id, *_rest in planned]
        self.assertEqual(self.outcomes(workload.new_prices(ids, 4)), APPLIED)
        self.assertEqual(
            {outcome for outcome, _why in self.outcomes(workload.attempts(ids, 4))}, {"rejected"}
        )
