"""``make run``: Odoo with the demo data, from nothing to the first click."""

import os
import signal
import subprocess

from . import odoo
from .database import Database
from .layout import ADDONS, LOG
from .port import addons_for
from .postgres import server
from .say import Stop, say
from .sources import obtain
from .venv import ensure_venv

WELCOME = """
Odoo {series} is running at   {url}
Log in as                {login}   with the password   {login}

  1. Rentals > Orders: open a draft, press "Start demo", then "Cancel demo".
  2. Action > Cancel demo once more: it is refused, and the attempt is kept.
  3. Press "History": who did what, who tried what, and why it was refused.

Ctrl-C stops everything. The next start takes seconds. Odoo's log: {log}
"""


def main():
    """Prepare what is missing, start everything, and stop everything on Ctrl-C."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    odoo.end_left_over()
    port = _port()
    interface = os.environ.get("HTTP_INTERFACE") or "127.0.0.1"
    source = obtain(os.environ.get("SERIES") or None)
    python = ensure_venv(source.series, source.path)
    postgres = server("postgres", python)
    postgres.start()
    try:
        addons = addons_for(source.series)
        name = os.environ.get("DB") or f"demo{source.series.split('.')[0]}"
        database = Database(name, postgres, python, source, addons)
        database.ensure(list(ADDONS))
        _serve(database, postgres, interface, port)
    finally:
        say("Stopping …")
        postgres.stop()


def _serve(database, postgres, interface, port):
    log = LOG / f"odoo-{database.source.series}.log"
    command = [
        *(database.python, database.launcher),
        *odoo.options(database.source, database.addons, database.name),
        *(f"--http-interface={interface}", f"--http-port={port}", f"--logfile={log}"),
        *("--workers=0", "--max-cron-threads=1"),
    ]
    log.unlink(missing_ok=True)
    log.touch()
    process = subprocess.Popen(
        [str(part) for part in command],
        env=postgres.environment,
        cwd=LOG,
        stdin=subprocess.DEVNULL,
        stdout=log.open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C reaches us alone; we stop Odoo first, then PostgreSQL
    )
    odoo.remember(process)
    try:
        url = f"http://{'localhost' if interface in ('127.0.0.1', '0.0.0.0') else interface}:{port}"
        odoo.wait_until_ready(process, url, log)
        say(WELCOME.format(series=database.source.series, url=url, login="admin", log=log))
        try:
            process.wait()
        except KeyboardInterrupt:
            return  # that is how it is meant to end
        raise Stop(f"Odoo ended by itself; its log is {log}.")
    finally:
        odoo.stop(process)


def _port():
    text = os.environ.get("PORT") or "8069"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Stop(f"PORT is {text}: give a number from 1 to 65535.")
    if odoo.taken(int(text)):
        raise Stop(
            f"Port {text} is taken by another program: stop that, or choose another port with"
            f" 'make run PORT={int(text) + 1}'."
        )
    return int(text)


def _as_interrupt(_signal, _frame):
    raise KeyboardInterrupt
