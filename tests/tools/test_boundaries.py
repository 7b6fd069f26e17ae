"""No part of the code reaches another that it does not depend on.

``boundaries_today.txt`` lists the ties that still do. It only shrinks: a new tie fails, and
so does a line for a tie that is gone.
"""

from pathlib import Path

from support import boundaries

from tools.layout import ROOT

TODAY = Path(__file__).with_name("boundaries_today.txt")


def test_no_new_tie_runs_the_wrong_way():
    known = TODAY.read_text(encoding="utf-8").splitlines()
    found = boundaries.ties()
    assert sorted(set(found) - set(known)) == []
    assert sorted(set(known) - set(found)) == [], "these are gone: remove their lines"


def test_every_pattern_still_finds_a_file():
    files = [
        path
        for suffix in ("py", "xml", "js")
        for path in ROOT.glob(f"event_sourcing/**/*.{suffix}")
    ]
    names = [path.relative_to(ROOT).as_posix() for path in files]
    unused = [
        pattern
        for patterns in boundaries.PARTS.values()
        for pattern in patterns
        if not any(boundaries.fnmatch(name, pattern) for name in names)
    ]
    assert unused == []


def test_what_is_within_reach():
    reach = boundaries.within_reach("rental_event_sourcing")
    assert {"event_sourcing", "event_sourcing_history", "event_sourcing_job"} <= reach
    assert "event_sourcing_bi" not in reach
    assert boundaries.within_reach("event_sourcing") == {"event_sourcing"}
