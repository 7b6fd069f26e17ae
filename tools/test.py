"""``make test``: every suite on every Odoo series at hand, on real databases."""

import os
import shlex
import shutil
import subprocess
import sys

from . import browser
from .database import Database
from .ending import kill_all, unhurried
from .layout import ADDONS, ROOT, RUN, test_addons
from .odoo import data
from .port import addons_for
from .postgres import server
from .report import Report
from .say import Stop, say
from .sources import obtain_all
from .venv import ensure_venv

SUITES = ("tools", "unit", "rpc", "concurrency", "browser")


def main():
    """Test each series in turn; the exit code is 1 unless every test of every suite passed."""
    targets, arguments = _targets()
    not_run = []
    chromium = ""
    if any(target.startswith("tests/browser") for target in targets):
        try:
            chromium = browser.find()
        except Stop as stop:
            not_run.append(f"the browser suite. {stop}")
            targets = [name for name in targets if not name.startswith("tests/browser")]
    if os.environ.get("BROWSER") == "no":
        say("NOT RUN: the browser suite, because BROWSER=no.")
    reports = [
        _test(source, targets, arguments, chromium)
        for source in obtain_all(os.environ.get("SERIES") or None)
    ]
    say("")
    for report in reports:
        say(report.text())
    if any(report.skipped for report in reports):
        say("A skipped test has shown nothing: the run counts as failed.")
    for name in not_run:
        say(f"NOT RUN: {name}")
    if not sum(report.passed for report in reports):
        say("No test was run: the run counts as failed.")
        not_run.append("anything")
    say(
        f"{sum(report.passed for report in reports)} passed,"
        f" {sum(report.failed for report in reports)} failed"
    )
    return 1 if not_run or any(report.bad for report in reports) else 0


def _targets():
    """Return what to test, as pytest takes it, and pytest's other arguments.

    :raise Stop: for a suite that does not exist
    """
    arguments = shlex.split(os.environ.get("ARGS") or "")
    named = [word for word in arguments if (ROOT / word.split("::")[0]).exists()]
    others = [word for word in arguments if word not in named]
    if named:
        return named, others
    wanted = (os.environ.get("SUITE") or " ".join(SUITES)).replace(",", " ").split()
    unknown = set(wanted) - set(SUITES)
    if unknown:
        raise Stop(f"SUITE knows no {', '.join(sorted(unknown))}; use {', '.join(SUITES)}.")
    if os.environ.get("BROWSER") == "no":
        wanted = [suite for suite in wanted if suite != "browser"]
    suites = [suite for suite in SUITES if suite in wanted and (ROOT / "tests" / suite).is_dir()]
    return [f"tests/{suite}" for suite in suites], others


def _test(source, targets, arguments, chromium):
    """Test one series and return the report; what was started for it has ended."""
    series = source.series
    python = ensure_venv(series, source.path)
    postgres = server(f"postgres-test-{series}", python, f"make test SERIES={series}", False)
    addons = addons_for(series, "test")
    database = Database(f"test_{os.getpid()}", postgres, python, source, addons, "test")
    live = f"{database.name}_live"
    try:
        postgres.start()
        kill_all(database.launcher)  # what a killed run left behind
        database.create([*ADDONS, *test_addons()])
        # Servers of their own commit; they get a copy, made while nobody is connected.
        database.copy(live)
        report = RUN / f"report-{series}.xml"
        report.unlink(missing_ok=True)
        artefacts = RUN / "artefacts" / series
        shutil.rmtree(artefacts, ignore_errors=True)
        artefacts.mkdir(parents=True)
        addons_path = ",".join(str(folder) for folder in [*source.addons_path, *addons])
        command = [
            *(python, "-m", "pytest", *targets, "-p", "no:cacheprovider", "--color=no", "-q"),
            *(f"--junitxml={report}", f"--odoo-database={database.name}", "--odoo-http"),
            *(f"--odoo-addons-path={addons_path}", f"--odoo-extra=data-dir={data(source)}"),
            *arguments,
        ]
        environment = {
            **postgres.environment,
            "PYTHONPATH": f"{source.path}{os.pathsep}{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ES_SERIES": series,
            "ES_PYTHON": str(python),
            "ES_LAUNCHER": str(database.launcher),
            "ES_ADDONS_PATH": addons_path,
            "ES_DB": database.name,
            "ES_LIVE_DATABASE": live,
            "ES_DATA": str(data(source)),
            "ES_ARTEFACTS": str(artefacts),
            "ES_CHROMIUM": chromium,
        }
        say(f"Odoo {series}: testing {', '.join(targets)} …")
        sys.stdout.flush()
        command = [str(part) for part in command]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        return Report(series, code, report)
    finally:
        with unhurried():
            kill_all(database.launcher)
            if postgres.environment:
                _drop(database, live)
            postgres.stop()


def _drop(database, live):
    """Remove the databases; what failed before is what is to be seen."""
    for name in (database.name, live):
        try:
            database.drop(name)
        except Stop as stop:
            say(str(stop))
