"""What code can reach, as a text: the same in every process as long as it is the same.

Begun with a class, it follows what the class holds, what the functions in it name in their
modules, what those name, and so on. What is not followed is Python's, Odoo's and other
packages' own code: their name and version stand for it.
"""

import gc
import importlib
import importlib.util
import re
import sys
from enum import Enum
from functools import _lru_cache_wrapper
from hashlib import sha256
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GenericAlias,
    MappingProxyType,
    MethodType,
    ModuleType,
    UnionType,
)

from .code_digest import code_repr, code_text

PLAIN = {type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented), range}
# What Python notes about a class beside what is in it.
NO_RULES = {
    *("__doc__", "__dict__", "__weakref__", "__module__", "__firstlineno__"),
    *("__static_attributes__", "__annotations__", "__annotate__", "__annotate_func__"),
    *("__annotations_cache__", "__abstractmethods__", "_abc_impl"),
    # What Odoo adds.
    *("_module", "_local_sql_constraints", "_field_definitions", "_model_classes__"),
}
# Of these the class alone is told: what is in them changes as time goes by.
MOVING_MODULES = {"weakref", "_weakrefset", "_weakref", "threading", "_thread", "_io"}
MOVING_CLASSES = {"BaseModel", "Environment", "Registry", "BaseCursor"}
FIELD_MODULES = ("odoo.fields", "odoo.orm.fields")
SHORT = 200


