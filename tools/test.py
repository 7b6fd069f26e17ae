"""``make test``: every suite on every Odoo series at hand, on real databases."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from . import browser
from .database import Database
from .layout import ADDONS, ROOT, RUN, test_addons
from .port import addons_for
from .postgres import server
from .say import Stop, say
from .sources import obtain_all
from .venv import ensure_venv

SUITES = ("tools", "unit", "rpc", "concurrency", "browser")


def main():
    """Test each series in turn; the exit code is that of the worst."""
    suites = _suites()
    chromium = browser.find() if "browser" in suites else None
    results = []
    for source in obtain_all(os.environ.get("SERIES") or None):
        results.append((source.series, *_test(source, suites, chromium)))
    say("")
    for series, code, counts, skipped in results:
        say(
            f"Odoo {series}: {counts['passed']} passed, {counts['failed']} failed,"
            f" {counts['skipped']} skipped" + ("" if not code else f" (pytest ended with {code})")
        )
        for reason in skipped:
            say(f"    skipped: {reason}")
    total = {name: sum(result[2][name] for result in results) for name in results[0][2]}
    bad = any(code or skipped for _series, code, _counts, skipped in results)
    if any(skipped for *_rest, skipped in results):
        say("A skipped test has shown nothing: the run counts as failed.")
    if not total["passed"]:
        say("No test was run: the run counts as failed.")
        bad = True
    say(f"{total['passed']} passed, {total['failed']} failed")
    return 1 if bad else 0


def _suites():
    wanted = (os.environ.get("SUITE") or " ".join(SUITES)).replace(",", " ").split()
    unknown = set(wanted) - set(SUITES)
    if unknown:
        raise Stop(f"SUITE knows no {', '.join(sorted(unknown))}; use {', '.join(SUITES)}.")
    if os.environ.get("BROWSER") == "no" and "browser" in wanted:
        say("NOT RUN: the browser suite, because BROWSER=no.")
        wanted.remove("browser")
    return [suite for suite in wanted if (ROOT / "tests" / suite).is_dir()]


def _test(source, suites, chromium):
    """Test one series; return the exit code, the counts and the reasons of skipped tests."""
    python = ensure_venv(source.series, source.path)
    # What a crash of the machine loses does not matter here; a killed process loses nothing.
    postgres = server(f"postgres-test-{source.series}", python, durable=False)
    postgres.start()
    addons = addons_for(source.series, tests=True)
    database = Database(f"test_{os.getpid()}", postgres, python, source, addons)
    live = f"{database.name}_live"
    try:
        database.create([*ADDONS, *test_addons()])
        database.copy(live)
        report = RUN / f"report-{source.series}.xml"
        report.unlink(missing_ok=True)
        artefacts = RUN / "artefacts" / source.series
        shutil.rmtree(artefacts, ignore_errors=True)
        artefacts.mkdir(parents=True)
        command = [
            *(python, "-m", "pytest", *(f"tests/{suite}" for suite in suites)),
            *("-p", "no:cacheprovider", "--color=no", f"--junitxml={report}", "-q"),
            *(f"--odoo-database={database.name}", "--odoo-http"),
            f"--odoo-addons-path={','.join(map(str, [*source.addons_path, *addons]))}",
            *(os.environ.get("ARGS") or "").split(),
        ]
        say(f"Odoo {source.series}: testing {', '.join(suites)} …")
        environment = {
            **postgres.environment,
            "PYTHONPATH": f"{source.path}{os.pathsep}{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ES_SERIES": source.series,
            "ES_PYTHON": str(python),
            "ES_LAUNCHER": str(database.launcher),
            "ES_ADDONS_PATH": ",".join(map(str, [*source.addons_path, *addons])),
            "ES_LIVE_DATABASE": live,
            "ES_ARTEFACTS": str(artefacts),
            "ES_CHROMIUM": chromium or "",
        }
        sys.stdout.flush()
        code = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env=environment, check=False
        ).returncode
        return code, *_read(report)
    finally:
        for name in (database.name, live):
            database.drop(name)
        postgres.stop()


def _read(report):
    """Return the counts of a JUnit report, and why tests were skipped."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = []
    if not report.exists():
        return {**counts, "failed": 1}, reasons
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        skip = case.find("skipped")
        if skip is not None:
            counts["skipped"] += 1
            reasons.append(f"{case.get('classname')}::{case.get('name')}: {skip.get('message')}")
        elif case.find("failure") is not None or case.find("error") is not None:
            counts["failed"] += 1
        else:
            counts["passed"] += 1
    return counts, reasons
