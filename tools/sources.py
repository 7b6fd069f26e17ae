"""Where Odoo comes from, and why: a given tree, the cache, the official source, Debian."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from . import debian, official
from .layout import SERIES, cache
from .locks import turn
from .say import Stop, say

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Source:
    """An Odoo source tree.

    :ivar path: the folder that holds the package ``odoo``
    :ivar why: how it was chosen, as part of a sentence
    """

    series: str
    path: Path
    why: str

    @property
    def addons_path(self):
        """The folders of Odoo's own addons: a clone has two, an archive one."""
        folders = [self.path / "odoo" / "addons", self.path / "addons"]
        return [folder for folder in folders if folder.is_dir()]


def obtain(wanted=None):
    """Return the Odoo to run, fetching it where none is at hand.

    :param str wanted: a series, or None for the best there is
    :raise Stop: when it cannot be had
    """
    with turn(cache() / "lock", "fetching Odoo"):
        return announce(_obtain(_checked(wanted)))


def obtain_all(wanted=None):
    """Return every series to test: those at hand, or what can be had.

    :raise Stop: when there is none
    """
    if wanted:
        return [obtain(wanted)]
    with turn(cache() / "lock", "fetching Odoo"):
        sources = {}
        for series in SERIES:
            try:
                sources[series] = _obtain(series)
            except Stop as stop:
                say(f"Odoo {series} is not tested: {stop}")
    if not sources:
        raise Stop("There is no Odoo to test: see above.")
    return [announce(source) for source in sources.values()]


def _obtain(wanted):
    """Return what is given, what lies in the cache, what is official, or Debian's."""
    source = given(wanted) or in_cache(wanted or "17.0")
    if source:
        return source
    if wanted != "19.0":
        try:
            return Source("17.0", _official(wanted), "the official source, just fetched")
        except official.Unreachable as error:
            if wanted:
                raise Stop(
                    f"Odoo 17.0 is not at hand and could not be fetched: {error}. Put its source"
                    f" tree at {cache() / '17.0'}, or name it in ODOO_SOURCE."
                ) from error
            say(f"Odoo 17.0 is not at hand and could not be fetched: {error}.")
    source = in_cache("19.0")
    if source:
        return source
    path = debian.fetch(cache() / "19.0")
    why = "Debian's package" + ("" if wanted else ", because 17.0 could not be reached")
    return Source(series_of(path), path, why)


def _official(wanted):
    """Fetch the official source; where it could not be reached today, only when asked to."""
    note = cache() / "17.0.unreachable"
    if not wanted and note.exists() and time.time() - note.stat().st_mtime < DAY:
        raise official.Unreachable("not tried again today; SERIES=17.0 tries at once")
    try:
        path = official.fetch(cache() / "17.0")
    except official.Unreachable:
        note.touch()
        raise
    note.unlink(missing_ok=True)
    return path


def given(wanted=None):
    """Return the source named in ODOO_SOURCE, or None.

    :param str wanted: the series it must be of; another one is no match
    :raise Stop: where there is no Odoo, or one that the addons do not run on
    """
    place = os.environ.get("ODOO_SOURCE")
    if not place:
        return None
    tree = find_tree(Path(place).expanduser().resolve())
    if tree is None:
        raise Stop(f"ODOO_SOURCE is {place}, but there is no Odoo source tree.")
    series = series_of(tree)
    if series != "17.0" and float(series) < 19:
        raise Stop(f"ODOO_SOURCE is {place}, which is Odoo {series}: 17.0 or 19.0 is needed.")
    return Source(series, tree, "named in ODOO_SOURCE") if wanted in (None, series) else None


def in_cache(series):
    """Return the source that lies in the cache, or None."""
    tree = find_tree(cache() / series)
    return tree and Source(series_of(tree), tree, f"found at {cache() / series}")


def _checked(wanted):
    """Return a series that the addons run on.

    :raise Stop: for another one
    """
    if wanted not in (None, *SERIES):
        raise Stop(f"SERIES is {wanted}: give one of {', '.join(SERIES)}, or leave it out.")
    return wanted


def announce(source):
    """Say which Odoo runs, and why."""
    say(f"Odoo {source.series}: {source.path} ({source.why}).")
    return source


def series_of(tree):
    """Return the series of a source tree, such as ``17.0``."""
    text = (tree / "odoo" / "release.py").read_text()
    # An online release calls itself saas~18.3; it counts as what it is on the way from.
    major, minor = re.search(r"version_info\s*=\s*\(\D*(\d+)\D+(\d+)", text).groups()
    return f"{major}.{minor}"


def find_tree(folder):
    """Return the folder that holds the package ``odoo``, or None."""
    for path in (folder, folder / debian.PACKAGES):
        if (path / "odoo" / "release.py").is_file():
            return path
    return None
