"""The digest of a handler's rules: another one whenever a fold could come to something else."""

import functools
import json
import os
import re
import subprocess
import sys
import types
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from operator import itemgetter
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.tools import SQL

from odoo.addons.event_sourcing.transitions import PayloadField, Transition
from odoo.addons.event_sourcing_base import code_digest, column_values
from odoo.addons.event_sourcing_base import humanize as helpers
from odoo.addons.event_sourcing_base.models.rules_digest import foreign_code
from odoo.addons.event_sourcing_base.reach import Reach
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler

RATE = 1
TABLE = {"low": {"rate": 1}}
THIS = sys.modules[__name__]


def made(text, name="f", **names):
    """Return what a text of Python makes, with these names in its module."""
    names.setdefault("__name__", "rules")
    exec(text, names)
    return names[name]


def rate():
    return RATE


def indirect():
    return rate()


def by_table():
    return TABLE["low"]["rate"]


class Prices:
    factor = 1

    def price(self):
        return self.factor


class Kind(Enum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Band:
    limit: int
    rates: dict = field(default_factory=dict)


Pair = namedtuple("Pair", "first second")


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def counting(step):
    return lambda total: total + step


def rules_class(step):
    class Rules:
        value = step

    return Rules


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


def dispatching(step):
    @functools.singledispatch
    def rule(value):
        return value

    rule.register(int, lambda value: value + step)
    return rule


def ring(value):
    found = {"value": value}
    found["self"] = found
    return found


class Mixin:
    _bonus = 1

    def bonus(self):
        return self._bonus


def uses_module():
    return helpers.spaced("x")


def uses_enum():
    return Kind.LOW


def uses_class():
    return Prices().price()


def imports_while_it_runs():
    from odoo.addons.event_sourcing_base import column_values as found

    return found.MISSING


def inner():
    return [(lambda x: x + RATE)(x) for x in range(3)]


PAIRS = {
    "a number": (1, 10),
    "a whole number and a truth": (1, True),
    "a number and its float": (1, 1.0),
    "a text": ("a", "b"),
    "a decimal": (Decimal("1.10"), Decimal("1.1")),
    "a day": (date(2026, 1, 1), date(2026, 1, 2)),
    "a duration": (timedelta(1), timedelta(2)),
    "a list": ([1, [2]], [1, [3]]),
    "a list and a tuple": ([1], (1,)),
    "a dict": ({"a": {"b": 1}}, {"a": {"b": 2}}),
    "the order of a dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "a set": ({"a", "b"}, {"a", "c"}),
    "a frozenset of tuples": (frozenset({("a", 1)}), frozenset({("a", 2)})),
    "a default": (defaultdict(list, a=1), defaultdict(set, a=1)),
    "an ordered dict": (OrderedDict(a=1), OrderedDict(a=2)),
    "a read-only dict": (types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})),
    "a namespace": (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
    "a pattern": (re.compile("a"), re.compile("b")),
    "flags of a pattern": (re.compile("a"), re.compile("a", re.I)),
    "an enum": (Kind.LOW, Kind.HIGH),
    "a dataclass": (Band(1, {"a": 1}), Band(1, {"a": 2})),
    "a named tuple": (Pair(1, 2), Pair(1, 3)),
    "an object": (Slotted({"a": 1}), Slotted({"a": 2})),
    "a getter": (itemgetter("a"), itemgetter("b")),
    "a transition": (Transition("open"), Transition("closed")),
    "a payload field": (PayloadField("integer", minimum=1), PayloadField("integer", minimum=2)),
    "a lambda": (lambda self: 1, lambda self: 2),
    "a lambda in a dict": ({"a": lambda x: x + 1}, {"a": lambda x: x - 1}),
    "a default argument": (lambda x=1: x, lambda x=2: x),
    "a keyword's default": (lambda *, x=1: x, lambda *, x=2: x),
    "a closure": (counting(1), counting(2)),
    "two closures": ([counting(1), counting(2)], [counting(2), counting(1)]),
    "a partial": (functools.partial(max, 1), functools.partial(max, 2)),
    "a partial of a function": (
        functools.partial(made("def f(): return 1")),
        functools.partial(rate),
    ),
    "a partial method": (functools.partialmethod(rate, 1), functools.partialmethod(rate, 2)),
    "a static method": (staticmethod(lambda: 1), staticmethod(lambda: 2)),
    "a class method": (classmethod(lambda cls: 1), classmethod(lambda cls: 2)),
    "a property": (property(lambda self: 1), property(lambda self: 2)),
    "a cached property": (
        functools.cached_property(lambda self: 1),
        functools.cached_property(lambda self: 2),
    ),
    "a cached function": (
        functools.lru_cache(made("def f(): return 1")),
        functools.lru_cache(made("def f(): return 2")),
    ),
    "a decorated function": (
        logged(made("def f(): return 1")),
        logged(made("def f(): return 2")),
    ),
    "a nested function": (
        made("def f():\n    return (lambda: 1)()"),
        made("def f():\n    return (lambda: 2)()"),
    ),
    "what is caught": (
        made("def f():\n try: g()\n except KeyError: pass"),
        made("def f():\n try: g()\n except ValueError: pass"),
    ),
    "a constant of another module": (
        made("def f(): return X", X=1),
        made("def f(): return X", X=2),
    ),
    "a bound method": ({"a": 1}.get, {"a": 2}.get),
    "a class": (rules_class(1), rules_class(2)),
    "an object of a made class": (rules_class(1)(), rules_class(2)()),
    "what holds itself": (ring(1), ring(2)),
    "a field": (fields.Integer(default=1), fields.Integer(default=2)),
    "the function of a field": (
        fields.Integer(compute=lambda self: 1),
        fields.Integer(compute=lambda self: 2),
    ),
    "a sort key": (
        functools.cmp_to_key(lambda one, other: 1),
        functools.cmp_to_key(lambda one, other: 2),
    ),
    "a dispatch": (dispatching(1), dispatching(2)),
    "a kind of kinds": (list[int] | None, list[str] | None),
    "a statement": (SQL("SELECT 1"), SQL("SELECT 2")),
}
# (a function, the module or class of what it names, the name, another value)
NAMED = {
    "a constant": (rate, THIS, "RATE", 2),
    "through a helper": (indirect, THIS, "RATE", 2),
    "in a nested function": (inner, THIS, "RATE", 2),
    "a helper": (indirect, THIS, "rate", lambda: 3),
    "a table": (by_table, THIS, "TABLE", {"low": {"rate": 2}}),
    "a class": (uses_class, Prices, "factor", 2),
    "a method of a class": (uses_class, Prices, "price", lambda self: 7),
    "a member": (uses_enum, THIS, "Kind", Enum("Kind", {"LOW": 5})),
    "a function of another module": (uses_module, helpers, "spaced", lambda text: ""),
    "what is imported while it runs": (imports_while_it_runs, column_values, "MISSING", (None,)),
}


