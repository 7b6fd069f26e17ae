from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.transitions import PayloadField, Transition


class CounterSnapshot(models.Model):
    _name = "counter.snapshot"
    _description = "Counter Snapshot"
    _inherit = "snapshot.mixin"

    status = fields.Selection([("open", "Open"), ("closed", "Closed")], readonly=True)
    total = fields.Integer(readonly=True)
    last_day = fields.Date(readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)


class CounterSnapshotHandler(models.AbstractModel):
    """A toy domain: adds numbers up, never below zero."""

    _name = "counter.snapshot.handler"
    _description = "Counter Handler"
    _inherit = "snapshot.handler"
    _snapshot_model = "counter.snapshot"
    _initial_status = "open"
    _transitions = {
        "Added": Transition("open"),
        "Closed": Transition("open", "closed"),
        "Reopened": Transition("closed", "open"),
        "Broken": Transition(),
        "Sql": Transition(),
        "Nothing": Transition(),
        "Odd": Transition(),
    }
    _payload_fields = {
        "Added": {
            "amount": PayloadField("integer", required=True),
            "day": PayloadField("date"),
        },
    }

    def _evolve(self, state, event):
        if event.event_type == "Broken":
            state["total"] = 999  # half a change, then a fault
            raise KeyError(event.payload.get("key", "missing"))
        if event.event_type == "Sql":
            self.env.cr.execute("SELECT 1 / 0")
        if event.event_type == "Nothing":
            return None
        if event.event_type == "Odd":
            return {**state, "odd": {1, 2}}
        total = state.get("total", 0) + event.payload.get("amount", 0)
        if total < 0:
            raise UserError(_("The total must not fall below zero."))
        return {
            **state,
            "total": total,
            "last_day": event.payload.get("day"),
            "partner_id": event.payload.get("partner_id"),
            "trail": (*state.get("trail", ()), event.payload.get("note")),
        }
