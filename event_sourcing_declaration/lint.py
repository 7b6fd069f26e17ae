"""What replay could not rely on in a handler, found by folding and appending given histories."""

from copy import deepcopy

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.testing import _handler, as_event
from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, canonical, normalise

from .declared import try_fold


def lint_histories(env, model_name, histories):
    """Put a handler through what replay relies on; see ``testing.lint_handler``."""
    handler = _handler(env, model_name)
    registry = handler.env["snapshot.handler.registry"]
    wrong = registry._declaration_problems(handler)
    if wrong:  # it is switched off, and what its folds do may follow from that
        return wrong
    problems = [sentence for _code, sentence in registry._lint(handler)]
    states = [handler._initial_state()]
    env.registry.clear_cache()  # what is remembered of the database would be no question to it
    for number, history in enumerate(histories, 1):
        found = _lint_values(handler, model_name, history, states)
        found = found or _lint_stored(env, model_name, history)
        problems.extend(f"history {number}: {problem}" for problem in found)
    return problems + _lint_empty_payloads(handler, model_name, states)


def _lint_empty_payloads(handler, model_name, states):
    """Try each event with an empty payload in every state that a history came to."""
    problems = {}
    for state in states:
        for event_type in handler._transitions:
            event = as_event(handler, event_type, model_name, 1)
            asked = try_fold(handler, deepcopy(state), deepcopy(event), everywhere=True).statements
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
        asked = try_fold(handler, deepcopy(state), deepcopy(event), everywhere=True).statements
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
    for aggregate_id, singly in (("lint one by one", True), ("lint batch", False)):
        savepoint = env.cr.savepoint(flush=True)
        try:
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
        finally:  # each begins without the other, which a rule over many streams would count
            savepoint.close(rollback=True)
    if answers[True] != answers[False] or canonical(states[True]) != canonical(states[False]):
        return ["a batch gives something else than the same events one by one"]
    if any(canonical(states[singly]) != canonical(replays[singly]) for singly in states):
        return ["a replay gives something else than the stored snapshot"]
    return []
