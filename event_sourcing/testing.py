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

from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, canonical, normalise

from .declared import statements_of
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
    """One story of one aggregate, folded in memory by its handler."""

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
        """Try one event."""
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
    handler = _handler(env, model_name)
    registry = handler.env["snapshot.handler.registry"]
    problems = [sentence for _code, sentence in registry._lint(handler)]
    wrong = handler._declaration_problems()
    problems += [sentence for sentence in wrong if sentence not in problems]
    states = [handler._initial_state()]
    env.registry.clear_cache()  # what is remembered of the database would be no question to it
    for number, history in enumerate(histories, 1):
        found = _lint_values(handler, model_name, history, states)
        if not found and not wrong:  # of a handler that is switched off nothing is stored
            found = _lint_stored(env, model_name, history)
        problems.extend(f"history {number}: {problem}" for problem in found)
    return problems + _lint_empty_payloads(handler, model_name, states)


def _lint_empty_payloads(handler, model_name, states):
    """Try each event with an empty payload in every state that a history came to."""
    problems = {}
    for state in states:
        for event_type in handler._transitions:
            event = as_event(handler, event_type, model_name, 1)
            asked = statements_of(handler, deepcopy(state), deepcopy(event), everywhere=True)
            if asked:
                problems.setdefault(event_type, _asks(event_type, asked))
            try:
                handler._fold(deepcopy(state), event)
            except UserError:
                continue
            except Exception as error:
                sentence = (
                    f"{event_type} with an empty payload raises {type(error).__name__}: {error};"
                    " refuse it with a UserError"
                )
                problems.setdefault(event_type, sentence)
    return list(problems.values())


def _asks(event_type, statements):
    return (
        f"{event_type} asks the database ({statements[0][:80]}), so that replay would give"
        " something else another day; put what it needs into the payload"
    )


def _lint_values(handler, model_name, history, states):
    """Check each event of one history in memory: pure, deterministic, JSON.

    :param list states: takes the states that the history came to
    """
    state = handler._initial_state()
    for version, event in enumerate(history, 1):
        event = as_event(handler, event, model_name, version)
        name = event.event_type
        asked = statements_of(handler, deepcopy(state), deepcopy(event), everywhere=True)
        if asked:
            return [_asks(name, asked)]
        before = canonical([state, event.payload])
        given_state, given_event = deepcopy(state), deepcopy(event)
        try:
            first = handler._fold(deepcopy(state), event)
        except UserError:
            first = None
        except InvalidJson as error:
            return [f"{name} returns what is no JSON: {error}"]
        except Exception as error:
            return [f"{name} raises {type(error).__name__}: {error}"]
        try:
            raw = handler._checked_evolve(given_state, handler._upcast(given_event))
        except UserError:
            if canonical([given_state, given_event.payload]) != before:
                return [f"{name} changes its arguments before it refuses"]
            continue
        if canonical([given_state, given_event.payload]) != before:
            return [f"{name} changes its arguments; return a new state"]
        if normalise(raw) != raw:
            return [f"{name} returns values that JSON gives back differently"]
        if canonical(handler._fold(deepcopy(state), event)) != canonical(first):
            return [f"{name} folds to different states: is there a clock or a random in it?"]
        state = first
        states.append(state)
    return []


def _lint_stored(env, model_name, history):
    """Append one history for real, event by event and as a batch, and replay both."""
    store = env["event.store"].sudo()
    handler = store._find_handler(model_name)
    calls = [as_event(handler, event, model_name, 0) for event in history]
    answers, states, replays = {}, {}, {}
    savepoint = env.cr.savepoint(flush=True)
    try:
        for aggregate_id, singly in (("lint one by one", True), ("lint batch", False)):
            batch = [
                {
                    "model_name": model_name,
                    "aggregate_id": aggregate_id,
                    "event_type": call.event_type,
                    "payload": call.payload,
                    "timestamp": call.timestamp,
                    "schema_version": call.schema_version,
                    "policy": "record",
                }
                for call in calls
            ]
            found = (
                [store.append(**call) for call in batch] if singly else store.append_batch(batch)
            )
            answers[singly] = [(a["version"], a["outcome"], a["message"]) for a in found]
            key = env.company.id, aggregate_id
            states[singly] = handler._load_states(model_name, [key])[key]
            replays[singly] = store._replay(model_name, key)[1]
    finally:
        savepoint.close(rollback=True)
    if answers[True] != answers[False] or canonical(states[True]) != canonical(states[False]):
        return ["a batch gives something else than the same events one by one"]
    if any(canonical(states[singly]) != canonical(replays[singly]) for singly in states):
        return ["a replay gives something else than the stored snapshot"]
    return []


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
