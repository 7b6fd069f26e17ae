"""Given / when / then, and a lint, for boundaries; ``event_sourcing.testing`` hands them out."""

from copy import deepcopy
from dataclasses import replace

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.testing import as_event, check
from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise
from odoo.addons.event_sourcing_base.no_cursor import without_database


class BoundaryScenario:
    """One story of many aggregates and the keys of one boundary, folded in memory.

    An event is ``(aggregate, type)`` or ``(aggregate, type, payload)``, the aggregate written
    as ``"rental/R1"``.
    """

    def __init__(self, env, name):
        boundaries = env(su=True)["event.boundary"]
        model = boundaries._names().get(name)
        assert model is not None, f"there is no boundary {name}"
        self._boundary = boundaries.env[model]
        self._aggregates, self._keys, self._refusal = {}, {}, None

    def given(self, *events):
        """Fold what happened before; it must not be refused."""
        for event in events:
            self._take(event)
        return self

    def when(self, event):
        """Try one event."""
        try:
            self._take(event)
            self._refusal = None
        except UserError as error:
            self._refusal = str(error)
        return self

    def then(self, expected):
        """Check what became of it.

        :param expected: a dict of keys with what must be in their states, or ``rejected(…)``
        :raise AssertionError: when it is otherwise
        """
        if not isinstance(expected, dict):
            check(expected, self._refusal, self._keys)
            return self
        for key, part in expected.items():
            state = self._keys.get(str(key), self._boundary._initial_state())
            check(part, self._refusal, state)
        return self

    def _take(self, event):
        aggregate, event_type, *payload = event
        model_name, _slash, aggregate_id = aggregate.partition("/")
        handler = self._boundary._handler_of(model_name)
        why = self._boundary.env["snapshot.handler.registry"]._switched_off(model_name)
        assert handler is not None, why or f"no handler folds {model_name}"
        before, version = self._aggregates.get(aggregate, (handler._initial_state(), 0))
        value = as_event(handler, (event_type, *(payload or ({},))), model_name, version + 1)
        value = replace(value, aggregate_id=aggregate_id)
        after = handler._fold_new(deepcopy(before), value)
        changed = self._decide(handler._upcast(value), before, after)
        self._aggregates[aggregate] = after, version + 1
        self._keys.update(changed)

    def _decide(self, event, before, after):
        """Return the states of the keys that an event changes; it is asked without a database."""
        if event.event_type not in self._boundary._event_types().get(event.model_name, ()):
            return {}
        boundary, cursor = without_database(self._boundary)
        changed = {}
        for key, about in boundary._keys_of(event, before, after).items():
            state = self._keys.get(key, boundary._begin_state())
            changed[key] = boundary._decided(state, about, key)
        assert not cursor.statements, f"asks the database: {cursor.statements[0]}"
        return changed


def lint_boundary(env, name, histories):
    """Put a boundary through what appends and rebuilds rely on.

    :param str name: of the boundary
    :param list histories: lists of events as scenarios take them; refused ones may be among them
    :return: list of sentences, one per problem; empty when all is well
    """
    boundaries = env(su=True)["event.boundary"]
    model = boundaries._names().get(name)
    assert model is not None, f"there is no boundary {name}"
    boundary = boundaries.env[model]
    problems = [*boundary._problems(), *boundary._hints()]
    for number, history in enumerate(histories, 1):
        found = _lint_values(env, name, history) or _lint_stored(env, boundary, history)
        problems += [f"history {number}: {problem}" for problem in found]
    return problems


def _lint_values(env, name, history):
    """Check each event of a history in memory: pure, deterministic, JSON."""
    story = BoundaryScenario(env, name)
    boundary = type(story._boundary)
    evolve, found = boundary._evolve, []

    def watched(self, state, event, key):
        before = canonical([state, event.payload, event.details])
        try:
            first = evolve(self, state, event, key)
        finally:
            if canonical([state, event.payload, event.details]) != before:
                found.append(f"{event.event_type} changes its arguments; return a new state")
        if isinstance(first, dict) and normalise(first) != first:
            found.append(f"{event.event_type} returns values that JSON gives back differently")
        if canonical(evolve(self, deepcopy(state), event, key)) != canonical(first):
            found.append(f"{event.event_type} evolves to different states: a clock, a random?")
        return first

    boundary._evolve = watched
    try:
        for event in history:
            try:
                story.when(event)
            except Exception as error:
                found.append(f"{event[1]} raises {type(error).__name__}: {error}")
                break
    finally:
        boundary._evolve = evolve
    return list(dict.fromkeys(found))


def _lint_stored(env, boundary, history):
    """Append a history for real, one by one and as a batch, and fold both from what is stored."""
    store, states = env["event.store"].sudo(), {}
    for way in ("one by one", "batch"):
        savepoint = env.cr.savepoint(flush=True)
        try:
            calls = [
                {
                    "model_name": aggregate.partition("/")[0],
                    "aggregate_id": f"lint {aggregate.partition('/')[2]}",
                    "event_type": event_type,
                    "payload": payload[0] if payload else {},
                    "policy": "record",
                }
                for aggregate, event_type, *payload in history
            ]
            for some in [calls] if way == "batch" else [[call] for call in calls]:
                store.append_batch(some)
            rows = env["event.boundary.state"].sudo()
            rows.invalidate_model()
            rows = rows.search(
                [("boundary", "=", boundary._boundary_name()), ("company_id", "=", env.company.id)],
                order="id desc",
                limit=1000,
            )
            states[way] = {row.key: row.state for row in rows}
            for row in rows:
                place = row.company_id.id, row.boundary, row.key
                _count, state, problem = boundary._fold_key(place)
                if row.version and (problem or canonical(state) != canonical(row.state)):
                    return [f"{row.key}: folding its events again gives {problem or state}"]
        finally:
            savepoint.close(rollback=True)
    if canonical(states["batch"]) != canonical(states["one by one"]):
        return ["a batch gives something else than the same events one by one"]
    return []
