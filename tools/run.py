"""``make run``: Odoo with the demo data, from nothing to the first click."""

import os
import subprocess

from . import odoo
from .database import Database
from .ending import kill_all, stop, unhurried, with_parent
from .layout import LOG, RUN, installed_addons
from .locks import hold
from .port import addons_for
from .postgres import server
from .say import Stop, say, step
from .sources import obtain
from .venv import ensure_venv

WELCOME = """
Odoo {series} is running at   {url}
Log in as                {login}   with the password   {login}

  1. Rentals > Today: a morning in a shop in Osaka. Open what goes out, press "Deliver equipment".
  2. Rentals > Orders: open a draft, press "Start demo", open it in a second tab, too.
  3. "Cancel demo" in both: in the second it is refused, and the attempt is kept.
  4. Press "History": who did what, who tried what, and why it was refused.

Ctrl-C stops everything. The next start takes seconds. Odoo's log: {log}
"""


def main():
    """Prepare what is missing, start everything, and stop everything on Ctrl-C."""
    lock = hold(RUN / "run.lock")
    if lock is None:
        raise Stop("'make run' is running already in this checkout: stop it with Ctrl-C first.")
    with lock:
        port, interface = _address()
        fresh = wants_fresh(os.environ)
        source = obtain(os.environ.get("SERIES") or None)
        python = ensure_venv(source.series, source.path)
        postgres = server("postgres", python, "make shell")
        try:
            postgres.start()
            addons = addons_for(source.series, "run")
            name = os.environ.get("DB") or f"demo{source.series.split('.')[0]}"
            database = Database(name, postgres, python, source, addons)
            database.ensure(installed_addons(), fresh)
            _serve(database, postgres, interface, port)
        finally:
            say("Stopping …")
            postgres.stop()
    say("Stopped.")


def _serve(database, postgres, interface, port):
    """Start Odoo and a worker that passes events on beside it, say where it is, and wait."""
    log = LOG / f"odoo-{database.source.series}.log"
    options = odoo.options(database.source, database.addons, database.name)
    server = [
        *(*options, f"--http-interface={interface}", f"--http-port={port}", f"--logfile={log}"),
        *("--workers=0", "--max-cron-threads=1"),
    ]
    process = _start(database, postgres, server, log)
    # The command is an addon's: where addons are is said before it, too.
    words = [options[0], "event_worker", *options]
    worker = _start(database, postgres, words, LOG / f"worker-{database.source.series}.log")
    try:
        host = "localhost" if interface in ("127.0.0.1", "0.0.0.0") else interface
        url = f"http://{host}:{port}"
        with step("Starting Odoo"):
            odoo.wait_until_ready(process, url, log)
        say(WELCOME.format(series=database.source.series, url=url, login="admin", log=log))
        try:
            process.wait()
        except KeyboardInterrupt:
            return  # that is how it is meant to end
        raise odoo.ended(log)
    finally:
        with unhurried():
            stop(worker)
            stop(process)


def _start(database, postgres, words, log):
    """Start the launcher with these arguments; what it says goes to the log."""
    log.unlink(missing_ok=True)
    log.touch()
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in (database.python, database.launcher, *words)],
            env=postgres.environment,
            cwd=LOG,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop Odoo first, then PostgreSQL
            preexec_fn=with_parent,
        )


def wants_fresh(environment):
    """Whether the database is to be thrown away and made anew: who asks for it says so.

    :raise Stop: for a word that could be meant otherwise
    """
    text = environment.get("FRESH") or ""
    if text not in ("", "no", "yes"):
        raise Stop(f"FRESH is {text}: write FRESH=yes to throw the demo database away.")
    return text == "yes"


def _address():
    """Return the port and the interface to listen on, once they are known to be free."""
    # What a killed run left behind listens on the port that this one wants.
    for launcher in RUN.glob("odoo-*-run"):
        kill_all(launcher)
    interface = os.environ.get("HTTP_INTERFACE") or "127.0.0.1"
    text = os.environ.get("PORT") or "8069"
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise Stop(f"PORT is {text}: give a number from 1 to 65535.")
    odoo.check_port(int(text), interface)
    return int(text), interface
