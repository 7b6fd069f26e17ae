"""How far a reader of the feed has come.

Not an id: events commit in another order than that of their ids, so whoever asks for what is
greater than the last one loses some. A position is what the reader's transaction could see
(``pg_snapshot``): new is what a later transaction sees beyond that.
"""

from dataclasses import dataclass, replace

# Of a reader that has seen nothing.
NOTHING = "1:1:"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the feed, as plain values that a row or a text can hold.

    :ivar str seen: ``pg_snapshot`` whose events the reader has, all of them
    :ivar str until: ``pg_snapshot`` up to which pages are being read, empty between two of them
    :ivar int after: id of the last event that was read of these pages
    :ivar int floor: id up to which all is read, whatever the numbers of transactions say
    :ivar int ceiling: id up to which pages go that are read after a restore, else 0
    :ivar str cluster: identifier of the PostgreSQL cluster that counted the transactions
    """

    seen: str = NOTHING
    until: str = ""
    after: int = 0
    floor: int = 0
    ceiling: int = 0
    cluster: str = ""

    def begin(self, until):
        """Return the position at the begin of pages that end with ``until``."""
        return replace(self, until=until, after=0)

    def advance(self, after):
        """Return the position after a page that is not the last one."""
        return replace(self, after=after)

    def end(self):
        """Return the position after the last page."""
        return Position(seen=self.until, floor=max(self.floor, self.ceiling), cluster=self.cluster)
