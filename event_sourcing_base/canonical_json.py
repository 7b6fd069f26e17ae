"""One spelling for every JSON document.

A payload or a state must be the same value before it is stored and after it was
read back from ``jsonb``, or a replay would fold something other than the live
append did. :func:`normalise` gives that value, :func:`canonical` its one spelling.
"""

import json
import math
import re
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from psycopg2.extras import Json

MAX_PAYLOAD_DEPTH = 32
# A state may hold whole payloads some levels down.
MAX_DEPTH = 64
MAX_BYTES = 256 * 1024
# What a double can hold; jsonb gives large floats back as integers.
MAX_INTEGER = int(sys.float_info.max)
CONTAINERS = frozenset((dict, list))
# What no XML-RPC answer may hold: XML 1.0 has no spelling for these characters.
BEYOND_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# What is wrong, for logs and tests; ``_explain_not_json`` says it to users.
REASONS = {
    "type": "JSON holds no {value}",
    "key": "the key {value} is no text",
    "twice": "the key {value} is given twice",
    "nan": "{value} is no finite number",
    "null_character": "a null character in {value!r}",
    "surrogate": "half a character",
    "integer": "too large for a number",
    "digits": "{value} has more digits than a number keeps",
    "depth": "nested too deeply",
}


class InvalidJson(ValueError):
    """A value that JSON, or PostgreSQL's ``jsonb``, cannot hold.

    :ivar reason: a key of ``REASONS``
    :ivar path: where it is, for example ``lines.0.price``
    :ivar value: the offending value, shortened, as text
    """

    def __init__(self, reason, where=None, value=""):
        self.reason = reason
        self.path = _path(where)
        self.value = str(value)[:80]
        problem = REASONS[reason].format(value=self.value)
        super().__init__(f"{self.path}: {problem}" if self.path else problem)


def _path(where):
    """Return a place in a document as text, its keys with dots between them."""
    keys = []
    while where is not None:
        where, key = where
        keys.append(str(key))
    return ".".join(reversed(keys))


def normalise(value, levels=MAX_DEPTH, where=None):
    """Return a fresh copy of ``value`` as ``jsonb`` would give it back.

    Keys are sorted, tuples become lists, and numbers take the form in which
    PostgreSQL returns them (``1e22`` comes back as an integer, ``-0.0`` as ``0.0``).

    :param value: dict, list, tuple, str, int, float, bool or None, nested
    :param int levels: how many levels of objects and lists are allowed
    :param where: where ``value`` stands: what holds it, and its key there; None at the top
    :raise InvalidJson: when the value cannot be held without loss
    """
    kind = type(value)
    if kind is str:
        return _text(value, where)
    if value is None or kind is bool:
        return value
    if kind is int:
        return _integer(value, where)
    if kind is float:
        return _float(value, where)
    if levels > 0 and kind is dict:
        return _object(value, levels, where)
    if levels > 0 and kind is list:
        return _list(value, levels, where)
    if levels <= 0 and isinstance(value, Mapping | list | tuple):
        raise InvalidJson("depth", where)
    if isinstance(value, Mapping):
        return _object(value, levels, where)
    if isinstance(value, list | tuple):
        return _list(value, levels, where)
    if isinstance(value, str):  # Markup and other subclasses
        return _text(str(value), where)
    if isinstance(value, int):
        return _integer(int(value), where)
    if isinstance(value, float):
        return _float(float(value), where)
    raise InvalidJson("type", where, type(value).__name__)


def _object(value, levels, where):
    result = {}
    for key in _sorted_keys(value, where):
        item = value[key]
        kind = type(item)
        # Most values are such; a call for each would take longer than all the rest.
        plain = (kind is str and item.isascii() and "\x00" not in item) or (
            kind is int and -MAX_INTEGER <= item <= MAX_INTEGER
        )
        result[key] = item if plain else normalise(item, levels - 1, (where, key))
    return result


def _sorted_keys(value, where):
    try:
        keys = "".join(value)
    except TypeError:
        raise InvalidJson("key", where, next(k for k in value if not isinstance(k, str))) from None
    if not keys.isascii() or "\x00" in keys:
        for key in value:
            _text(key, where)
    return sorted(value)


def _list(value, levels, where):
    result = []
    for index, item in enumerate(value):
        kind = type(item)
        plain = (kind is str and item.isascii() and "\x00" not in item) or (
            kind is int and -MAX_INTEGER <= item <= MAX_INTEGER
        )
        result.append(item if plain else normalise(item, levels - 1, (where, index)))
    return result


