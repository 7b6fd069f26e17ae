"""Kinds of values: those of a payload's keys, and those of typed columns.

Values of a state on their way into columns are parsed here, never by PostgreSQL, which takes
``tomorrow`` for a date, ``false`` for a boolean and drops the zone of a moment; some of what it
takes breaks every list that shows the row.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from functools import lru_cache, partial
from numbers import Real

from .canonical_json import BEYOND_XML

MISSING = (None, "")
# The kinds of a payload's keys, each with a value of its kind.
EXAMPLES = {
    "text": "…",
    "date": "2026-01-31",
    "datetime": "2026-01-31 09:30:00",
    "integer": 1,
    "number": 12000,
    "boolean": True,
    "list": [],
    "object": {},
}
KINDS = tuple(EXAMPLES)
# Business dates; beyond them weeks, zones and date pickers leave what they can count with.
FIRST_YEAR, LAST_YEAR = 1900, 2999
# Beyond these, time zones and weeks leave what Python and Odoo can count with.
YEARS = range(1000, 9000)
INT4 = range(-(2**31), 2**31)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
# Those that hold others, and what JSON gives for them.
NESTED = {"list": list, "object": dict}
REFERENCE = re.compile(r"([a-z0-9_.]+),([1-9][0-9]{0,9})")


class NoValue(ValueError):
    """A value is none of its column.

    :ivar str kind: what the column takes: a kind of ``PayloadField``, ``record`` or
        ``choice``, ``large`` for a whole number that it cannot hold, or ``digits`` for one
        that a double cannot keep
    """

    def __init__(self, kind):
        super().__init__(kind)
        self.kind = kind


def parse_date(value):
    """Return a date from a text like ``2026-01-31``.

    :raise NoValue: for anything else, and for years that no business date has
    """
    if isinstance(value, str):
        value = _date_of(value)
    if type(value) is not date or not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise NoValue("date")
    return value


@lru_cache(maxsize=10_000)  # a batch names few days, and each of them many times
def _date_of(text):
    try:
        return date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def parse_moment(value):
    """Return UTC without zone from a text like ``2026-01-31 09:30:00``, or with a zone.

    :raise NoValue: for anything else, and for years that no business date has
    """
    if isinstance(value, str) and MOMENT.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            raise NoValue("datetime") from None
    if not isinstance(value, datetime):
        raise NoValue("datetime")
    try:
        if value.tzinfo:
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError:
        raise NoValue("datetime") from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise NoValue("datetime")
    return value.replace(microsecond=0)


def given_moment(value):
    """Return a datetime, with its zone where it names one, from what callers may give.

    :param value: datetime, date, Odoo's or ISO 8601 text, or an XML-RPC DateTime
    :raise TypeError, ValueError: for anything else
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time.min)
    if type(value).__name__ == "DateTime":  # xmlrpc.client.DateTime
        return datetime.strptime(str(value), "%Y%m%dT%H:%M:%S")
    if not isinstance(value, str):
        raise TypeError(type(value))
    return datetime.fromisoformat(value.strip().replace("Z", "+00:00"))


def in_utc(moment):
    """Return a moment as UTC without zone, in whole seconds; one without a zone is UTC.

    :raise ValueError, OverflowError: for years that nobody can count with
    """
    if moment.tzinfo:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    if moment.year not in YEARS:
        raise ValueError(moment.year)
    return moment.replace(microsecond=0)


def _whole(value):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise NoValue("integer")
    if value not in INT4:
        raise NoValue("large")
    return value


