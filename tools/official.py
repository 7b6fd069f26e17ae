"""The official source of Odoo 17.0: the nightly archive, or a shallow clone."""

import os
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request

from .say import step

ARCHIVE = "https://nightly.odoo.com/17.0/nightly/src/odoo_17.0.latest.tar.gz"
REPOSITORY = "https://github.com/odoo/odoo"
PATIENCE = 20  # seconds without an answer


class Unreachable(Exception):
    """Neither the archive nor the repository answers."""


def fetch(target):
    """Put the source tree at ``target``, whole or not at all, and return it.

    :param pathlib.Path target: replaced when it holds only half a tree
    :raise Unreachable: with the reason
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.fetching-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with step("Fetching the source of Odoo 17.0"):
            try:
                _archive(fresh)
            except (OSError, urllib.error.URLError, tarfile.TarError) as error:
                if getattr(error, "errno", None) == 28:  # disk full: the caller says so
                    raise
                _clone(fresh, error)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _archive(fresh):
    fresh.mkdir()
    packed = fresh / "odoo.tar.gz"
    with urllib.request.urlopen(ARCHIVE, timeout=PATIENCE) as answer, packed.open("wb") as file:
        shutil.copyfileobj(answer, file)
    with tarfile.open(packed) as archive:
        archive.extractall(fresh, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    packed.unlink()
    (folder,) = [path for path in fresh.iterdir() if path.is_dir()]
    for path in folder.iterdir():
        path.rename(fresh / path.name)
    folder.rmdir()


def _clone(fresh, error):
    shutil.rmtree(fresh, ignore_errors=True)
    if not shutil.which("git"):
        raise Unreachable(str(error))
    result = subprocess.run(
        [
            *("git", "-c", "http.lowSpeedLimit=1000", "-c", f"http.lowSpeedTime={PATIENCE}"),
            *("clone", "--quiet", "--depth", "1", "--branch", "17.0", REPOSITORY, str(fresh)),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        check=False,
    )
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or [str(error)])[-1]
        raise Unreachable(reason)
