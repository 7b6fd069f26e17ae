"""``make shell``: an Odoo shell on the demo database."""

import os
import signal
import subprocess
from contextlib import contextmanager

from . import odoo
from .database import Database
from .layout import RUN, installed_addons
from .port import addons_for
from .postgres import server
from .sources import obtain
from .venv import ensure_venv


def main():
    """Run the shell on this terminal."""
    with demo_database() as (database, postgres):
        command = [database.python, database.launcher, "shell", "--no-http", "--log-level=warn"]
        command += odoo.options(database.source, database.addons, database.name)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the shell
        return subprocess.run(
            [str(part) for part in command],
            env=postgres.environment,
            cwd=RUN,
            check=False,
            preexec_fn=_with_ctrl_c,
        ).returncode


@contextmanager
def demo_database():
    """Give ``(database, postgres)``: beside ``make run``, or with a PostgreSQL of its own."""
    source = obtain(os.environ.get("SERIES") or None)
    python = ensure_venv(source.series, source.path)
    postgres = server("postgres", python, "make run")
    try:
        postgres.start(join=True)
        name = os.environ.get("DB") or f"demo{source.series.split('.')[0]}"
        database = Database(
            name, postgres, python, source, addons_for(source.series, "shell"), "shell"
        )
        if not postgres.joined:
            database.ensure(installed_addons())
        yield database, postgres
    finally:
        postgres.stop()


def _with_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
