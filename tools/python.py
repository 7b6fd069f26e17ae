"""Which Python runs Odoo: 3.10, 3.11 or 3.12; and where it keeps what it compiled."""

import os
import shutil
import sys

from .layout import RUN
from .programs import succeeds
from .say import Stop

FITTING = ((3, 11), (3, 12), (3, 10))


def find_python():
    """Return the path of a fitting interpreter.

    :raise Stop: when there is none
    """
    if sys.version_info[:2] in FITTING:
        return sys.executable
    for major, minor in FITTING:
        path = shutil.which(f"python{major}.{minor}")
        # A shim of a version manager may be there without its Python.
        if path and succeeds([path, "-c", ""]):
            return path
    raise Stop(
        f"Odoo needs Python 3.10, 3.11 or 3.12, and python3 is {sys.version_info[0]}."
        f"{sys.version_info[1]}: install one (for example: apt install python3.11)."
    )


def keep_bytecode():
    """Let every Python that is started from here keep its bytecode below ``.run``.

    Not in the source trees, which may be anybody's. Without any, half of an Odoo's start is
    compiling what it imports.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(RUN / "bytecode"))
