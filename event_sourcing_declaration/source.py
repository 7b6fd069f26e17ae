"""What the code of a handler says about itself, read and not run."""

import ast
import inspect
import textwrap

# Calls whose answer is another one later, whatever the event says.
CHANGING = {
    *("now", "today", "utcnow", "context_today", "context_timestamp"),
    *("uuid1", "uuid4", "getrandbits", "randint", "random", "token_hex", "urandom"),
}


def own_trees(kinds):
    """Return ``{method: its syntax tree}`` of classes, the first class that has one counts.

    :param kinds: classes; those without a source, as a test makes them, are passed over
    """
    trees = {}
    for kind in kinds:
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        except (OSError, TypeError, ValueError, SyntaxError):
            continue
        for node in getattr(tree, "body", ()):
            if isinstance(node, ast.FunctionDef):
                trees.setdefault(node.name, node)
    return trees


def _called(tree):
    """Yield the name of each function or method that a piece of code calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if name:
                yield name


def changing_calls(trees, begin):
    """Return ``{method: name}`` of calls that give something else another day.

    :param dict trees: as :func:`own_trees` gives them
    :param begin: names of the methods to begin with; what they call of ``trees`` is looked at, too
    """
    found, waiting, seen = {}, list(begin), set()
    while waiting:
        method = waiting.pop()
        if method in seen or method not in trees:
            continue
        seen.add(method)
        called = sorted({*_called(trees[method])})
        waiting += called
        for name in CHANGING.intersection(called) - trees.keys():
            found.setdefault(method, name)
    return found


def compared_types(trees):
    """Return the event types with which code compares ``event.event_type``, as a set of texts."""
    found = set()
    for node in (node for tree in trees.values() for node in ast.walk(tree)):
        if not isinstance(node, ast.Compare):
            continue
        parts = [node.left, *node.comparators]
        if any(isinstance(part, ast.Attribute) and part.attr == "event_type" for part in parts):
            for part in parts:
                values = part.elts if isinstance(part, ast.Tuple | ast.List | ast.Set) else [part]
                found.update(
                    value.value
                    for value in values
                    if isinstance(value, ast.Constant) and isinstance(value.value, str)
                )
    return found
