"""``make i18n``: merge the strings that Odoo finds into the ``ja.po`` files."""

import os
import subprocess

from . import odoo
from .database import Database
from .layout import ADDONS, ROOT, RUN
from .port import addons_for
from .postgres import server
from .programs import run_logged
from .say import Stop, say
from .sources import obtain
from .venv import ensure_venv

# New strings come in empty, vanished ones go; translations stay, also of what moved between addons.
MERGE = """
import pathlib, sys, polib
fresh, path = polib.pofile(sys.argv[1]), sys.argv[2]
known = {}
for other in sys.argv[3:]:  # the addon's own file comes last
    known.update({(e.msgctxt, e.msgid): e.msgstr for e in polib.pofile(other) if e.msgstr})
for entry in fresh:
    entry.msgstr = known.get((entry.msgctxt, entry.msgid), "")
plural = "nplurals=1; plural=0;"
fresh.metadata.update({"Language": "ja", "Language-Team": "", "Plural-Forms": plural})
for name in ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator"):
    fresh.metadata.pop(name, None)
fresh.sort(key=lambda e: e.msgid)
if fresh:
    pathlib.Path(path).parent.mkdir(exist_ok=True)
    fresh.save(path)
print(sum(not e.msgstr for e in fresh))
"""


def main():
    """Export each addon's template from a database of its own, and merge it."""
    source = obtain(os.environ.get("SERIES") or "17.0")
    python = ensure_venv(source.series, source.path)
    postgres = server("postgres-i18n", python, "make i18n", durable=False)
    addons = addons_for(source.series, "i18n")
    database = Database(f"i18n_{os.getpid()}", postgres, python, source, addons, "i18n")
    try:
        postgres.start()
        database.create(list(ADDONS))
        for addon in ADDONS:
            template = RUN / f"{addon}.pot"
            command = [
                python,
                database.launcher,
                *odoo.options(source, database.addons, database.name),
            ]
            command += [
                "--no-http",
                "--stop-after-init",
                f"--modules={addon}",
                f"--i18n-export={template}",
            ]
            run_logged(
                command,
                database.log,
                "Odoo could not export its strings",
                env=postgres.environment,
                cwd=RUN,
            )
            if "Failed to extract terms" in database.log.read_text(errors="replace"):
                raise Stop(f"Odoo left out a whole file; {database.log} says which and why.")
            path = ROOT / addon / "i18n" / "ja.po"
            known = sorted(ROOT.glob("*/i18n/ja.po"), key=lambda other: other == path)
            answer = subprocess.run(
                [python, "-c", MERGE, template, path, *known],
                capture_output=True,
                text=True,
                check=True,
            )
            count = answer.stdout.strip()
            say(f"{addon}: {count} strings to translate in {path.relative_to(ROOT)}.")
        database.drop(database.name)
    finally:
        postgres.stop()
