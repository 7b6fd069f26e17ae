"""Odoo 19 from Debian: its package unpacked, never installed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .layout import LOG
from .say import Stop, run_logged, step

PACKAGES = Path("usr/lib/python3/dist-packages")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def fetch(target):
    """Unpack Debian's newest Odoo from 19 up at ``target``; return its source tree.

    The package is in ``sid`` alone. A private list names that suite with the mirror
    that this machine uses, verified by its own keyring; the system's lists stay as
    they are. The downloaded package is kept beside the tree.

    :raise Stop: where there is no apt, or no such package
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg") or not KEYRING.exists():
        raise Stop(
            "Odoo could not be fetched, and this system has no Debian packages: put a source tree"
            " of Odoo 17.0 at ~/.cache/odoo-sources/17.0, or name it in ODOO_SOURCE."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f"{target.name}.apt")
    fresh = target.with_name(f"{target.name}.fetching-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with step("Fetching Odoo 19 from Debian (a download of some 130 MB)"):
            options = _prepare(work)
            log = LOG / "debian.log"
            run_logged(["apt-get", *options, "update"], log, "apt could not list Debian's packages")
            package = _newest(options)
            run_logged(
                ["apt-get", *options, "download", package, "libjs-jquery"],
                log,
                f"apt could not download {package}",
                cwd=work,
            )
            fresh.mkdir()
            for name in (package, "libjs-jquery"):
                newest = max(work.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime)
                run_logged(["dpkg", "-x", newest, fresh], log, f"dpkg could not unpack {name}")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target / PACKAGES


def _prepare(work):
    """Return apt's options for lists and cache of our own."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    mirrors = [uri for uri in answer if "security" not in uri] or _mirrors()
    if not mirrors:
        raise Stop("apt knows no mirror: run 'apt-get update' as root once, then try again.")
    (work / "sid.list").write_text(f"deb [signed-by={KEYRING}] {mirrors[0]} sid main\n")
    return [
        *("-o", f"Dir::Etc::sourcelist={work / 'sid.list'}"),
        *("-o", "Dir::Etc::sourceparts=/dev/null"),
        *("-o", f"Dir::State::lists={work / 'lists'}"),
        *("-o", f"Dir::Cache={work / 'cache'}"),
        *("-o", "Acquire::Languages=none"),
        *("-o", "Debug::NoLocking=true"),
        *("-o", "APT::Sandbox::User="),
    ]


def _mirrors():
    """Return the mirrors that apt's own sources name, where no list was loaded yet."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text(errors="replace") for path in files if path.is_file())
    found = re.findall(r"^(?:deb\s+(?:\[[^\]]*\]\s*)?|URIs:\s*)(\S+)", text, re.M)
    return [uri for uri in found if "security" not in uri]


def _newest(options):
    """Return the name of the newest odoo-NN from 19 up."""
    names = subprocess.run(
        ["apt-cache", *options, "pkgnames", "odoo-"], capture_output=True, text=True, check=False
    ).stdout.split()
    versions = [int(m[1]) for m in (re.fullmatch(r"odoo-(\d+)", name) for name in names) if m]
    fitting = sorted(version for version in versions if version >= 19)
    if not fitting:
        raise Stop("Debian offers no Odoo from 19 up any more; name a source tree in ODOO_SOURCE.")
    return "odoo-19" if 19 in fitting else f"odoo-{fitting[-1]}"
