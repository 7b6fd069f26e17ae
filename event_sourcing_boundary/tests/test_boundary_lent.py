"""What boundaries are given of a state, and what is made of what they return."""

from copy import deepcopy
from datetime import date
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.addons.event_sourcing.tests.test_properties import CALM, JSON, OBJECT
from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, normalise
from odoo.addons.event_sourcing_boundary.lent import Lent

from .test_boundaries import BoundaryCase

# What JSON gives back otherwise, or cannot hold.
ODD = st.sampled_from(
    [(1, "a"), -0.0, 1e22, float("nan"), "a\0", "\ud800", 10**400, {1: 2}, date.min]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "change", "drop", "move", "append", "swap"]),
        st.lists(st.integers(0, 3), max_size=3),
        st.text("abc\0é", max_size=1),
        JSON | ODD,
    ),
    max_size=5,
)


def stepped(state, steps):
    """Return what a boundary makes of a state; some of these steps change the state itself."""
    for kind, path, key, value in steps:
        # The value may get into the state, where a later step would change it for both.
        state = _stepped(state, kind, path, key, deepcopy(value))
    return state


def _stepped(state, kind, path, key, value):
    places = [name for name, item in state.items() if isinstance(item, dict)]
    if path and places:
        name = places[path[0] % len(places)]
        inner = _stepped(state[name], kind, path[1:], key, value)
        if kind not in ("change", "append", "swap"):
            return {**state, name: inner}
        state[name] = inner
        return state
    if kind == "put":
        return {**state, key: value}
    if kind == "change":
        state[key] = value
    if kind == "drop":
        return {name: item for name, item in state.items() if name != key}
    if kind == "move":
        return {**state, key: next(iter(state.values()), None), "was": dict(state)}
    if kind == "append":
        for item in state.values():
            if isinstance(item, list):
                item.append(value)
    if kind == "swap":  # equal in Python, and no longer the same
        for name, item in state.items():
            if type(item) in (bool, int) and abs(item) < 2:
                state[name] = float(item) if type(item) is int else int(item)
    return state


def outcome(function, value):
    try:
        return repr(function(value))  # 1, 1.0 and True are not the same
    except InvalidJson as error:
        return error.reason, error.path


def counted(model, name):
    return patch.object(model, name, autospec=True, side_effect=getattr(model, name))


class TestLentStates(BoundaryCase):
    @settings(CALM, max_examples=100)
    @given(OBJECT, STEPS)
    @example({"a": {"b": 1}}, [("swap", [0], "", None)])
    @example({"a": {}}, [("change", [0], "b", date.min)])
    @example({"a": {"b": {}}}, [("put", [0], "c", 1), ("append", [], "", 1), ("drop", [0], "b", 1)])
    def test_what_is_shared_is_what_would_be_made_anew(self, state, steps):
        state = normalise(state)
        before, lent = repr(state), Lent(state)
        expected = outcome(normalise, stepped(normalise(state), steps))
        self.assertEqual(outcome(lent.normalise, stepped(lent.copy(), steps)), expected)
        self.assertEqual(repr(state), before)
        self.assertEqual(repr(lent.copy()), before)

    def test_what_did_not_change_is_not_copied(self):
        state = {"a": {"b": [1, {"c": 2}], "d": {}}, "e": [1]}
        lent = Lent(state)
        given_state = lent.copy()
        after = lent.normalise({**given_state, "a": {**given_state["a"], "d": {"x": (1,)}}})
        self.assertEqual(after, {"a": {"b": [1, {"c": 2}], "d": {"x": [1]}}, "e": [1]})
        self.assertIs(after["a"]["b"], state["a"]["b"])
        self.assertIs(lent.normalise(given_state), state)

    def test_a_careless_boundary_changes_nothing_for_who_comes_after(self):
        seen = []
        seats = type(self.env["seat.boundary"])
        evolve = seats._evolve

        def check(boundary, state, event, key):
            seen.append(dict(state))
            state["by"] = "nobody"

        def careless(boundary, state, event, key):
            after = evolve(boundary, state, event, key)
            seen.append(dict(state))
            state.clear()
            return after

        with patch.object(seats, "_check_new", check), patch.object(seats, "_evolve", careless):
            calls = [self.booking("PL1", "Booked", seat="PL-A", visitor=f"V{n}") for n in range(2)]
            calls[1]["aggregate_id"] = "PL2"
            self.store.append_batch(calls)
        self.assertEqual(seen, [{}, {}, {"by": "PL1", "count": 1}, {"by": "PL1", "count": 1}])
        known = self.env["event.boundary"].state_at("seat", "PL-A")
        self.assertEqual(known["state"], {"by": "PL2", "count": 2})

    def test_where_the_state_names_the_key_an_event_is_folded_once(self):
        self.store.append(**self.booking("PF1", "Booked", seat="PF-A"))
        handler = type(self.store._find_handler("booking"))
        seats = type(self.env["seat.boundary"])
        with counted(handler, "_fold_new") as folds, counted(seats, "_keys") as keys:
            self.store.append_batch(
                [
                    self.booking("PF1", "Moved", seat="PF-B"),
                    self.booking("PF1", "Moved", seat="PF-C"),
                ]
            )
        self.assertEqual(folds.call_count, 2)
        self.assertEqual(keys.call_count, 4)  # of each before and after
        self.assertEqual(self.env["event.boundary"].state_at("seat", "PF-C")["version"], 1)
