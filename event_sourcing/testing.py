"""For people who write handlers: given / when / then, and a lint for any handler.

::

    from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario

    scenario(env, "rental").given("DemoStarted").when("DemoCancelled").then(
        {"status": "cancelled"}
    )
    scenario(env, "rental").given().when("DemoCancelled").then(rejected("demo"))
    assert lint_handler(env, "rental", [["DemoStarted", "DemoCancelled"]]) == []

An event is its type, or ``(type, payload)``, or an :class:`EventData`. For a boundary, which
spans aggregates, it says of which it is::

    scenario(env, boundary="seat").given(("booking/B1", "Booked", {"seat": "A1"})).when(
        ("booking/B2", "Booked", {"seat": "A1"})
    ).then(rejected("taken"))
"""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import normalise

from .event import EventData

__all__ = ["Rejected", "Scenario", "lint_boundary", "lint_handler", "rejected", "scenario"]

FIRST_DAY = datetime(2026, 1, 1, 9)


class _NotThere:
    def __repr__(self):
        return "not there"


NOT_THERE = _NotThere()


@dataclass(frozen=True)
class Rejected:
    """What ``then`` takes for a refusal; ``message`` is a part of the reason."""

    message: str = ""


def rejected(message=""):
    """Return the expectation that the event is refused, with ``message`` in its reason."""
    return Rejected(message)


def scenario(env, model_name=None, *, boundary=None):
    """Start a scenario for the handler of ``model_name``, or for a boundary; nothing is stored."""
    if boundary is not None:
        return _boundary_tools(env).BoundaryScenario(env, boundary)
    return Scenario(env, model_name)


def lint_boundary(env, name, histories):
    """Put a boundary through what appends and rebuilds rely on; see ``event_sourcing_boundary``."""
    return _boundary_tools(env).lint_boundary(env, name, histories)


def _boundary_tools(env):
    tools = env["event.store"]._boundary_tools()
    assert tools is not None, "no addon that knows boundaries is installed"
    return tools


class Scenario:
    """One story of one aggregate, folded in memory; each ``when`` goes on with it."""

    def __init__(self, env, model_name):
        self._handler = _handler(env, model_name)
        self._model_name = model_name
        self._state = self._handler._initial_state()
        self._version = 0
        self._refusal = None

    def given(self, *events):
        """Fold what happened before; it must not be refused."""
        for event in events:
            self._state = self._fold(event)
        return self

    def when(self, event):
        """Try one event after those before; a refused one changes nothing."""
        try:
            self._state = self._fold(event, new=True)
            self._refusal = None
        except UserError as error:
            self._refusal = str(error)
        return self

    def then(self, expected):
        """Check the outcome of ``when``.

        :param expected: a dict, of which every key must be in the state with that
            value; or :func:`rejected`
        :raise AssertionError: when it is otherwise
        """
        check(expected, self._refusal, self._state)
        return self

    def _fold(self, event, new=False):
        self._version += 1
        event = as_event(self._handler, event, self._model_name, self._version)
        fold = self._handler._fold_new if new else self._handler._fold
        return fold(deepcopy(self._state), event)


def check(expected, refusal, state):
    """Raise AssertionError unless what came of ``when`` is what ``then`` expects."""
    if isinstance(expected, Rejected):
        assert refusal is not None, f"not refused; the state is {state}"
        assert expected.message in refusal, f"refused with {refusal!r}, not {expected.message!r}"
        return
    assert refusal is None, f"refused: {refusal}"
    differing = {
        key: (state.get(key, NOT_THERE), value)
        for key, value in expected.items()
        if state.get(key, NOT_THERE) != value
    }
    assert not differing, f"(found, expected) differ: {differing}"


def lint_handler(env, model_name, histories):
    """Put the handler of ``model_name`` through what replay relies on.

    :param histories: list of lists of events, each one story from the beginning;
        refused events may be among them
    :return: list of sentences, one per problem; empty when all is well
    """
    return env["snapshot.handler.registry"]._lint_histories(model_name, histories)


def _handler(env, model_name):
    handler = env(su=True)["snapshot.handler.registry"]._claimed(model_name)
    assert handler is not None, f"no handler serves {model_name}"
    return handler


def as_event(handler, event, model_name, version):
    if isinstance(event, EventData):
        return event
    event_type, payload = (event, {}) if isinstance(event, str) else event
    return EventData(
        schema_version=handler._schema_versions.get(event_type, 1),
        model_name=model_name,
        aggregate_id="example",
        event_type=event_type,
        payload=normalise(payload),
        version=version,
        timestamp=FIRST_DAY + timedelta(hours=version),
    )
