"""A virtual environment with pip, also where Debian's ``python3-venv`` is missing."""

import shutil
from pathlib import Path

from .apt import Area
from .layout import RUN
from .programs import answer, succeeds
from .say import Stop, say

SYSTEM = Path("/usr/share/python-wheels")  # Debian's python3-pip-whl
PACKAGE = "python3-pip-whl"


def make_venv(base, venv):
    """Make a virtual environment anew.

    :param str base: the Python to make it from
    :param pathlib.Path venv: the folder, replaced
    :raise Stop: where no pip can be had
    """
    shutil.rmtree(venv, ignore_errors=True)
    if succeeds([base, "-m", "venv", venv]):
        return
    shutil.rmtree(venv, ignore_errors=True)
    if not succeeds([base, "-m", "venv", "--without-pip", venv]):
        version = answer([base, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
        raise Stop(
            f"{base} makes no virtual environments: run 'apt install python{version or 3}-venv'"
            " as root."
        )
    for find in (_installed, _from_pip, _from_debian):
        wheel = find(base)
        if wheel and succeeds(
            [venv / "bin" / "python", f"{wheel}/pip", "install", "--no-index", wheel]
        ):
            return
    shutil.rmtree(venv, ignore_errors=True)
    raise Stop(
        "There is no pip, and none could be fetched: run 'apt install python3-venv' as root."
    )


def _installed(_base):
    return _newest(SYSTEM)


def _from_pip(base):
    """Let the pip of the system fetch one."""
    folder = RUN / "pip"
    command = [base, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "pip"]
    return _newest(folder) if succeeds(command) else None


def _from_debian(_base):
    """Unpack Debian's wheel, without installing the package."""
    say("Python has no pip here: fetching Debian's, for this checkout alone.")
    try:
        area = Area(RUN / "pip-apt")
        area.update()
        area.download(PACKAGE)
        area.unpack(PACKAGE, RUN / "pip-unpacked")
    except Stop as stop:
        say(str(stop))
        return None
    return _newest(RUN / "pip-unpacked" / SYSTEM.relative_to("/"))


def _newest(folder):
    return max(folder.glob("pip-*.whl"), key=lambda path: path.stat().st_mtime, default=None)