def digest_of(value):
    reach = Reach(foreign_code)
    reach.add("value", value)
    return reach.digest()


class TestRulesDigest(EventCase):
    def setUp(self):
        super().setUp()
        self.handler = self.env["counter.snapshot.handler"]
        self.addCleanup(self.registry.clear_cache)

    def digest(self, handler=None):
        self.registry.clear_cache()
        return (self.handler if handler is None else handler)._rules_digest()

    def attribute(self, value, name="_rule"):
        """Return the digest with an attribute of the handler's class."""
        setattr(CounterSnapshotHandler, name, value)
        try:
            return self.digest()
        finally:
            delattr(CounterSnapshotHandler, name)

    def test_every_kind_of_value_counts(self):
        before = self.digest()
        for kind, (one, other) in PAIRS.items():
            with self.subTest(kind=kind):
                digest = self.attribute(one)
                self.assertNotEqual(digest, before)
                self.assertEqual(digest, self.attribute(one))
                self.assertNotEqual(digest, self.attribute(other))
                self.assertNotEqual(digest_of({"in": [one]}), digest_of({"in": [other]}))
        self.assertEqual(self.digest(), before)

    def test_what_a_function_names_counts(self):
        for kind, (function, owner, name, other) in NAMED.items():
            with self.subTest(kind=kind):
                digest = self.attribute(function)
                with patch.object(owner, name, other):
                    self.assertNotEqual(self.attribute(function), digest)
                self.assertEqual(self.attribute(function), digest)

    def test_a_plain_class_above_the_handler_counts(self):
        class Own(Mixin):
            pass

        before = digest_of(Own)
        with patch.object(Mixin, "_bonus", 10):
            self.assertNotEqual(digest_of(Own), before)
        self.assertEqual(digest_of(Own), before)

    def test_what_other_classes_of_the_handler_say_counts(self):
        base = self.env.registry["snapshot.handler"]
        for owner, name, value in (
            (type(self.handler), "_initial_status", "closed"),
            (base, "_event_icons", {"Added": "fa-plus"}),
            (CounterSnapshotHandler, "_ended_statuses", ("closed",)),
            (CounterSnapshotHandler, "_rules_version", 2),
        ):
            with self.subTest(name=name):
                before = self.digest()
                if name in vars(owner) or owner is not CounterSnapshotHandler:
                    with patch.object(owner, name, value):
                        self.assertNotEqual(self.digest(), before)
                else:
                    self.assertNotEqual(self.attribute(value, name), before)
        self.assertEqual(self.handler._rules_version, 1)

    def test_handlers_differ(self):
        names = ("counter", "ticket", "parcel", "prefixed", "strict", "witness")
        digests = {self.digest(self.store._find_handler(name)) for name in names}
        self.assertEqual(len(digests), len(names))

    def test_words_about_code_do_not_count(self):
        plain = "def f(x):\n    y = x + 1\n    return (lambda: y)()"
        spoken = (
            'def f(x):\n    "What it does."\n\n    # Why.\n    y = x + 1\n\n'
            "    return (lambda: y)()  # so"
        )
        self.assertEqual(digest_of(made(plain)), digest_of(made(spoken)))
        one = made('class K:\n    "One."\n    def f(self): return 1', "K")
        other = made(
            '\n\nclass K:\n    "Another."\n\n    def f(self):\n        "!"\n        return 1', "K"
        )
        self.assertEqual(digest_of(one), digest_of(other))

    def test_names_alone_stand_for_the_code_of_others(self):
        self.assertIn("odoo", foreign_code("odoo.tools.float_utils"))
        self.assertIn("odoo", foreign_code("odoo.addons.base.models.res_partner"))
        self.assertEqual(foreign_code("json"), "json")
        self.assertIn("psycopg2 2", foreign_code("psycopg2.extensions"))
        self.assertIsNone(foreign_code("odoo.addons.event_sourcing_base.humanize"))
        self.assertIsNone(foreign_code(__name__))

    def test_asking_again_costs_nothing(self):
        self.digest()
        self.patch(Reach, "digest", lambda reach: self.fail("looked again"))
        self.handler._rules_digest()

    def test_it_is_the_same_in_every_process(self):
        program = f"""
import sys, types
package = types.ModuleType("engine")
package.__path__ = [{str(Path(code_digest.__file__).parent)!r}]
sys.modules["engine"] = package
from engine.reach import Reach
import re, enum, dataclasses, decimal, functools, threading, weakref

class Kind(enum.Enum):
    ONE, TWO = 1, 2

@dataclasses.dataclass(frozen=True)
class Band:
    limit: int

class Thing:
    pass

CHOICES = {{"a", "b", "c", "d", ("e", frozenset("fghij")), Kind.ONE, Kind.TWO, Band(1), Band(2)}}
THINGS = [Thing(), object(), threading.Lock(), weakref.ref(Band), iter(()), print, len, [].append]

class Rules(Thing):
    choices = CHOICES | {{"x", "y"}}
    things = THINGS
    made = {{name: functools.partial(max, name) for name in ("p", "q")}}

    def rule(self, x):
        return x in {{"a", "b", "c"}} and CHOICES, THINGS, decimal.Decimal(1), sys.path

reach = Reach(lambda module: module if module in sys.stdlib_module_names else None)
reach.add_class(Rules)
print(reach.digest(), len(reach._lines))
"""
        said = {
            subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                check=True,
                text=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in "1234"
        }
        self.assertEqual(len(said), 1)
        self.assertGreater(int(said.pop().split()[1]), 8)

    def test_a_checkpoint_of_another_constant_does_not_count(self):
        def evolve(handler, state, event):
            return {"total": state.get("total", 0) + handler._bonus}

        self.patch(CounterSnapshotHandler, "_evolve", evolve)
        CounterSnapshotHandler._bonus = 1
        self.addCleanup(delattr, CounterSnapshotHandler, "_bonus")
        self.registry.clear_cache()
        call = {"model_name": "counter", "aggregate_id": "LONG", "event_type": "Added"}
        self.store.append_batch([{**call, "payload": {"amount": 1}} for _number in range(105)])
        CounterSnapshotHandler._bonus = 10
        self.registry.clear_cache()
        totals = [
            json.loads(self.store.state_at("counter", "LONG", version=v)["state_json"])["total"]
            for v in (99, 100, 101, 105)
        ]
        self.assertEqual(totals, [990, 1000, 1010, 1050])
