"""One spelling for every JSON document.

A payload or a state must be the same value before it is stored and after it was
read back from ``jsonb``, or a replay would fold something other than the live
append did. :func:`normalise` gives that value, :func:`canonical` its one spelling.
"""

import json
import math
import sys
from collections.abc import Mapping
from decimal import Decimal

MAX_PAYLOAD_DEPTH = 32
# A state may hold whole payloads some levels down.
MAX_DEPTH = 64
MAX_BYTES = 256 * 1024
# What a double can hold; jsonb gives large floats back as integers.
MAX_INTEGER = int(sys.float_info.max)


class NotJson(ValueError):
    """A value that JSON, or PostgreSQL's ``jsonb``, cannot hold.

    :ivar reason: one of ``type``, ``key``, ``nan``, ``null_character``,
        ``surrogate``, ``integer`` and ``depth``
    :ivar path: where it is, for example ``lines.0.price``
    :ivar value: the offending value, shortened, as text
    """

    def __init__(self, reason, path, value=""):
        self.reason = reason
        self.path = path
        self.value = str(value)[:80]
        super().__init__(f"{reason} at {path or 'the top'}: {self.value}")


def normalise(value, levels=MAX_DEPTH, path=""):
    """Return a fresh copy of ``value`` as ``jsonb`` would give it back.

    Keys are sorted, tuples become lists, and numbers take the form in which
    PostgreSQL returns them (``1e22`` comes back as an integer, ``-0.0`` as ``0.0``).

    :param value: dict, list, tuple, str, int, float, bool or None, nested
    :param int levels: how many levels of objects and lists are allowed
    :param str path: where ``value`` stands in the whole document
    :raise NotJson: when the value cannot be held without loss
    """
    kind = type(value)
    if kind is str:
        return _text(value, path)
    if value is None or kind is bool:
        return value
    if kind is int:
        return _integer(value, path)
    if kind is float:
        return _float(value, path)
    if levels <= 0:
        raise NotJson("depth", path)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise NotJson("key", path, key)
        return {
            _text(key, path): normalise(value[key], levels - 1, f"{path}.{key}" if path else key)
            for key in sorted(value)
        }
    if isinstance(value, list | tuple):
        return [
            normalise(item, levels - 1, f"{path}.{index}" if path else str(index))
            for index, item in enumerate(value)
        ]
    if isinstance(value, str):  # Markup and other subclasses
        return _text(str(value), path)
    if isinstance(value, int):
        return _integer(int(value), path)
    if isinstance(value, float):
        return _float(float(value), path)
    raise NotJson("type", path, type(value).__name__)


def canonical(value):
    """Return the one text of a normalised ``value``: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def pretty(value):
    """Return ``value`` as indented text for people, with readable Japanese."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2)


def parse_object(text):
    """Return the JSON object in ``text``.

    :raise ValueError: when it is no JSON, no object, repeats a key or holds NaN
    """

    def refuse_constant(name):
        raise NotJson("nan", "", name)

    def refuse_double_keys(pairs):
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a key is given twice")
        return result

    try:
        value = json.loads(
            text, parse_constant=refuse_constant, object_pairs_hook=refuse_double_keys
        )
    except RecursionError as error:
        raise NotJson("depth", "") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def rpc_safe(value):
    """Whether XML-RPC can carry ``value``: no null, no integer beyond 32 bits."""
    if value is None:
        return False
    if isinstance(value, bool) or not isinstance(value, int | dict | list):
        return True
    if isinstance(value, int):
        return -(2**31) <= value < 2**31
    return all(map(rpc_safe, value.values() if isinstance(value, dict) else value))


def _text(value, path):
    if "\x00" in value:
        raise NotJson("null_character", path, value.replace("\x00", ""))
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotJson("surrogate", path) from error
    return value


def _integer(value, path):
    if abs(value) > MAX_INTEGER:
        raise NotJson("integer", path)
    return value


def _float(value, path):
    if not math.isfinite(value):
        raise NotJson("nan", path, value)
    text = repr(value)
    if "e+" in text:  # jsonb prints these without an exponent: an integer
        return int(Decimal(text))
    return value or 0.0  # jsonb knows no negative zero
