"""``make test``: every suite on every Odoo series at hand, on real databases."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import browser, odoo
from .addon_databases import ENGINE, AddonDatabases
from .cluster import Cluster
from .ending import kill_all, unhurried, with_parent
from .layout import ADDONS, LOG, ROOT, RUN
from .port import addons_for
from .postgres import server
from .programs import end_of
from .report import Load, Report
from .say import Stop, say
from .sources import obtain_all
from .venv import ensure_venv

SUITES = ("tools", "unit", "rpc", "concurrency", "browser")
# What of the tooling asks an Odoo; the rest of it says the same with every series.
OF_EACH_SERIES = "tests/tools/test_translations.py"
# So many pytests at a time: two cores, and a server and a browser that wait for each other.
WORKERS = 2
# So many addons, of the lowest, are tested while the database with everything is made.
LOWEST = 8


@dataclass(frozen=True)
class Part:
    """What one pytest runs.

    :param str name: of its report and its log
    :param tuple targets: files and folders, as pytest takes them
    :param str addon: in whose database; None for one with all addons
    """

    name: str
    targets: tuple
    addon: str = None


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
    reports, load = [], Load()
    for source in obtain_all(os.environ.get("SERIES") or None):
        reports.append(_test(source, _parts(targets), arguments, chromium))
        targets = [OF_EACH_SERIES if name == "tests/tools" else name for name in targets]
    say("")
    for report in reports:
        say(report.text())
        say(report.times())
    say(load.text())
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

    :raise Stop: for a suite or an addon that does not exist
    """
    arguments = shlex.split(os.environ.get("ARGS") or "")
    named = [word for word in arguments if (ROOT / word.split("::")[0]).exists()]
    others = [word for word in arguments if word not in named]
    if named:
        return named, others
    addon = os.environ.get("ADDON")
    if addon:
        if addon not in ADDONS:
            raise Stop(f"ADDON knows no {addon}; use one of {', '.join(ADDONS)}.")
        if not (ROOT / addon / "tests").is_dir():
            raise Stop(f"{addon} has no tests of its own.")
        return [f"{addon}/tests"], others
    wanted = (os.environ.get("SUITE") or " ".join(SUITES)).replace(",", " ").split()
    unknown = set(wanted) - set(SUITES)
    if unknown:
        raise Stop(f"SUITE knows no {', '.join(sorted(unknown))}; use {', '.join(SUITES)}.")
    if os.environ.get("BROWSER") == "no":
        wanted = [suite for suite in wanted if suite != "browser"]
    found = []
    for suite in SUITES:
        if suite in wanted and suite == "unit":
            found += [f"{name}/tests" for name in ADDONS if (ROOT / name / "tests").is_dir()]
        if suite in wanted and (ROOT / "tests" / suite).is_dir():
            found.append(f"tests/{suite}")
    return found, others


def _parts(targets):
    """Return the targets as parts, the longest first, but those that need few addons second.

    So no worker waits for the database of the longest, and both are done at about the same time.

    :return: list of :class:`Part`
    """
    addons, suites = {}, {"concurrency": [], "browser": [], "live": []}
    for target in targets:
        first, _slash, second = target.split("::")[0].partition("/")
        suite = second.partition("/")[0] if first == "tests" else ""
        if first in ADDONS:
            addons.setdefault(first, []).append(target)
        else:
            suites[suite if suite in suites else "live"].append(target)
    own = [Part(addon, tuple(named), addon) for addon, named in addons.items()]
    longest, *others = (Part(name, tuple(named)) for name, named in suites.items())
    parts = [longest, *own[:LOWEST], *others, *own[LOWEST:]]
    return [part for part in parts if part.targets]


