"""What 19.0 needs differently: a few spellings, changed in a copy of the addons."""

import re
import shutil
from pathlib import Path

from .layout import ADDONS, ROOT, RUN, TEST_ADDONS

# (file suffix, pattern, replacement); everything else is spelled for both series.
RULES = (
    (".xml", re.compile(r"<tree(?=[\s>/])"), "<list"),
    (".xml", re.compile(r"</tree>"), "</list>"),
    (".xml", re.compile(r"(expr=[\"'][^\"']*//)tree\b"), r"\1list"),
)


def addons_for(series, tests=False):
    """Return the folders of our addons for a series, as an addons path.

    :param bool tests: with the addons that only tests install
    :return: list of pathlib.Path; for 17.0 the source itself, else a ported copy
    """
    if series == "17.0":
        return [ROOT, TEST_ADDONS] if tests else [ROOT]
    target = RUN / f"addons-{series}"
    port_addons([ROOT / name for name in ADDONS], target / "main")
    if not tests:
        return [target / "main"]
    port_addons([path.parent for path in TEST_ADDONS.glob("*/__manifest__.py")], target / "tests")
    return [target / "main", target / "tests"]


def port_addons(folders, target):
    """Copy addons into ``target``, replacing what is there, and apply the rules."""
    shutil.rmtree(target, ignore_errors=True)
    for folder in folders:
        if folder.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(folder, target / folder.name, ignore=ignored)
    for path in Path(target).rglob("*"):
        rules = [rule for rule in RULES if rule[0] == path.suffix]
        if rules and path.is_file():
            before = text = path.read_text(encoding="utf-8")
            for _suffix, pattern, replacement in rules:
                text = pattern.sub(replacement, text)
            if text != before:
                path.write_text(text, encoding="utf-8")
