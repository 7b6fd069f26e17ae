"""What a handler declares about its event types: rules as a table, payloads as fields."""

import math
from dataclasses import dataclass
from numbers import Real

from .column_values import NoValue, parse_date, parse_moment

MISSING = (None, "")
KINDS = ("text", "date", "datetime", "integer", "number", "boolean")


@dataclass(frozen=True)
class Transition:
    """From which statuses an event is possible, and to which it leads.

    :ivar sources: a status or several; empty means from any
    :ivar target: the status afterwards; None leaves it as it is
    """

    sources: tuple[str, ...] | str = ()
    target: str | None = None

    def __post_init__(self):
        if isinstance(self.sources, str):
            object.__setattr__(self, "sources", (self.sources,))


@dataclass(frozen=True)
class PayloadField:
    """One key of a payload.

    :ivar kind: ``text``, ``date``, ``datetime``, ``integer``, ``number`` or ``boolean``;
        dates travel as text, ``2026-01-31`` and ``2026-01-31 09:30:00``
    :ivar required: whether the event is refused without it
    :ivar minimum: least number allowed, if any
    :ivar model: for an ``integer`` that is the id of a record, its model
    """

    kind: str = "text"
    required: bool = False
    minimum: float | None = None
    model: str | None = None

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
        if self.minimum is not None and value < self.minimum:
            return "minimum"
        return None

    @staticmethod
    def _is_text(value):
        return isinstance(value, str)

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
