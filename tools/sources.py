"""Where Odoo comes from, and why: a given tree, the cache, the official source, Debian."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from . import debian, official
from .layout import SERIES, cache
from .say import Stop, say


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
    at_hand = {source.series: source for source in found(wanted)}
    for series in [wanted] if wanted else SERIES[:1]:
        if series in at_hand:
            return announce(at_hand[series])
    if wanted in (None, "17.0"):
        try:
            if not wanted and "19.0" in at_hand and _was_unreachable():
                raise official.Unreachable(
                    f"tried within a day; remove {_note()} to have it tried again now"
                )
            return announce(Source("17.0", official.fetch(cache() / "17.0"), "just fetched"))
        except official.Unreachable as error:
            if not _was_unreachable():
                _note().parent.mkdir(parents=True, exist_ok=True)
                _note().touch()
            if wanted:
                raise Stop(
                    f"Odoo 17.0 is not at hand and could not be fetched ({error}). Put its source"
                    f" tree at {cache() / '17.0'}, or name it in ODOO_SOURCE."
                ) from error
            say(f"Odoo 17.0 could not be fetched ({error}).")
    if "19.0" in at_hand:
        return announce(at_hand["19.0"])
    path = debian.fetch(cache() / "19.0")
    why = "Debian's package" + ("" if wanted else ", because 17.0 could not be reached")
    return announce(Source("19.0", path, why))


def _note():
    """The file whose age says when 17.0 could not be reached."""
    return cache() / "17.0.unreachable"


def _was_unreachable():
    return _note().exists() and time.time() - _note().stat().st_mtime < 24 * 3600


def obtain_all(wanted=None):
    """Return every series to test: those at hand, or what can be had."""
    if wanted:
        return [obtain(wanted)]
    sources = {source.series: source for source in found()}
    if "17.0" not in sources:
        source = obtain()
        sources[source.series] = source
        if source.series == "19.0":
            say("The suites run on 19.0 only: there is no source of Odoo 17.0 here.")
    if "19.0" not in sources:
        try:
            path = debian.fetch(cache() / "19.0")
            sources["19.0"] = Source("19.0", path, "Debian's package")
        except Stop as stop:
            say(f"Odoo 19.0 is not tested: {stop}")
    return [announce(sources[series]) for series in sorted(sources)]


def found(wanted=None):
    """Return the trees that are there already, a given one first."""
    sources = []
    given = os.environ.get("ODOO_SOURCE")
    if given:
        tree = _tree(Path(given).expanduser())
        if tree is None:
            raise Stop(f"ODOO_SOURCE is {given}, but there is no Odoo source tree.")
        series = series_of(tree)
        if wanted and series != wanted:
            raise Stop(f"ODOO_SOURCE is {given}, which is Odoo {series}, not {wanted}.")
        sources.append(Source(series, tree, "named in ODOO_SOURCE"))
    for series in SERIES:
        tree = _tree(cache() / series)
        if tree is not None and series not in [source.series for source in sources]:
            sources.append(Source(series, tree, f"found at {cache() / series}"))
    return sources


def announce(source):
    """Say which Odoo runs, and why."""
    say(f"Odoo {source.series}: {source.path} ({source.why}).")
    return source


def series_of(tree):
    """Return the series of a source tree, such as ``17.0``."""
    text = (tree / "odoo" / "release.py").read_text()
    major, minor = re.search(r"version_info\s*=\s*\((\d+),\s*(\d+)", text).groups()
    return f"{major}.{minor}"


def _tree(folder):
    """Return the folder that holds the package ``odoo``, or None."""
    for path in (folder, folder / debian.PACKAGES):
        if (path / "odoo" / "release.py").is_file():
            return path
    return None
