"""Chromium for the browser suite, from Debian; fonts that have Japanese."""

import shutil

from . import apt
from .programs import answer
from .say import Stop

NAMES = ("chromium", "chromium-browser", "google-chrome")
FONTS = "fonts-noto-cjk"


def find():
    """Return the path of Chromium, installing it where this process may.

    :raise Stop: where it is missing and may not be installed
    """
    missing = []
    if not program():
        missing.append("chromium")
    if not _has_japanese():
        missing.append(FONTS)
    if missing and apt.may_install():
        apt.install(*missing)
        missing = []
    if missing:
        raise Stop(
            f"The browser suite needs {' and '.join(missing)}: run 'apt install"
            f" {' '.join(missing)}' as root, or leave the suite out with BROWSER=no."
        )
    return program()


def program():
    """Return the path of Chromium, None where it is missing."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def _has_japanese():
    return bool(shutil.which("fc-list") and answer(["fc-list", ":lang=ja"]))
