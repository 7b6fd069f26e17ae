"""Chromium for the browser suite, from Debian; fonts that have Japanese."""

import os
import shutil
import subprocess

from .say import Stop
from .venv import apt_install

NAMES = ("chromium", "chromium-browser", "google-chrome")
FONTS = "fonts-noto-cjk"


def find():
    """Return the path of Chromium, installing it where this process may.

    :raise Stop: where it is missing and may not be installed
    """
    missing = []
    if not _program():
        missing.append("chromium")
    if not _has_japanese():
        missing.append(FONTS)
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(*missing)
        missing = []
    if missing:
        raise Stop(
            f"The browser suite needs {' and '.join(missing)}: run 'apt install"
            f" {' '.join(missing)}' as root, or leave the suite out with BROWSER=no."
        )
    return _program()


def _program():
    return next(filter(None, map(shutil.which, NAMES)), None)


def _has_japanese():
    if not shutil.which("fc-list"):
        return False
    answer = subprocess.run(["fc-list", ":lang=ja"], capture_output=True, text=True, check=False)
    return bool(answer.stdout.strip())