def _number(value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NoValue("number")
    if int(float(value)) != value and isinstance(value, int):
        raise NoValue("digits")  # read back as a double, it would be another one
    return value


def _boolean(value):
    if not isinstance(value, bool):
        raise NoValue("boolean")
    return value


def _record(value):
    if type(value) is not int or not 1 <= value < INT4.stop:
        raise NoValue("record")
    return value


def _text(value):
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NoValue("text")
    # XML-RPC could not carry these characters; history and state keep them.
    return BEYOND_XML.sub("\ufffd", str(value))


def _reference(models, value):
    found = isinstance(value, str) and REFERENCE.fullmatch(value)
    if not found or found[1] not in models or int(found[2]) not in INT4:
        raise NoValue("record")
    return value


PARSERS = {
    "date": lambda value: str(parse_date(value)),
    "datetime": lambda value: str(parse_moment(value)),
    "integer": _whole,
    "float": _number,
    "monetary": _number,
    "boolean": _boolean,
    "many2one": _record,
    "char": _text,
    "text": _text,
    "html": _text,
    "many2one_reference": _record,
}


def parser_of(field, env):
    """Return the function that parses values for a column, None for other kinds of columns.

    It takes what a state holds, and returns what goes into the row as JSON.

    :raise NoValue: (the function) for what is none of its column
    """
    if field.type not in ("selection", "reference"):
        return PARSERS.get(field.type)
    known = frozenset(field.get_values(env))
    if field.type == "reference":
        return partial(_reference, known)

    def choice(value):
        if not isinstance(value, str) or value not in known:
            raise NoValue("choice")
        return value

    return choice


class FreeKey(str):
    """A key of an object that nobody declared, such as the id of a line."""

    __slots__ = ()


@dataclass(frozen=True)
class PayloadField:
    """One key of a payload.

    :ivar kind: ``text``, ``date``, ``datetime``, ``integer``, ``number``, ``boolean``,
        ``list`` or ``object``; dates travel as text, ``2026-01-31`` and ``2026-01-31 09:30:00``
    :ivar required: whether the event is refused without it
    :ivar minimum: least number allowed, if any; of a list or an object its least length
    :ivar model: for an ``integer`` that is the id of a record, its model
    :ivar items: what each entry of a list is, or each value of an object with free keys
    :ivar fields: ``{key: PayloadField}`` of an object
    """

    kind: str = "text"
    required: bool = False
    minimum: float | None = None
    model: str | None = None
    items: "PayloadField | None" = None
    fields: Mapping | None = field(default=None, hash=False)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"PayloadField knows no kind {self.kind!r}; use one of {KINDS}.")
        object.__setattr__(self, "_is_of_kind", getattr(self, f"_is_{self.kind}"))

    def problem(self, value):
        """Return None when ``value`` is fine, else ``missing``, ``type`` or ``minimum``."""
        if value in MISSING:
            return "missing" if self.required else None
        if not self._is_of_kind(value):
            return "type"
        if self.minimum is not None and self.size(value) < self.minimum:
            return "minimum"
        return None

    def size(self, value):
        """Return what is compared with the minimum."""
        return len(value) if self.kind in NESTED else value

    def inside(self, value):
        """Yield ``(step, field, value)`` of what a list or an object holds.

        A step is a declared key, a :class:`FreeKey`, or the number of an entry, from 1 on.
        """
        if not self._is_of_kind(value):
            return
        if self.fields is not None:
            for key, inner in self.fields.items():
                yield key, inner, value.get(key)
        elif self.items is not None:
            pairs = enumerate(value, 1) if self.kind == "list" else value.items()
            for key, inner in pairs:
                yield FreeKey(key) if isinstance(key, str) else key, self.items, inner

    def walk(self, value, place=()):
        """Yield ``(place, field, value)`` of a value and all that is in it; see :meth:`inside`."""
        yield place, self, value
        for step, inner, held in self.inside(value):
            yield from inner.walk(held, (*place, step))

    def within(self, place):
        """Yield ``(place, field)`` of what is declared: this one and those in it.

        :param str place: how a sentence names this one
        """
        yield place, self
        if isinstance(self.items, PayloadField):
            yield from self.items.within(f"{place}.items")
        for key, inner in self.fields.items() if isinstance(self.fields, Mapping) else ():
            if isinstance(inner, PayloadField):
                yield from inner.within(f'{place}.fields["{key}"]')

    def wrong(self, value, place=()):
        """Return None when all of ``value`` is fine, else ``(place, field, problem)``."""
        if problem := self.problem(value):
            return place, self, problem
        if self.kind not in NESTED:
            return None
        for step, inner, held in self.inside(value):
            if held in MISSING and type(step) is not str:
                return (*place, step), inner, "missing"
            if found := inner.wrong(held, (*place, step)):
                return found
        return None

    def at(self, steps):
        """Return the field that is declared at a place, None where there is none."""
        found = self
        for step in steps:
            if found is not None:
                found = found.items or (found.fields or {}).get(step)
        return found

    @property
    def example(self):
        """A value that fits, made up."""
        if self.fields is not None:
            return {key: inner.example for key, inner in self.fields.items()}
        if self.items is None:
            return EXAMPLES[self.kind]
        count = min(max(1, int(self.minimum or 0)), 10)
        if self.kind == "list":
            return [self.items.example] * count
        return {f"L{number}": self.items.example for number in range(1, count + 1)}

    @staticmethod
    def _is_text(value):
        return isinstance(value, str)

    @staticmethod
    def _is_list(value):
        return isinstance(value, list | tuple)

    @staticmethod
    def _is_object(value):
        return isinstance(value, Mapping)

    @staticmethod
    def _is_boolean(value):
        return isinstance(value, bool)

    @staticmethod
    def _is_integer(value):
        return isinstance(value, int) and not isinstance(value, bool)

    @staticmethod
    def _is_number(value):
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)

    @staticmethod
    def _is_date(value):
        return isinstance(value, str) and _parses(parse_date, value)

    @staticmethod
    def _is_datetime(value):
        return isinstance(value, str) and _parses(parse_moment, value)


def _parses(parse, value):
    try:
        parse(value)
    except NoValue:
        return False
    return True