class Reach:
    """Collects what can be reached.

    :param foreign: function that gives for a module's name the name and version that stand
        for its code, or None where the code itself counts
    """

    def __init__(self, foreign):
        self._foreign = foreign
        self._lines = []
        self._known = {}  # id -> (the value, so that its id stays its own; its text)
        self._open = set()  # ids of what is being spelled
        self._waiting = []  # functions and classes that were named, and are still to be spelled

    def add(self, name, value):
        """Begin also with ``value``."""
        self._lines.append(f"{name} = {self.spell(value)}")

    def add_class(self, kind):
        """Begin with what a class holds, whosever it is."""
        self._lines.append(self._class_body(kind))

    def digest(self):
        """Return a digest of all that was reached."""
        while self._waiting:
            name, value = self._waiting.pop()
            body = self._globals if isinstance(value, FunctionType) else self._class_body
            self._lines.append(f"{name}: {body(value)}")
        return sha256("\n".join(sorted(self._lines)).encode("utf-8", "replace")).hexdigest()

    def spell(self, value):
        """Return a value as a text."""
        if type(value) in PLAIN:
            return code_repr(value)
        if isinstance(value, type):
            return self._class(value)
        key = id(value)
        if key in self._known:
            return self._known[key][1]
        if key in self._open:
            return f"<{type(value).__name__} around this>"
        self._open.add(key)
        try:
            text = self._spell(value)
        except Exception as error:  # an object that cannot be looked into
            text = f"{self._class(type(value))} {type(error).__name__}"
        finally:
            self._open.discard(key)
        if len(text) > SHORT:
            text = sha256(text.encode("utf-8", "replace")).hexdigest()
        self._known[key] = value, text
        return text

    def _spell(self, value):
        kind = type(value)
        if isinstance(value, CodeType):
            return code_repr(value)
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, ModuleType):
            return self._module(value, None)
        if isinstance(value, MethodType):
            return f"method {self.spell(value.__func__)} of {self.spell(value.__self__)}"
        if isinstance(value, BuiltinFunctionType):
            owner = value.__self__
            owner = "" if owner is None or isinstance(owner, ModuleType) else self.spell(owner)
            return f"builtin {value.__module__}.{value.__qualname__} {owner}"
        if isinstance(value, staticmethod | classmethod):
            return f"{kind.__name__} {self.spell(value.__func__)}"
        if isinstance(value, property):
            parts = (value.fget, value.fset, value.fdel)
            return f"{self._class(kind)} {self._several(parts)}"
        if isinstance(value, _lru_cache_wrapper):
            return f"cached {self.spell(value.__wrapped__)}"
        if isinstance(value, UnionType | GenericAlias):
            origin = getattr(value, "__origin__", None)
            return f"{kind.__name__} {self.spell(origin)} {self._several(value.__args__)}"
        if isinstance(value, re.Pattern):
            return f"pattern {value.pattern!r} {value.flags}"
        if isinstance(value, MappingProxyType):
            return f"proxy {self._pairs(value.items())}"
        if isinstance(value, Enum):
            return f"{self._class(kind)}.{value.name} {self.spell(value._value_)}"
        if isinstance(value, set | frozenset):
            items = sorted(map(self.spell, value))
            return f"{self._class(kind)} {items} {self._pairs(self._own(value))}"
        if kind in (list, tuple):
            return f"{kind.__name__} {self._several(value)}"
        if kind is dict:
            return f"dict {self._pairs(value.items())}"
        return self._instance(value)

    def _several(self, values):
        return f"[{', '.join(map(self.spell, values))}]"

    def _pairs(self, pairs):
        # In their order: a fold can see that of a dict.
        return f"{{{', '.join(f'{self.spell(k)}: {self.spell(v)}' for k, v in pairs)}}}"

    def _own(self, value):
        return sorted(getattr(value, "__dict__", {}).items())

    # ------------------------------------------------------------------
    # Functions
    # ------------------------------------------------------------------

    def _function(self, function):
        """Return the name of a function with its code and what it carries; the rest waits."""
        foreign = self._foreign(function.__globals__.get("__name__"))
        cells = [self._cell(cell, foreign) for cell in function.__closure__ or ()]
        own = [(k, v) for k, v in self._own(function) if k not in NO_RULES]
        carried = [
            self.spell(function.__defaults__),
            self.spell(function.__kwdefaults__),
            *cells,
            self._pairs(own),
        ]
        code = foreign or code_text(function.__code__).text
        name = f"function {function.__module__}.{function.__qualname__}"
        name = f"{name} {sha256(' '.join([code, *carried]).encode()).hexdigest()}"
        if foreign is None:
            self._waiting.append((name, function))
        return name

    def _cell(self, cell, foreign):
        try:
            value = cell.cell_contents
        except ValueError:
            return "empty"
        if foreign is not None and not (
            callable(value) or type(value) in PLAIN or isinstance(value, dict | list | tuple)
        ):
            return type(value).__name__  # somebody else's own affair
        return self.spell(value)

    def _globals(self, function):
        """Return what a function names in its module, and what it imports while it runs."""
        _text, names, attributes, imports = code_text(function.__code__)
        scope = function.__globals__
        found = []
        for name in sorted(names):
            if name in scope:
                value = scope[name]
                is_module = isinstance(value, ModuleType)
                spell = self._module(value, attributes) if is_module else self.spell(value)
                found.append(f"{name} = {spell}")
        for level, name in imports:
            module = self._imported(scope, level, name)
            if module is not None:
                found.append(self._module(module, attributes))
        return "; ".join(found)

    def _imported(self, scope, level, name):
        """Return a module that code imports while it runs, None where it is not followed."""
        package = scope.get("__package__") or ""
        try:
            full = importlib.util.resolve_name("." * level + name, package) if level else name
            if self._foreign(full) is not None:
                return sys.modules.get(full)
            return importlib.import_module(full)
        except Exception:  # it will say so itself when it runs
            return None

    def _module(self, module, attributes):
        """Return of a module what is asked of it.

        :param attributes: names, or None for all that it has
        """
        known = self._foreign(module.__name__)
        key = id(module), attributes
        if key in self._open:
            return f"module {module.__name__}"
        self._open.add(key)
        try:
            found = []
            for name, value in sorted(vars(module).items()):
                if attributes is not None and name not in attributes:
                    continue
                if isinstance(value, ModuleType):
                    inside = value.__name__.startswith(f"{module.__name__}.")
                    if known is None or inside:
                        found.append(self._module(value, attributes))
                elif known is None and not name.startswith("__"):
                    found.append(f"{name} = {self.spell(value)}")
        finally:
            self._open.discard(key)
        return f"module {known or module.__name__} {found}"

    # ------------------------------------------------------------------
    # Classes and their instances
    # ------------------------------------------------------------------

    def _class(self, kind):
        """Return the name of a class; what is in it waits."""
        foreign = self._foreign(kind.__module__)
        if foreign is not None:
            return f"class {foreign} {kind.__qualname__}"
        name = f"class {kind.__module__}.{kind.__qualname__}"
        if id(kind) in self._known:
            return self._known[id(kind)][1]
        self._known[id(kind)] = kind, name
        if "<locals>" in name:  # a function can make several of one name
            name = f"{name} {sha256(self._class_body(kind).encode()).hexdigest()}"
            self._known[id(kind)] = kind, name
        self._waiting.append((name, kind))
        return name

    def _class_body(self, kind):
        bases = [self._class(base) for base in kind.__bases__]
        held = [(k, v) for k, v in sorted(vars(kind).items()) if k not in NO_RULES]
        if issubclass(kind, Enum):  # its members are what they are worth
            held += [("members", list(kind))]
        return f"{kind.__qualname__} {bases} {self._class(type(kind))} {self._pairs(held)}"

    def _instance(self, value):
        """Return the class of an object and what is in it, as its copies would have it."""
        kind = type(value)
        names = {(base.__module__, base.__name__) for base in kind.__mro__}
        if any(module in FIELD_MODULES for module, _name in names):
            args = getattr(value, "_args__", None) or getattr(value, "args", None) or {}
            args = [(k, v) for k, v in sorted(args.items()) if not k.startswith("_")]
            return f"{self._class(kind)} {self._pairs(args)}"
        if kind.__module__ in MOVING_MODULES or any(
            name in MOVING_CLASSES and module.startswith("odoo.") for module, name in names
        ):
            return self._class(kind)
        try:
            reduced = value.__reduce_ex__(2)
        except Exception:
            return f"{self._class(kind)} {self._inside(value)}"
        if isinstance(reduced, str):
            return f"{self._class(kind)} {reduced}"
        how, args, state, items, pairs = (*reduced, None, None, None)[:5]
        if isinstance(state, dict):
            state = dict(sorted(state.items(), key=str))
        return " ".join(
            [
                self._class(kind),
                self.spell(how),
                self.spell(args),
                self.spell(state),
                self._several(items or ()),
                self._pairs(pairs or ()),
            ]
        )

    def _inside(self, value):
        """Return what is in an object that cannot be copied, as far as Python can tell."""
        if isinstance(value, memoryview):
            return code_repr(bytes(value))
        if hasattr(value, "__dict__"):
            return self._pairs(self._own(value))
        kinds = (FunctionType, list, tuple, dict, *PLAIN)
        return self._several(v for v in gc.get_referents(value) if isinstance(v, kinds))
