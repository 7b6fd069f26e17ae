"""``make test``: every suite on every Odoo series at hand, on real databases."""

import os
import shlex
import shutil
import subprocess
import sys

from . import browser
from .database import Database
from .ending import kill_all, unhurried, with_parent
from .layout import LOG, ROOT, RUN, installed_addons, test_addons
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
    parts = _parts(targets)
    # Servers of their own commit; each part gets a copy, made while nobody is connected.
    copies = {name: f"{database.name}_{name}" for name in parts}
    try:
        postgres.start()
        kill_all(database.launcher)  # what a killed run left behind
        database.create([*installed_addons(), *test_addons()])
        for copy in copies.values():
            database.copy(copy)
        artefacts = RUN / "artefacts" / series
        shutil.rmtree(artefacts, ignore_errors=True)
        artefacts.mkdir(parents=True)
        addons_path = ",".join(str(folder) for folder in [*source.addons_path, *addons])
        environment = {
            **postgres.environment,
            "PYTHONPATH": f"{source.path}{os.pathsep}{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ES_SERIES": series,
            "ES_PYTHON": str(python),
            "ES_LAUNCHER": str(database.launcher),
            "ES_ADDONS_PATH": addons_path,
            "ES_DB": database.name,
            "ES_DATA": str(data(source)),
            "ES_ARTEFACTS": str(artefacts),
            "ES_CHROMIUM": chromium,
        }
        options = [
            *("-p", "no:cacheprovider", "--color=no", "-q", f"--odoo-database={database.name}"),
            *(f"--odoo-addons-path={addons_path}", f"--odoo-extra=data-dir={data(source)}"),
            *arguments,
        ]
        say(f"Odoo {series}: testing {', '.join(targets)} …")
        sys.stdout.flush()
        runs = []
        for name, part in reversed(parts.items()):  # the browser first, beside the others
            report = RUN / f"report-{series}-{name}.xml"
            report.unlink(missing_ok=True)
            command = [python, "-m", "pytest", *part, *options, f"--junitxml={report}"]
            command += [] if name == "browser" else ["--odoo-http"]
            output = LOG / f"pytest-{series}-{name}.log"
            behind = name == "browser" and len(parts) > 1
            with output.open("wb") as file:
                process = subprocess.Popen(
                    [str(word) for word in command],
                    cwd=ROOT,
                    env={**environment, "ES_LIVE_DATABASE": copies[name]},
                    stdout=file if behind else None,
                    stderr=subprocess.STDOUT if behind else None,
                    preexec_fn=with_parent,
                )
            runs.append((process, report, output if behind else None))
        codes = [process.wait() for process, _report, _output in reversed(runs)]
        for _process, _report, output in runs:
            if output:
                sys.stdout.write(output.read_text(errors="replace"))
        return Report(series, next(filter(None, codes), 0), *(report for _p, report, _o in runs))
    finally:
        with unhurried():
            kill_all(database.launcher)
            if postgres.environment:
                _drop(database, *copies.values())
            postgres.stop()


def _parts(targets):
    """Return the targets that one pytest each takes: the browser suite runs beside the others."""
    screens = [target for target in targets if target.startswith("tests/browser")]
    others = [target for target in targets if target not in screens]
    return {name: part for name, part in (("live", others), ("browser", screens)) if part}


def _drop(database, *copies):
    """Remove the databases; what failed before is what is to be seen."""
    for name in (database.name, *copies):
        try:
            database.drop(name)
        except Stop as stop:
            say(str(stop))
