"""One virtual environment per Odoo series, complete or made again."""

import hashlib
import re
import sys

from .layout import LOG, ROOT, RUN
from .locks import turn
from .pip import make_venv
from .programs import run_logged, succeeds
from .say import step

# python-ldap wants to be compiled and nothing here uses it; psycopg2 comes as a wheel,
# from the project's own list.
LEFT_OUT = ("python-ldap", "psycopg2")


def ensure_venv(series, source):
    """Make or complete the venv of a series, and return its Python.

    A stamp with the hash of all requirements is written last: an install that was
    interrupted is made again from the start, and a complete one takes no time. Another
    version of Python than last time gets a new venv.

    :param str series: ``17.0`` or ``19.0``
    :param pathlib.Path source: Odoo's source tree
    """
    wanted = requirements(series, source)
    digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    venv = RUN / f"venv-{series}"
    python = venv / "bin" / "python"
    stamp = venv / "complete"
    with turn(RUN / f"venv-{series}.lock", "installing Python packages"):
        same = (venv / "lib" / "python{}.{}".format(*sys.version_info)).exists()
        usable = same and stamp.exists() and succeeds([python, "-m", "pip", "--version"])
        if usable and stamp.read_text() == digest:
            return python
        with step(f"Installing what Odoo {series} needs into {venv.relative_to(RUN.parent)}"):
            stamp.unlink(missing_ok=True)
            if not usable:
                make_venv(sys.executable, venv)
            listing = venv / "requirements.txt"
            listing.write_text("\n".join(wanted) + "\n")
            command = [python, "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
            run_logged(
                [*command, "--disable-pip-version-check", "-r", listing],
                LOG / f"pip-{series}.log",
                "Installing Python packages failed",
                where=_where,
            )
            stamp.write_text(digest)
    return python


def requirements(series, source):
    """Return the lines of all requirements: Odoo's own, the series' and the project's.

    What the series' list names takes the place of Odoo's own line. Debian's package of Odoo
    has no list; ours stands in for it.
    """
    own = source / "requirements.txt"
    odoo = _lines(own if own.exists() else ROOT / "tools" / "requirements-debian.txt")
    instead = _lines(ROOT / "tools" / f"requirements-{series}.txt")
    left_out = {*LEFT_OUT, *map(_name, instead)}
    kept = [line for line in odoo if _name(line) not in left_out]
    return [*kept, *instead, *_lines(ROOT / "requirements.txt")]


def _lines(path):
    """Return the requirements in a file, without comments; none where there is no file."""
    lines = path.read_text().splitlines() if path.exists() else []
    bare = [re.sub(r"(^|\s+)#.*", "", line).strip() for line in lines]
    return [line for line in bare if line]


def _name(line):
    return re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()


def _where(text):
    """Return the last thing that pip said it does."""
    lines = [
        line for line in text.splitlines() if re.match(r"\s*(Collecting|Downloading|Inst)", line)
    ]
    return lines[-1].strip() if lines else None
