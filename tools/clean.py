"""``make clean``: throw away what was made in this checkout."""

import shutil

from .layout import ROOT, RUN, cache
from .locks import hold
from .say import Stop, say


def main():
    """Remove ``.run`` and the caches; the Odoo sources stay in the user's cache."""
    for lock in [RUN / "run.lock", *RUN.glob("*/lock")]:
        if lock.exists() and not hold(lock):
            raise Stop("Another command is running in this checkout: stop that first.")
    for path in (RUN, ROOT / ".hypothesis", ROOT / ".ruff_cache", ROOT / ".pytest_cache"):
        shutil.rmtree(path, ignore_errors=True)
    for path in ROOT.rglob("__pycache__"):
        shutil.rmtree(path, ignore_errors=True)
    say(f"Clean. The Odoo sources are still in {cache()}.")
