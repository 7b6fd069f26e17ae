from datetime import timedelta

from odoo import api, models


class TripProcess(models.AbstractModel):
    """A toy process: a trip that is not paid within a week is cancelled. No handler folds trips."""

    _name = "trip.process"
    _inherit = "event.process"
    _description = "Payment of Trips"
    _subscribes = {"trip": ("TripBooked", "TripPaid", "TripCancelled")}
    _timeout_model_name = "trip.payment"

    @api.model
    def _process_key(self, event):
        return event.aggregate_id

    @api.model
    def _evolve(self, state, event):
        state.setdefault("events", []).append(event.event_type)
        return {**state, "last": event.payload.get("note")}

    @api.model
    def _decide(self, state, event):
        if event.event_type == "TripBooked":
            due = event.timestamp + timedelta(days=7)
            return [self._schedule("PaymentOverdue", due, {"trip": event.aggregate_id})]
        if event.event_type == "PaymentOverdue":
            trip = event.payload["trip"]
            return [{"model_name": "trip", "aggregate_id": trip, "event_type": "TripCancelled"}]
        return []

    @api.model
    def _ended(self, state):
        return not {"TripPaid", "TripCancelled"}.isdisjoint(state.get("events", ()))
