"""What ``make test`` makes of its arguments, and of what pytest reports."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools import test as make_test
from tools.addon_databases import below_of, reach_of
from tools.programs import end_of
from tools.report import Load, Report
from tools.say import Stop

XML = """<testsuites><testsuite>
<testcase classname="a" name="good" time="1.25"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="broken"><error message="no"/></testcase>
<testcase classname="a" name="left"><skipped message="because"/></testcase>
</testsuite></testsuites>"""


def targets(monkeypatch, **environment):
    for name in ("SUITE", "ARGS", "ADDON", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return make_test._targets()


def test_every_suite_unless_one_is_named(monkeypatch):
    everything, _others = targets(monkeypatch)
    assert {"tests/unit", "tests/rpc", "tests/concurrency", "tests/tools"} <= set(everything)
    assert {"event_sourcing/tests", "rental_event_sourcing/tests"} <= set(everything)
    assert targets(monkeypatch, SUITE="browser,rpc") == (["tests/rpc", "tests/browser"], [])
    with pytest.raises(Stop, match="SUITE knows no units; use tools, unit,"):
        targets(monkeypatch, SUITE="units")


def test_the_browser_may_be_left_out(monkeypatch):
    assert "tests/browser" not in targets(monkeypatch, BROWSER="no")[0]


def test_named_tests_take_the_place_of_the_suites(monkeypatch):
    one = "tests/tools/test_test.py::test_every_suite_unless_one_is_named"
    assert targets(monkeypatch, ARGS=f"-x {one}") == ([one], ["-x"])
    assert targets(monkeypatch, ARGS="-k 'a and b'", SUITE="rpc") == (
        ["tests/rpc"],
        ["-k", "a and b"],
    )


def test_a_skipped_test_is_no_success(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text(XML)
    report = Report("17.0", 1, {"live": path})
    assert (report.passed, report.failed, report.skipped) == (1, 2, ["a::left: because"])
    assert report.text() == (
        "Odoo 17.0: 1 passed, 2 failed, 1 skipped (pytest ended with 1)\n"
        "    skipped: a::left: because"
    )
    path.write_text('<testsuite><testcase name="a"><skipped message="b"/></testcase></testsuite>')
    assert Report("17.0", 0, {"live": path}).bad
    path.write_text('<testsuite><testcase name="a"/></testsuite>')
    assert not Report("17.0", 0, {"live": path}).bad


def test_an_addon_is_tested_by_itself(monkeypatch):
    assert targets(monkeypatch, ADDON="event_sourcing_seal")[0] == ["event_sourcing_seal/tests"]
    with pytest.raises(Stop, match="ADDON knows no event_sourcing_seals; use one of"):
        targets(monkeypatch, ADDON="event_sourcing_seals")
    with pytest.raises(Stop, match="event_sourcing_all has no tests of its own"):
        targets(monkeypatch, ADDON="event_sourcing_all")


def test_each_addon_has_a_database_and_the_longest_part_comes_first(monkeypatch):
    monkeypatch.setattr(make_test, "LOWEST", 1)
    one = "event_sourcing_job/tests/test_job.py::TestJob"
    everything = ["event_sourcing/tests", one, "tests/unit", "tests/rpc"]
    everything += ["tests/concurrency/test_server.py::test_x", "tests/browser"]
    assert make_test._parts(everything) == [
        make_test.Part("concurrency", ("tests/concurrency/test_server.py::test_x",)),
        make_test.Part("event_sourcing", ("event_sourcing/tests",), "event_sourcing"),
        make_test.Part("browser", ("tests/browser",)),
        make_test.Part("live", ("tests/unit", "tests/rpc")),
        make_test.Part("event_sourcing_job", (one,), "event_sourcing_job"),
    ]
    assert [part.name for part in make_test._parts(["tests/rpc"])] == ["live"]


def test_a_database_is_made_from_the_one_below_it():
    assert below_of("event_sourcing_base") is None
    assert below_of("event_sourcing_catalog") == "event_sourcing_boundary"
    assert below_of("event_sourcing_archive") == "event_sourcing_seal"
    assert below_of("event_sourcing_bi") == "event_sourcing_analysis"
    assert reach_of("event_sourcing_seal") == {
        "event_sourcing",
        "event_sourcing_base",
        "event_sourcing_boundary",
        "event_sourcing_catalog",
        "event_sourcing_declaration",
        "event_sourcing_job",
        "event_sourcing_seal",
    }


def test_two_reports_are_counted_as_one(tmp_path):
    paths = [tmp_path / "one.xml", tmp_path / "two.xml"]
    for path in paths:
        path.write_text(XML)
    report = Report("17.0", 1, dict(zip("ab", paths, strict=True)))
    assert (report.passed, report.failed, len(report.skipped)) == (2, 4, 2)
    assert Report("17.0", 0, {"a": paths[0], "b": tmp_path / "none.xml"}).failed == 3


def test_a_report_says_where_the_time_went(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text(
        """<testsuites><testsuite>
<testcase classname="tests.rpc.test_quick" name="one" time="0.6"/>
<testcase classname="addons.mine.tests.test_slow.TestSlow" name="one" time="1.5"/>
<testcase classname="addons.mine.tests.test_slow.TestOther" name="two" time="2"/>
<testcase classname="" name="could_not_be_read"/>
<testcase classname="tests.rpc.test_quick" name="moves_the_clock" time="1931603190.8"/>
<testcase classname="tests.rpc.test_quick" name="moves_it_back" time="-1931603999.9"/>
</testsuite></testsuites>"""
    )
    report = Report("19.0", 0, {"live": path}, {"live": (12.3, 45.6, 30.2), "mine": (1, 2, 3)})
    assert report.times() == (
        "Odoo 19.0, seconds of each part: its database, its tests, of processors"
        " without PostgreSQL's\n"
        "       12     46     30  live\n"
        "        1      2      3  mine\n"
        "Odoo 19.0, seconds of the slowest files\n"
        "               4  live/test_slow\n"
        "               1  live/test_quick\n"
        "               0  live/"
    )


def test_work_of_what_a_process_started_is_its_own():
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'sum(range(9**7))'])\n"
        "print(sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]))\n"
        "sys.exit(3)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    of_child = float(process.stdout.read())
    code, seconds = end_of(process)
    assert (code, process.poll()) == (3, 3)
    assert 0 < of_child < seconds


def test_a_run_says_how_busy_the_processors_were(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n")
    load = Load(stat)
    stat.write_text("cpu  160 0 100 720 120 0 0 0 0 0\n")
    assert load.text() == "The processors were busy 60 % of the time."


def test_a_part_without_a_database_has_failed_and_stops_no_other(capsys):
    with ThreadPoolExecutor() as pool:

        def refused():
            raise Stop("the disk is full")

        assert make_test._result("mine", pool.submit(refused)) == (1, None)
        assert make_test._result("other", pool.submit(lambda: (0, "path"))) == (0, "path")
    assert "mine was not tested" in capsys.readouterr().out
    assert Report("17.0", 1, {"mine": None}).failed == 1


def test_a_report_that_is_missing_counts_as_a_failure(tmp_path):
    report = Report("17.0", 0, {"live": tmp_path / "none.xml"})
    assert report.bad
    assert report.failed == 1
