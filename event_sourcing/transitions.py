"""What a handler declares about its event types: rules as a table, payloads as fields."""

from dataclasses import dataclass

from odoo.addons.event_sourcing_base.column_values import PayloadField

__all__ = ["PayloadField", "Transition"]  # what handlers take from here


@dataclass(frozen=True)
class Transition:
    """From which statuses an event is possible, and to which it leads.

    :ivar sources: a status or several; empty means from any
    :ivar target: the status afterwards; None leaves it as it is; of several, ``_evolve`` says
        which one as the ``status`` of the state that it returns
    """

    sources: tuple[str, ...] | str = ()
    target: tuple[str, ...] | str | None = None

    def __post_init__(self):
        if isinstance(self.sources, str):
            object.__setattr__(self, "sources", (self.sources,))

    @property
    def targets(self):
        """The statuses to which it may lead; empty where it leaves the status as it is."""
        if isinstance(self.target, tuple):
            return self.target
        return (self.target,) if self.target else ()
