"""The official source of Odoo 17.0: the nightly archive, or a shallow clone."""

import errno
import os
import shutil
import tarfile
import urllib.request
import zlib
from http.client import HTTPException

from .layout import LOG
from .programs import run_logged
from .say import Progress, Stop, say, step

ARCHIVE = "https://nightly.odoo.com/17.0/nightly/src/odoo_17.0.latest.tar.gz"
REPOSITORY = "https://github.com/odoo/odoo"
PATIENCE = 8  # seconds without an answer


class Unreachable(Exception):
    """Neither the archive nor the repository can be had."""


def fetch(target):
    """Put the source tree at ``target``, whole or not at all, and return it.

    :param pathlib.Path target: replaced when it holds only half a tree
    :raise Unreachable: with the reason
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob(f"{target.name}.fetching-*"):
        shutil.rmtree(old, ignore_errors=True)
    fresh = target.with_name(f"{target.name}.fetching-{os.getpid()}")
    try:
        try:
            _archive(fresh)
        except (OSError, EOFError, HTTPException, tarfile.TarError, zlib.error) as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise
            say(f"The archive of Odoo 17.0 cannot be had ({reason(error)}).")
            _clone(fresh)
        if not (fresh / "odoo" / "release.py").is_file():
            raise Unreachable("what was fetched is no Odoo")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _archive(fresh):
    """Download and unpack the nightly archive."""
    fresh.mkdir()
    packed = fresh / "odoo.tar.gz"
    with urllib.request.urlopen(ARCHIVE, timeout=PATIENCE) as answer:
        with step("Fetching the source of Odoo 17.0 (an archive of some 200 MB)"):
            with packed.open("wb") as file:
                _copy(answer, file)
    with step("Unpacking Odoo 17.0"), tarfile.open(packed) as archive:
        archive.extractall(fresh, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    packed.unlink()
    (folder,) = [path for path in fresh.iterdir() if path.is_dir()]
    for path in folder.iterdir():
        path.rename(fresh / path.name)
    folder.rmdir()


def _copy(answer, file):
    """Write a whole answer into a file, or raise."""
    total, done = int(answer.headers.get("Content-Length") or 0), 0
    while piece := answer.read(1 << 20):
        file.write(piece)
        done += len(piece)
        Progress.show(f"{done / 1e6:.0f} MB" + (f" of {total / 1e6:.0f}" if total else ""))
    if total and done < total:
        raise EOFError("the connection was lost on the way")


def _clone(fresh):
    """Clone branch 17.0, once it is known that the repository answers."""
    shutil.rmtree(fresh, ignore_errors=True)
    if not shutil.which("git"):
        raise Unreachable("git is not installed")
    try:
        probe = f"{REPOSITORY}/info/refs?service=git-upload-pack"
        urllib.request.urlopen(probe, timeout=PATIENCE).close()
    except (OSError, HTTPException) as error:
        raise Unreachable(f"the repository: {reason(error)}") from error
    command = [
        *("git", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30"),
        *("clone", "--progress", "--depth", "1", "--branch", "17.0", REPOSITORY, fresh),
    ]
    quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        with step("Cloning the source of Odoo 17.0"):
            run_logged(command, LOG / "git.log", "git could not clone it", where=_where, env=quiet)
    except Stop as stop:
        if "disk is full" in str(stop):
            raise
        raise Unreachable(str(stop)) from stop


def _where(text):
    lines = [line for line in text.replace("\r", "\n").splitlines() if "%" in line]
    return lines[-1].strip() if lines else None


def reason(error):
    """Return why something could not be reached, without Python's wrapping."""
    inner = getattr(error, "reason", error)
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
