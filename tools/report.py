"""What a run of pytest came to, read from its own report."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

SLOWEST = 12
A_DAY = 86400


class Load:
    """How busy the processors of this machine are while a run lasts.

    :param Path stat: what Linux says of them, in ticks since it began
    """

    def __init__(self, stat=Path("/proc/stat")):
        self._stat = stat
        self._before = self._ticks()

    def _ticks(self):
        """Return ``(all, idle)``; see proc_stat(5)."""
        values = [int(word) for word in self._stat.read_text().splitlines()[0].split()[1:9]]
        return sum(values), values[3] + values[4]

    def text(self):
        """Return a line for the summary."""
        whole, idle = (now - then for now, then in zip(self._ticks(), self._before, strict=True))
        return f"The processors were busy {100 * (whole - idle) / max(whole, 1):.0f} % of the time."


class Report:
    """The counts of one series, why tests were skipped, and what took how long.

    :param str series: the Odoo series
    :param int code: how pytest ended
    :param dict paths: JUnit reports by the name of a part; a missing one, or None, is a failure
    :param dict spent: seconds of a part, as ``(until its database was there, of its tests, of
        processors)``; the last are no more where others use the machine, too
    """

    def __init__(self, series, code, paths, spent=()):
        self.series = series
        self.code = code
        self.passed = self.failed = 0
        self.skipped = []
        self.spent = dict(spent)
        self._files = Counter()
        for part, path in paths.items():
            if path and path.exists():
                for case in ElementTree.parse(path).getroot().iter("testcase"):
                    self._count(case)
                    self._files[self._file(part, case)] += self._seconds(case)
            else:
                self.failed += 1

    def _count(self, case):
        skip = case.find("skipped")
        if skip is not None:
            name = f"{case.get('classname')}::{case.get('name')}"
            self.skipped.append(f"{name}: {skip.get('message')}")
        elif case.find("failure") is not None or case.find("error") is not None:
            self.failed += 1
        else:
            self.passed += 1

    def _file(self, part, case):
        """Return a name for the file of a test: pytest says its module, of a class and a path."""
        words = (case.get("classname") or "").split(".")
        return f"{part}/{next((word for word in words if word.startswith('test_')), words[-1])}"

    def _seconds(self, case):
        """Return how long a test took; 0 where it moved the clock that pytest looks at."""
        seconds = float(case.get("time") or 0)
        return seconds if 0 < seconds < A_DAY else 0

    @property
    def bad(self):
        """Whether something failed, or showed nothing."""
        return bool(self.code or self.failed or self.skipped)

    def text(self):
        """Return the lines of the summary."""
        line = f"Odoo {self.series}: {self.passed} passed, {self.failed} failed,"
        line += f" {len(self.skipped)} skipped"
        line += f" (pytest ended with {self.code})" if self.code else ""
        return "\n    skipped: ".join([line, *self.skipped])

    def times(self):
        """Return the lines that say where the time went: each part, then the slowest files."""
        lines = [
            f"Odoo {self.series}, seconds of each part: its database, its tests, of processors"
            " without PostgreSQL's"
        ]
        for name, seconds in self.spent.items():
            lines.append(f"    {seconds[0]:5.0f} {seconds[1]:6.0f} {seconds[2]:6.0f}  {name}")
        lines.append(f"Odoo {self.series}, seconds of the slowest files")
        for name, seconds in self._files.most_common(SLOWEST):
            lines.append(f"    {seconds:12.0f}  {name}")
        return "\n".join(lines)
