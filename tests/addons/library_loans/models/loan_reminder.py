from datetime import datetime, timedelta

from odoo import models


class LoanReminderProcess(models.AbstractModel):
    _name = "loan.reminder.process"
    _description = "Reminders of overdue loans"
    _inherit = "event.process"
    _subscribes = {"loan": ("Lent", "Extended", "Returned")}
    _timeout_model_name = "loan.reminder"  # the aggregate type of its own timeouts

    def _process_key(self, event):
        return event.aggregate_id  # one instance per loan

    def _evolve(self, state, event):
        if event.event_type == "ReminderDue":
            return state
        return {**state, **event.payload, "returned": event.event_type == "Returned"}

    def _decide(self, state, event):
        if event.event_type in ("Lent", "Extended"):
            after = datetime.fromisoformat(state["due"]) + timedelta(days=1)
            return [self._schedule("ReminderDue", after, {"due": state["due"]})]
        if event.event_type == "ReminderDue" and event.payload["due"] == state["due"]:
            return [
                {
                    "model_name": "letter",
                    "aggregate_id": event.aggregate_id,
                    "event_type": "ReminderAsked",
                    "payload": {"reader": state["reader"]},
                }
            ]
        return []  # a reminder of a day that has been extended since

    def _ended(self, state):
        return state["returned"]  # timeouts that are left are cancelled
