"""``make shell``: an Odoo shell on the demo database."""

import os
import subprocess

from . import odoo
from .database import Database
from .layout import ADDONS, RUN
from .port import addons_for
from .postgres import server
from .sources import obtain
from .venv import ensure_venv


def main():
    """Start PostgreSQL, run the shell on this terminal, stop PostgreSQL."""
    source = obtain(os.environ.get("SERIES") or None)
    python = ensure_venv(source.series, source.path)
    postgres = server("postgres", python)
    postgres.start()
    try:
        name = os.environ.get("DB") or f"demo{source.series.split('.')[0]}"
        database = Database(name, postgres, python, source, addons_for(source.series))
        database.ensure(list(ADDONS))
        command = [python, database.launcher, "shell", "--no-http", "--log-level=warn"]
        command += odoo.options(source, database.addons, name)
        return subprocess.run(
            [str(part) for part in command], env=postgres.environment, cwd=RUN, check=False
        ).returncode
    finally:
        postgres.stop()
