"""Checks of the translations: nothing empty, nothing fuzzy, every placeholder kept."""

import json
import subprocess

from .layout import ROOT, SILENT

# polib lives in the venv, so the reading is done there.
READ = """
import json, sys, polib
print(json.dumps([
    [e.msgid, e.msgstr, bool(e.fuzzy), bool(e.obsolete)] for e in polib.pofile(sys.argv[1])
]))
"""


def problems(python, addons):
    """Return what is wrong with each addon's ``ja.po``, one sentence each."""
    found = []
    for addon in addons:
        path = ROOT / addon / "i18n" / "ja.po"
        if addon == SILENT:
            continue
        if not path.exists():
            found.append(f"{addon}: i18n/ja.po is missing")
            continue
        answer = subprocess.run(
            [str(python), "-c", READ, str(path)], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            found.append(f"{addon}: ja.po cannot be read: {answer.stderr.strip().splitlines()[-1]}")
            continue
        for msgid, msgstr, fuzzy, obsolete in json.loads(answer.stdout):
            if obsolete:
                continue
            if not msgstr:
                found.append(f"{addon}: not translated: {msgid[:60]!r}")
            elif fuzzy:
                found.append(f"{addon}: fuzzy: {msgid[:60]!r}")
            elif placeholders(msgid) != placeholders(msgstr):
                found.append(f"{addon}: placeholders differ: {msgid[:60]!r}")
    return found


def placeholders(text):
    """Return the sorted ``%(name)s`` placeholders of a text."""
    parts = text.split("%(")[1:]
    return sorted({part.split(")")[0] for part in parts if ")" in part})
