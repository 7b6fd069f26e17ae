"""Which Python runs Odoo: 3.10, 3.11 or 3.12."""

import shutil
import sys

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
