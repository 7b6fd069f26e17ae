"""Real Odoo processes to talk to, to kill, and to start again."""

import os
import signal
import socket
import subprocess
import time
import xmlrpc.client
from datetime import datetime
from pathlib import Path
from xml.parsers.expat import ExpatError
from zoneinfo import ZoneInfo


class OdooServer:
    """One Odoo on its own port.

    :param str database: the database it serves
    :param int workers: 0 for threads, else that many processes
    :param dict environment: variables of the process, where they are not those of the tests
    """

    def __init__(self, database, workers=0, environment=None):
        self.environment = environment
        self.database = database
        self.workers = workers
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = Path(os.environ["ES_ARTEFACTS"]) / f"odoo-{self.port}.log"
        self.process = None
        self.known = {}

    def start(self):
        """Start it and return when it answers."""
        self.known.clear()
        command = [
            *(os.environ["ES_PYTHON"], os.environ["ES_LAUNCHER"]),
            *(f"--database={self.database}", f"--addons-path={os.environ['ES_ADDONS_PATH']}"),
            *("--http-interface=127.0.0.1", f"--http-port={self.port}"),
            *(f"--gevent-port={_free_port()}", f"--workers={self.workers}"),
            *("--max-cron-threads=0", "--no-database-list", "--db_maxconn=40"),
            *(f"--db-filter=^{self.database}$", f"--logfile={self.log}"),
            f"--data-dir={os.environ['ES_DATA']}",
        ]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=self.environment,
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"Odoo ended by itself: see {self.log}")
            try:
                self._proxy("common").version()
                # Let each worker load the registry before anything is measured or killed.
                self.login("admin", "admin")
                return self
            except (OSError, xmlrpc.client.Error):
                time.sleep(0.2)
        raise RuntimeError(f"Odoo did not answer: see {self.log}")

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """``kill -9``, the workers too."""
        if self.runs():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill_one_worker(self):
        """``kill -9`` of one worker process; the server starts another by itself."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        os.kill(int(children.split()[0]), signal.SIGKILL)

    def login(self, user, password):
        """Return ``(uid, call)``; ``call(model, method, *args, **kwargs)`` answers or raises."""
        # The checksum of a password takes Odoo half a second.
        uid = self.known.get((user, password)) or self._proxy("common").authenticate(
            self.database, user, password, {}
        )
        if not uid:
            raise RuntimeError(f"{user} cannot log in")
        self.known[user, password] = uid

        def call(model, method, *args, **kwargs):
            try:
                return self._proxy("object").execute_kw(
                    self.database, uid, password, model, method, list(args), kwargs
                )
            except ExpatError as error:  # who answered was killed after the head of the answer
                raise ConnectionError("the answer was cut off") from error

        return uid, call

    def _proxy(self, service):
        # One connection a call: a proxy must not be shared by threads.
        return xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/{service}", allow_none=True)


def company_of(uid, call):
    """Return the id of the company that a user works in; products of it have prices of it."""
    return call("res.users", "read", [uid], ["company_id"])[0]["company_id"][0]


def shop_today():
    """Return the business day of the shop in which the administrator and ``tanaka`` work."""
    return datetime.now(ZoneInfo("Asia/Tokyo")).date()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
