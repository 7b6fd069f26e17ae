"""Odoo 19 from Debian: its package unpacked, never installed."""

import os
import re
import shutil
from pathlib import Path

from .apt import Area
from .say import Stop, say, step

PACKAGES = Path("usr/lib/python3/dist-packages")
JQUERY = "libjs-jquery"
# The package leaves this file out, and a page that wants it logs an error.
LEFT_OUT = PACKAGES / "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


def fetch(target):
    """Unpack Debian's Odoo 19, or the next one there is, at ``target``.

    The package is in ``sid`` alone. A private list names that suite with the mirror
    that this machine uses, verified by its own keyring; the system's lists stay as
    they are. The downloaded package is kept beside the tree.

    :param pathlib.Path target: replaced when it holds only half a tree
    :return: the folder that holds the package ``odoo``
    :raise Stop: where there is no apt, or no such package
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        area = Area(target.with_name(f"{target.name}.apt"), "sid")
    except Stop as stop:
        raise Stop(
            f"Odoo could not be fetched. {stop} Put a source tree of Odoo 17.0 at"
            " ~/.cache/odoo-sources/17.0, or name it in ODOO_SOURCE."
        ) from stop
    with step("Fetching Odoo 19 from Debian (a download of some 130 MB)"):
        package = _download(area)
    for old in target.parent.glob(f"{target.name}.fetching-*"):
        shutil.rmtree(old, ignore_errors=True)
    fresh = target.with_name(f"{target.name}.fetching-{os.getpid()}")
    try:
        with step("Unpacking Odoo 19"):
            fresh.mkdir()
            area.unpack(package, fresh)
            area.unpack(JQUERY, fresh)
            if (fresh / LEFT_OUT).parents[3].is_dir() and not (fresh / LEFT_OUT).exists():
                (fresh / LEFT_OUT).parent.mkdir(parents=True, exist_ok=True)
                (fresh / LEFT_OUT).touch()
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target / PACKAGES


def _download(area):
    """Download what is needed, and return the name of Odoo's package."""
    try:
        area.update()
        package = newest(area.names("odoo-"))
        area.download(package, JQUERY)
        return package
    except Stop as stop:
        kept = sorted(path.name.split("_")[0] for path in area.folder.glob("odoo-*.deb"))
        if not kept or not area.kept(JQUERY):
            raise
        say(f"{stop} The package that was downloaded earlier is used.")
        return newest(kept)


def newest(names):
    """Return ``odoo-19``, or the newest ``odoo-NN`` above it when that is gone.

    :param names: names of packages
    :raise Stop: when there is none
    """
    versions = [int(match[1]) for match in (re.fullmatch(r"odoo-(\d+)", n) for n in names) if match]
    fitting = sorted(version for version in versions if version >= 19)
    if not fitting:
        raise Stop("Debian offers no Odoo from 19 up any more; name a source tree in ODOO_SOURCE.")
    return "odoo-19" if 19 in fitting else f"odoo-{fitting[-1]}"
