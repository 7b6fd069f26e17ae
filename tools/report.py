"""What a run of pytest came to, read from its own report."""

import xml.etree.ElementTree as ElementTree


class Report:
    """The counts of one series, and why tests were skipped.

    :param str series: the Odoo series
    :param int code: how pytest ended
    :param pathlib.Path paths: JUnit reports; one that is missing counts as a failure
    """

    def __init__(self, series, code, *paths):
        self.series = series
        self.code = code
        self.passed = self.failed = 0
        self.skipped = []
        for path in paths:
            if path.exists():
                for case in ElementTree.parse(path).getroot().iter("testcase"):
                    self._count(case)
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
