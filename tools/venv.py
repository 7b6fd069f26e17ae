"""One virtual environment per Odoo series, complete or made again."""

import hashlib
import os
import re
import shutil
import subprocess

from .layout import LOG, ROOT, RUN
from .python import find_python
from .say import Stop, run_logged, step

# python-ldap wants to be compiled and nothing here uses it; psycopg2 likewise, and
# ours comes as a wheel.
LEFT_OUT = ("python-ldap", "psycopg2", "psycopg2-binary")
# Odoo 17's pinned gevent refuses the newest of these.
PINNED_FOR_17 = ("zope.interface==6.0", "zope.event==4.6", "setuptools<81")


def ensure_venv(series, source):
    """Make or complete the venv of a series, and return its Python.

    A stamp with the hash of all requirements is written last, so that an install
    that was interrupted is taken up again, and a complete one takes no time.

    :param str series: ``17.0`` or ``19.0``
    :param pathlib.Path source: Odoo's source tree
    """
    requirements = _requirements(series, source)
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()
    venv = RUN / f"venv-{series}"
    python = venv / "bin" / "python"
    stamp = venv / "complete"
    if stamp.exists() and stamp.read_text() == digest and _works(python):
        return python
    with step(f"Installing what Odoo {series} needs into {venv.relative_to(ROOT.parent)}"):
        if not _works(python):
            _create(venv)
        listing = venv / "requirements.txt"
        listing.write_text("\n".join(requirements) + "\n")
        command = [python, "-m", "pip", "install", "--progress-bar", "off", "-r", listing]
        run_logged(command, LOG / f"pip-{series}.log", "Installing Python packages failed")
        stamp.write_text(digest)
    return python


def _works(python):
    return (
        python.exists()
        and not subprocess.run(
            [python, "-m", "pip", "--version"], capture_output=True, check=False
        ).returncode
    )


def _create(venv):
    shutil.rmtree(venv, ignore_errors=True)
    base = find_python()
    command = [base, "-m", "venv", str(venv)]
    if not subprocess.run(command, capture_output=True, check=False).returncode:
        return
    shutil.rmtree(venv, ignore_errors=True)
    version = subprocess.run(
        [base, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    package = f"python{version}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(package)
        if not subprocess.run(command, capture_output=True, check=False).returncode:
            return
        shutil.rmtree(venv, ignore_errors=True)
    raise Stop(f"Python makes no virtual environments here: run 'apt install {package}' as root.")


def apt_install(*packages):
    """Install Debian packages; only root may.

    :raise Stop: when apt fails
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = LOG / "apt.log"
    with step(f"Installing {', '.join(packages)}"):
        run_logged(["apt-get", "update"], log, "apt-get update failed", env=environment)
        run_logged(
            ["apt-get", "install", "-y", "--no-install-recommends", *packages],
            log,
            f"apt could not install {', '.join(packages)}",
            env=environment,
        )


def _requirements(series, source):
    """Return the lines of all requirements, Odoo's own and the project's."""
    own = source / "requirements.txt"
    if not own.exists():
        own = ROOT / "tools" / f"requirements-{series}.txt"
    lines = [*own.read_text().splitlines(), *(ROOT / "requirements.txt").read_text().splitlines()]
    if series == "17.0":
        lines += PINNED_FOR_17
    return [line for line in map(str.strip, lines) if line and not _left_out(line)]


def _left_out(line):
    name = re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()
    return line.startswith("#") or (name in LEFT_OUT and "# project" not in line)
