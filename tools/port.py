"""What 19.0 needs differently: a few spellings, changed in a copy of the addons."""

import re
import shutil
from pathlib import Path

from .layout import ROOT, RUN, TEST_ADDONS, installed_addons

# (file suffix, pattern, replacement); everything else is spelled for both series.
RULES = (
    (".xml", re.compile(r"<tree(?=[\s>/])"), "<list"),
    (".xml", re.compile(r"</tree(?=\s*>)"), "</list"),
    # every step of an xpath: //tree, /tree, //field[@name='line_ids']/tree/field
    # a scheduled action runs for ever there; in 17.0 it has to say so
    (".xml", re.compile(r"\s*<field name=\"numbercall\"[^<>]*(?:/>|>[^<>]*</field>)"), ""),
    (".xml", re.compile(r"(?<=/)tree(?=[\[/\"'\]])(?=[^<>]*>)"), "list"),
)


def addons_for(series, purpose):
    """Return the folders of our addons for a series, as an addons path.

    :param str purpose: ``run`` or ``test``, which adds what only tests install; each has a
        copy of its own, so that one command does not pull the other's away
    :return: list of pathlib.Path; for 17.0 the source itself, else a ported copy
    """
    tests = [path.parent for path in TEST_ADDONS.glob("*/__manifest__.py")]
    if series == "17.0":
        return [ROOT, TEST_ADDONS] if purpose == "test" and tests else [ROOT]
    target = RUN / f"addons-{series}-{purpose}"
    port_addons([ROOT / name for name in installed_addons()], target / "main")
    if purpose != "test" or not tests:
        return [target / "main"]
    port_addons(tests, target / "tests")
    return [target / "main", target / "tests"]


def port_addons(folders, target):
    """Copy addons into ``target``, replacing what is there, and apply the rules."""
    shutil.rmtree(target, ignore_errors=True)
    for folder in folders:
        if folder.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(folder, target / folder.name, ignore=ignored)
    for path in Path(target).rglob("*"):
        if path.is_file() and path.suffix in {suffix for suffix, *_rest in RULES}:
            before = path.read_text(encoding="utf-8")
            after = port_text(before, path.suffix)
            if after != before:
                path.write_text(after, encoding="utf-8")


def port_text(text, suffix):
    """Return the text of a file with every rule for its suffix applied."""
    for for_suffix, pattern, replacement in RULES:
        if for_suffix == suffix:
            text = pattern.sub(replacement, text)
    return text
