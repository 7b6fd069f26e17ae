"""What the code of a handler says about itself, read and not run."""

import ast
import inspect
import tokenize
from functools import cache
from typing import NamedTuple

# Calls whose answer is another one later, whatever the event says.
CHANGING = {
    *("now", "today", "utcnow", "context_today", "context_timestamp"),
    *("uuid1", "uuid4", "getrandbits", "randint", "random", "token_hex", "urandom"),
}


class Method(NamedTuple):
    """What is said in the code of a method.

    :ivar frozenset calls: names of the functions and methods that it calls
    :ivar frozenset types: texts with which it compares ``event.event_type``
    """

    calls: frozenset
    types: frozenset


def own_methods(kinds):
    """Return ``{name: Method}`` of classes, the first class that has one counts.

    :param kinds: classes; those without a source are passed over
    """
    methods = {}
    for kind in kinds:
        try:
            path = inspect.getsourcefile(kind)
            classes = _classes_of(path) if path else {}
        except (OSError, TypeError, ValueError, SyntaxError):
            continue
        for name, method in classes.get(kind.__name__, {}).items():
            methods.setdefault(name, method)
    return methods


@cache  # code is loaded once in a process
def _classes_of(path):
    """Return ``{class: {name: Method}}`` of a file."""
    with tokenize.open(path) as file:
        tree = ast.parse(file.read())
    return {
        kind.name: {
            node.name: Method(frozenset(_calls(node)), frozenset(_types(node)))
            for node in kind.body
            if isinstance(node, ast.FunctionDef)
        }
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
    }


def _calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if name:
                yield name


def _types(tree):
    for node in ast.walk(tree):
        parts = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        if any(isinstance(part, ast.Attribute) and part.attr == "event_type" for part in parts):
            for part in parts:
                values = part.elts if isinstance(part, ast.Tuple | ast.List | ast.Set) else [part]
                for value in values:
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        yield value.value


def changing_calls(methods, begin):
    """Return ``{method: name}`` of calls that give something else another day.

    :param dict methods: as :func:`own_methods` gives them
    :param begin: names of the methods to begin with; what they call of ``methods`` counts, too
    """
    found, waiting, seen = {}, list(begin), set()
    while waiting:
        method = waiting.pop()
        if method in seen or method not in methods:
            continue
        seen.add(method)
        called = sorted(methods[method].calls)
        waiting += called
        for name in CHANGING.intersection(called) - methods.keys():
            found.setdefault(method, name)
    return found


def compared_types(methods):
    """Return the event types with which code compares ``event.event_type``, as a set of texts."""
    return {name for method in methods.values() for name in method.types}