def normalise_beside(value, lent, kept, levels=MAX_DEPTH, where=None):
    """Return what :func:`normalise` does, of an object that was made of another one.

    What it has of that as it was is taken from the normal original, and not looked at again.

    :param dict lent: what ``value`` was made of: an equal copy of ``kept``, still unchanged
    :param dict kept: the original, in normal form; the result shares parts with it
    """
    if value is lent:
        return kept
    if type(value) is not dict or levels <= 0:
        return normalise(value, levels, where)
    result = {}
    for key in _sorted_keys(value, where):
        item, before = value[key], lent.get(key)
        if item is before:
            result[key] = kept.get(key)
        elif type(item) is dict and type(before) is dict:
            result[key] = normalise_beside(item, before, kept[key], levels - 1, (where, key))
        else:
            result[key] = normalise(item, levels - 1, (where, key))
    return result


def sort_keys(value):
    """Return what ``jsonb`` gave back with its keys in order: normal again, as a fresh copy."""
    if type(value) is not dict:
        return [sort_keys(item) if type(item) in CONTAINERS else item for item in value]
    result = {}
    for key in sorted(value):
        item = value[key]
        kind = type(item)
        if kind is dict:
            item = sort_keys(item)
        elif kind is list:
            # Most lists hold plain values; a call for each would take longer than all the rest.
            item = [sort_keys(each) if type(each) in CONTAINERS else each for each in item]
        result[key] = item
    return result


_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode


def canonical(value):
    """Return the one text of a normalised ``value``: sorted keys, no spaces, UTF-8."""
    return _encode(value)


def storable(text):
    """Return a text without what no answer, and half of it no column, could hold."""
    return BEYOND_XML.sub("", text.encode(errors="replace").decode())


def xml_escaped(text):
    """Return a canonical JSON text with escapes for the two characters that only XML forbids."""
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def pretty(value):
    """Return ``value`` as indented text for people, with readable Japanese."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2)


def exact_float(text):
    """Return the number that a decimal ``text`` writes, in ASCII digits.

    :raise InvalidJson: when it has more digits than a double keeps; they would vanish in silence
    :raise ValueError: for what is no number
    """
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    value = float(text)
    if math.isfinite(value):
        try:
            exact = Decimal(repr(value)) == Decimal(text)
        except ArithmeticError:  # an exponent beyond all reason
            exact = False
        if not exact:
            raise InvalidJson("digits", None, text.strip())
    return value


def parse_object(text):
    """Return the JSON object in ``text``.

    :raise ValueError: when it is no object, or as for :func:`parse_json`
    """
    value = parse_json(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def parse_json(text):
    """Return the JSON value in ``text``.

    :raise InvalidJson: when it repeats a key, holds NaN or a number with more digits than a
        double keeps, or than Python reads
    :raise JSONDecodeError: when it is no JSON
    """

    def refuse_constant(name):
        raise InvalidJson("nan", None, name)

    def refuse_double_keys(pairs):
        result = dict(pairs)
        if len(result) != len(pairs):
            names = [name for name, _value in pairs]
            raise InvalidJson("twice", None, next(n for n in names if names.count(n) > 1))
        return result

    try:
        value = json.loads(
            text,
            parse_constant=refuse_constant,
            parse_float=exact_float,
            object_pairs_hook=refuse_double_keys,
        )
    except RecursionError as error:
        raise InvalidJson("depth") from error
    except (InvalidJson, json.JSONDecodeError):
        raise
    except ValueError as error:  # Python reads no integer of thousands of digits
        raise InvalidJson("integer") from error
    return value


def rpc_safe(value):
    """Whether XML-RPC can carry ``value``: no null, no integer beyond 32 bits, XML's characters."""
    if value is None:
        return False
    if isinstance(value, str):
        return not BEYOND_XML.search(value)
    if isinstance(value, bool) or not isinstance(value, int | dict | list):
        return True
    if isinstance(value, int):
        return -(2**31) <= value < 2**31
    if isinstance(value, dict):
        return all(map(rpc_safe, value)) and all(map(rpc_safe, value.values()))
    return all(map(rpc_safe, value))


def _text(value, where):
    if "\x00" in value:
        raise InvalidJson("null_character", where, value.replace("\x00", ""))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidJson("surrogate", where) from error
    return value


def _integer(value, where):
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise InvalidJson("integer", where)
    return value


def _float(value, where):
    if not math.isfinite(value):
        raise InvalidJson("nan", where, value)
    text = repr(value)
    if "e+" in text:  # jsonb prints these without an exponent: an integer
        return int(Decimal(text))
    return value or 0.0  # jsonb knows no negative zero


# ----------------------------------------------------------------------
# Rows on their way into the database; see ``json_rows``
# ----------------------------------------------------------------------


def _plain(value):
    """Return what JSON holds of a value that the ORM prepared for a column."""
    if isinstance(value, Json):
        return value.adapted
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    return str(value)[:19] if isinstance(value, date) else str(value)


cells = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
).encode


def in_one_text(rows):
    """Return JSON objects, each a text, as one text for ``json_to_recordset``."""
    return f"[{','.join(rows)}]"
