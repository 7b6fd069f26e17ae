"""Code as a text: two functions that do the same have the same, in every process."""

import dis
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

HAS_DOCSTRING = 0x4000000  # a flag of code since Python 3.13


class CodeText(NamedTuple):
    """What a piece of code does, and which names it looks up.

    :ivar str text: without line numbers, docstrings and file names
    :ivar frozenset names: those that it looks for in its module
    :ivar frozenset attributes: those that it looks for in something else
    :ivar tuple imports: ``(level, module name)`` of what it imports while it runs
    """

    text: str
    names: frozenset
    attributes: frozenset
    imports: tuple


def code_repr(value):
    """Return code, or a constant in it, as a text that depends on nothing else."""
    if isinstance(value, CodeType):
        return code_text(value).text
    if isinstance(value, frozenset):
        return f"frozenset {sorted(map(code_repr, value))}"
    if isinstance(value, tuple):
        return f"({', '.join(map(code_repr, value))})"
    return f"{type(value).__name__} {value!r}"


@lru_cache(maxsize=10000)
def code_text(code):
    """Return the :class:`CodeText` of a code object, with the code that is in it."""
    parameters = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4)
    lines = [
        f"{code.co_flags & ~HAS_DOCSTRING} {code.co_argcount} {code.co_posonlyargcount}",
        f"{code.co_kwonlyargcount} {code.co_varnames[: parameters + bool(code.co_flags & 8)]}",
        getattr(code, "co_exceptiontable", b"").hex(),
    ]
    names, attributes, imports, constants = set(), set(), [], [0, 0]
    for step in dis.get_instructions(code):
        value = step.arg
        if step.opcode in dis.hasconst or step.opname == "LOAD_SMALL_INT":
            value = code_repr(step.argval)
            constants = [constants[-1], step.argval]
        elif step.opname == "IMPORT_NAME":
            imports.append((constants[0], step.argval))
        if step.opcode in dis.hasname:
            value = step.argval
            module = step.opname.endswith(("_GLOBAL", "_NAME", "_FROM_DICT_OR_GLOBALS"))
            (names if module else attributes).add(str(value))
        elif step.opcode in dis.haslocal or step.opcode in dis.hasfree:
            value = step.argval
        lines.append(f"{step.opname} {value}")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = code_text(constant)
            names |= inner.names
            attributes |= inner.attributes
            imports += inner.imports
    return CodeText("\n".join(lines), frozenset(names), frozenset(attributes), tuple(imports))
