"""``make lint``: ruff, pylint-odoo, well-formed XML, complete translations."""

import os
import subprocess
import xml.etree.ElementTree as ElementTree

from .layout import ADDONS, ROOT
from .po import problems
from .say import say
from .sources import obtain
from .venv import ensure_venv

NOT_FOR_US = (
    "consider-merging-classes-inherited",
    "method-required-super",
    "no-raise-unlink",
    "missing-return",
    "super-method-mismatch",
    "context-overridden",
    "prefer-env-translation",
)


def main():
    """Run every check and return 1 if one of them complains."""
    source = obtain(os.environ.get("SERIES") or None)
    python = ensure_venv(source.series, source.path)
    addons = list(ADDONS)
    python_code = [*addons, "benchmarks", "tests", "tools"]
    checks = {
        "ruff": [python, "-m", "ruff", "check", "--output-format=concise", *python_code],
        "ruff format": [python, "-m", "ruff", "format", "--check", *python_code],
        "pylint-odoo": [
            *(python, "-m", "pylint", "--rcfile=.pylintrc"),
            # Named after odoolint was enabled as a whole; .pylintrc says why.
            f"--disable={','.join(NOT_FOR_US)}",
            *addons,
        ],
    }
    failed = [name for name, command in checks.items() if _run(name, command, source)]
    for name, check in (("XML", _xml), ("translations", lambda: problems(python, addons))):
        found = check()
        say(f"{name}: {'ok' if not found else ''}")
        for problem in found:
            say(f"    {problem}")
        failed += [name] if found else []
    say("Lint: ok." if not failed else f"Lint: {', '.join(failed)} complained.")
    return 1 if failed else 0


def _run(name, command, source):
    say(f"{name}:")
    environment = {**os.environ, "PYTHONPATH": str(source.path)}
    command = [str(part) for part in command]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _xml():
    """Return what is wrong with XML files: syntax, and spellings that one series lacks."""
    found = []
    paths = [path for name in (*ADDONS, "tests") for path in (ROOT / name).rglob("*.xml")]
    for path in sorted(paths):
        name = path.relative_to(ROOT)
        try:
            tree = ElementTree.parse(path)
        except ElementTree.ParseError as error:
            found.append(f"{name}: {error}")
            continue
        for element in tree.iter():
            if element.tag == "list":
                found.append(f"{name}: write <tree>; the port to 19.0 makes it <list>")
            if element.get("name") in ("groups_id", "category_id", "doall"):
                found.append(f"{name}: the field {element.get('name')} is not in every series")
            if element.tag == "group" and element.get("expand"):
                found.append(f"{name}: a <group> in a search view takes no attributes on 19.0")
    return found
