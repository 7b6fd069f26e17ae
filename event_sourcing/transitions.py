"""What a handler declares about its event types: rules as a table, payloads as fields."""

from dataclasses import dataclass

from .column_values import PayloadField  # noqa: F401, handlers take it from here


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
