from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from odoo import api, models

from odoo.addons.event_sourcing_base.canonical_json import normalise

from .event_consumer import EVERYTHING


@dataclass(frozen=True)
class Timeout:
    """An event that comes when it is due, unless the process has ended by then."""

    event_type: str
    at: datetime
    payload: dict = field(default_factory=dict)


class EventProcess(models.AbstractModel):
    """A reaction that remembers: several events, over time, lead to what it does.

    ::

        class PaymentProcess(models.AbstractModel):
            _name = "trip.payment.process"
            _inherit = "event.process"
            _subscribes = {"trip": ("TripBooked", "TripPaid")}
            _timeout_model_name = "trip.payment"

            def _process_key(self, event):
                return event.aggregate_id

            def _evolve(self, state, event):
                return {**state, "paid": event.event_type == "TripPaid"}

            def _decide(self, state, event):
                if event.event_type == "TripBooked":
                    return [self._schedule("PaymentDue", event.timestamp + timedelta(days=7))]
                ...

    What it remembers follows from the events that it was given, and from nothing else.
    """

    _name = "event.process"
    _inherit = "event.reaction"
    _description = "Process"

    # The aggregate type of its timeouts: each instance has a stream of them.
    _timeout_model_name = None
    # Another one, and states are folded anew before they are used.
    _process_version = 1

    # ------------------------------------------------------------------
    # What a process says
    # ------------------------------------------------------------------

    @api.model
    def _process_key(self, event):
        """Return the name of the instance that an event belongs to; nothing: to none."""
        return event.correlation_id or event.event_uuid

    @api.model
    def _initial_state(self):
        return {}

    @api.model
    def _evolve(self, state, event):
        """Return the state after an event: pure, as in a handler.

        :param dict state: JSON; may be changed
        """
        raise NotImplementedError

    @api.model
    def _decide(self, state, event):
        """Return what is to be done now, a list.

        :param dict state: with the event; where an earlier one came late, also with later ones
        :return: dicts with the keys of ``event.store.append``, and :meth:`_schedule`
        """
        return []

    @api.model
    def _ended(self, state):
        """Whether the instance is over: it decides nothing more, its timeouts are cancelled."""
        return False

    @api.model
    def _state_labels(self):
        """Return ``{key of the state: label}`` for screens, in the language of the user.

        Keys that are not here are called as the handlers of its events call them.
        """
        return {}

    @api.model
    def _schedule(self, event_type, at, payload=None):
        """Return the command for a timeout: an event of the instance's own stream.

        :param datetime at: when it is due, UTC
        :raise ValueError: where the process names no stream for them
        """
        if not self._timeout_model_name:
            raise ValueError(f"{self._name} needs a _timeout_model_name for its timeouts.")
        return Timeout(event_type, at, payload or {})

    # ------------------------------------------------------------------
    # How it runs
    # ------------------------------------------------------------------

    @api.model
    def _event_types(self):
        types = super()._event_types()
        if self._timeout_model_name:
            types.setdefault(self._timeout_model_name, (EVERYTHING,))
        return types

    @api.model
    def _instance_key(self, event):
        own = event.model_name == self._timeout_model_name
        return event.aggregate_id if own else self._process_key(event)

    @api.model
    def _line_of(self, event):
        key = self._instance_key(event)
        return f"process/{key}" if key else super()._line_of(event)

    @api.model
    def _react(self, event):
        key = self._instance_key(event)
        if not key:
            return
        instance = self.env["event.process.instance"]._locked(self, event.company_id, key)
        if not instance._take(self, event):
            return
        calls, timeouts = [], []
        for command in self._decide(deepcopy(instance.state), event) or ():
            (timeouts if isinstance(command, Timeout) else calls).append(command)
        if calls:
            self.env["event.store"].append_batch(calls)
        instance._schedule_all(self, event, timeouts)

    @api.model
    def _fold(self, state, events):
        """Return the state after events, as JSON gives it back."""
        for event in events:
            state = normalise(self._evolve(deepcopy(state), event))
        return state