def _test(source, parts, arguments, chromium):
    """Test one series and return the report; what was started for it has ended."""
    series = source.series
    python = ensure_venv(series, source.path)
    command = f"make test SERIES={series}"
    postgres = server(f"postgres-test-{series}", python, command, False)
    folders = addons_for(series, "test")
    databases = AddonDatabases(postgres, python, source, folders, "test")
    # Seals wait for every transaction of their server: also for one of another part.
    apart = Cluster(f"postgres-real-{series}", python, command, False, postgres)
    artefacts = RUN / "artefacts" / series
    shutil.rmtree(artefacts, ignore_errors=True)
    artefacts.mkdir(parents=True)
    launcher, running, spent = odoo.launcher(source, "test"), [], {}
    addons_path = ",".join(str(folder) for folder in [*source.addons_path, *folders])
    environment = {
        "PYTHONPATH": f"{source.path}{os.pathsep}{ROOT}",
        "ES_SERIES": series,
        "ES_PYTHON": str(python),
        "ES_LAUNCHER": str(launcher),
        "ES_ADDONS_PATH": addons_path,
        "ES_DATA": str(odoo.data(source)),
        "ES_ARTEFACTS": str(artefacts),
        "ES_CHROMIUM": chromium,
    }

    def run(part):
        """Run one pytest; return ``(exit code, report)``."""
        name, began = f"test_{os.getpid()}_{part.name}"[:45], time.monotonic()
        template, place = databases.made(part.addon), databases
        if part.name == "concurrency" and postgres.ours:
            apart.start()
            place = AddonDatabases(apart, python, source, folders, "test")
        made = [place.copy(part.addon, name)]
        if part.addon is None:  # servers of their own commit
            made.append(place.copy(None, f"{name}_live"))
        ready = time.monotonic()
        report = RUN / f"report-{series}-{part.name}.xml"
        report.unlink(missing_ok=True)
        command = [
            *(python, "-m", "pytest", *(_where(target, folders) for target in part.targets)),
            *("-p", "no:cacheprovider", "--color=no", "-q", "--durations=8"),
            *(f"--rootdir={ROOT}", f"--odoo-database={name}"),
            *(f"--odoo-addons-path={addons_path}", f"--odoo-extra=data-dir={odoo.data(source)}"),
            *arguments,
            f"--junitxml={report}",
        ]
        command += [] if part.name == "browser" else ["--odoo-http"]
        output = LOG / f"pytest-{series}-{part.name}.log"
        databases_of_it = {
            "ES_DB": name,
            "ES_LIVE_DATABASE": made[-1].name,
            "ES_TEMPLATE": template.name,
        }
        if part.addon is None:
            databases_of_it["ES_ENGINE_TEMPLATE"] = databases.made(ENGINE).name
        with output.open("wb") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=ROOT,
                env={**place.server.environment, **environment, **databases_of_it},
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=with_parent,
            )
        running.append(process)
        code, processors = end_of(process)
        say(f"--- Odoo {series}, {part.name} ---\n{output.read_text(errors='replace').rstrip()}")
        if code < 0:
            say(f"pytest of {part.name} was ended by signal {-code}.")
        sys.stdout.flush()
        for database in made:
            database.drop(database.name)
        spent[part.name] = ready - began, time.monotonic() - ready, processors
        return code, report

    pool = ThreadPoolExecutor(WORKERS)
    try:
        postgres.start()
        kill_all(launcher)  # what a killed run left behind
        databases.drop()
        say(f"Odoo {series}: testing {', '.join(part.name for part in parts)} …")
        sys.stdout.flush()
        futures = {part.name: pool.submit(run, part) for part in parts}
        results = {name: _result(name, future) for name, future in futures.items()}
        code = next((code for code, _report in results.values() if code), 0)
        paths = {name: path for name, (_code, path) in results.items()}
        return Report(series, code, paths, spent)
    finally:
        with unhurried():
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                if process.poll() is None:
                    process.kill()
            kill_all(launcher)  # also one that was making a database
            pool.shutdown()
            kill_all(launcher)
            if postgres.environment and not postgres.ours:
                databases.drop(of_today=True)
            apart.stop()
            postgres.stop()


def _result(name, future):
    """Return what a part came to; one without a database has failed, and stops no other.

    :return: ``(exit code, report)``; the report is None where no pytest ran
    """
    try:
        return future.result()
    except Stop as stop:
        say(f"--- {name} was not tested ---\n{stop}")
        return 1, None


def _where(target, folders):
    """Return a target as a path: tests of an addon lie where Odoo finds the addon.

    :param list folders: an addons path; for 19.0 the ported copy
    """
    addon = target.split("/")[0]
    if addon not in ADDONS:
        return target
    folder = next(folder for folder in folders if (folder / addon).is_dir())
    return folder / target
