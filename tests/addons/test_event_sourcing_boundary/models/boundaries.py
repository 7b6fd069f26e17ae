from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.transitions import Transition


class BookingSnapshotHandler(models.AbstractModel):
    """Bookings of seats; what one booking knows says nothing of the others."""

    _name = "booking.snapshot.handler"
    _description = "Rules of a Booking"
    _inherit = "snapshot.handler"
    _initial_status = "new"
    _transitions = {
        "Booked": Transition("new", "booked"),
        "Moved": Transition("booked"),
        "Cancelled": Transition("booked", "cancelled"),
        "Noted": Transition(),
    }
    _event_aliases = {"Reserved": "Booked"}
    _schema_versions = {"Booked": 2}
    _upcasters = {"Booked": {1: "_booked_2"}}

    def _booked_2(self, payload, event):
        return {**payload, "seat": payload.get("chair")}


class SeatBoundary(models.AbstractModel):
    """A seat is taken by one booking at a time. Two keys per move: the old and the new seat."""

    _name = "seat.boundary"
    _description = "One Booking per Seat"
    _inherit = "event.boundary"
    _subscribes = {"booking": ("Booked", "Moved", "Cancelled")}
    _key_fields = {"Booked": "seat"}

    def _keys(self, event, state):
        return [state["seat"]] if state.get("seat") else []

    def _rule_labels(self):
        return {"seat_taken": _("One booking per seat")}

    def _state_labels(self):
        return {"by": _("Taken By"), "count": _("How Often")}

    def _takes(self, event, key):
        return event.event_type != "Cancelled" and event.payload.get("seat") == key

    def _check_new(self, state, event, key):
        by = state.get("by")
        if self._takes(event, key) and by and by != event.aggregate_id:
            raise RuleViolation(
                _("%(seat)s is taken by %(booking)s.", seat=key, booking=by), "seat_taken"
            )

    def _evolve(self, state, event, key):
        if self._takes(event, key):
            return {**state, "by": event.aggregate_id, "count": state.get("count", 0) + 1}
        return {**state, "by": None}


class VisitorBoundary(models.AbstractModel):
    """A visitor has two bookings at most; where the visitor is BUG, there is a bug."""

    _name = "visitor.boundary"
    _description = "Two Bookings per Visitor"
    _inherit = "event.boundary"
    _subscribes = {"booking": ("Booked",), "queue": ("Left",)}
    _key_fields = {"Booked": "visitor", "Left": "visitor"}

    def _evolve(self, state, event, key):
        if key == "BUG":
            raise KeyError("a bug")
        count = state.get("bookings", 0) + (1 if event.event_type == "Booked" else -1)
        if count > 2:
            raise UserError(_("%s has two bookings already.", key))
        return {"bookings": count}


class QueueSnapshotHandler(models.AbstractModel):
    _name = "queue.snapshot.handler"
    _description = "Another aggregate of the same boundary"
    _inherit = "snapshot.handler"


class NaiveSnapshotHandler(models.AbstractModel):
    """The same rule without a boundary: it looks, and then it is written."""

    _name = "naive.snapshot.handler"
    _description = "Looks for Others and Hopes"
    _inherit = "snapshot.handler"

    def _check_new(self, event):
        snapshots = self.env["event.snapshot"].search([("model_name", "=", "naive")], limit=10000)
        if any(row.state.get("seat") == event.payload["seat"] for row in snapshots):
            raise RuleViolation(_("Taken."), "taken")


class StaySnapshotHandler(models.AbstractModel):
    """Stays in rooms; what is confirmed is what was planned, and the event says nothing of it."""

    _name = "stay.snapshot.handler"
    _description = "Rules of a Stay"
    _inherit = "snapshot.handler"
    _initial_status = "draft"
    _transitions = {
        "Planned": Transition(("draft", "confirmed")),
        "Confirmed": Transition("draft", "confirmed"),
        "Ended": Transition("confirmed", "ended"),
    }


class RoomBoundary(models.AbstractModel):
    """Ten nights per room at most; rooms and nights follow from the state of the stay."""

    _name = "room.boundary"
    _description = "Ten Nights per Room"
    _inherit = "event.boundary"
    _subscribes = {"stay": ("Planned", "Confirmed", "Ended")}

    def _keys(self, event, state):
        if state.get("status") != "confirmed":
            return {}
        return {state["room"]: {"nights": state["nights"]}}

    def _check_new(self, state, event, key):
        others = [n for stay, n in state.get("stays", {}).items() if stay != event.aggregate_id]
        if event.details and sum(others) + event.details["nights"] > 10:
            raise RuleViolation(_("%s is full.", key), "room_full")

    def _evolve(self, state, event, key):
        stays = {k: n for k, n in state.get("stays", {}).items() if k != event.aggregate_id}
        if event.details:
            stays[event.aggregate_id] = event.details["nights"]
        return {"stays": stays}
