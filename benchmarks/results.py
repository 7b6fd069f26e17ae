"""What was measured, against what, and whether the target is met."""

import operator
import statistics
from dataclasses import dataclass

COMPARE = {
    "at least": operator.ge,
    "above": operator.gt,
    "at most": operator.le,
    "under": operator.lt,
}


@dataclass(frozen=True)
class Samples:
    """The values of one thing, a run each.

    :ivar values: numbers, in the order of the runs
    :ivar unit: what they count, such as ``events/s``; empty for a ratio
    """

    values: tuple
    unit: str = ""

    @property
    def median(self):
        """The value in the middle."""
        return statistics.median(self.values)

    def over(self, other):
        """Return the ratios of the values of the same runs, as samples."""
        pairs = zip(self.values, other.values, strict=True)
        return Samples(tuple(mine / its for mine, its in pairs))


@dataclass(frozen=True)
class Target:
    """A bound, such as ``at least 0.5``."""

    words: str
    bound: float

    def is_met(self, value):
        """Whether a value keeps to it."""
        return COMPARE[self.words](value, self.bound)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :ivar str what: what was measured
    :ivar Samples ours: None where it could not be measured
    :ivar str against: what it is compared with; empty where the value itself counts
    :ivar Samples other: of the same runs; None where there is nothing to compare with
    :ivar Target target: for the ratio, or for the value itself; None where there is none
    :ivar str note: why something is missing, or what the number means
    """

    what: str
    ours: Samples | None = None
    against: str = ""
    other: Samples | None = None
    target: Target | None = None
    note: str = ""

    @property
    def ratio(self):
        """Ours over the other, run by run; None where one of them is missing."""
        if self.ours is None or self.other is None:
            return None
        return self.ours.over(self.other)

    @property
    def met(self):
        """Whether the median keeps to the target; None where that is not known."""
        measured = self.ratio if self.against else self.ours
        if self.target is None or measured is None:
            return None
        return self.target.is_met(measured.median)


def rates(results, unit="events/s"):
    """Return samples of how many a second, from answers with ``count`` and ``seconds``."""
    return Samples(tuple(each["count"] / each["seconds"] for each in results), unit)


def milliseconds(results):
    """Return samples of the milliseconds that one took."""
    return Samples(tuple(1000 * each["seconds"] / each["count"] for each in results), "ms")
