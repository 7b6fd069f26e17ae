"""RabbitMQ for tests and measurements: the system's, or Debian's packages, only unpacked."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from .apt import Area
from .ending import with_parent
from .layout import RUN
from .say import Stop, step

PACKAGE = "rabbitmq-server"
ERLANG = tuple(
    f"erlang-{name}"
    for name in (
        *("asn1", "base", "crypto", "eldap", "inets", "mnesia", "os-mon", "parsetools"),
        *("public-key", "runtime-tools", "ssl", "syntax-tools", "tools", "xmerl"),
    )
)
# The package's own script knows only where it would be installed.
ERL = """\
#!/bin/sh
ROOTDIR=$(cd "$(dirname "$0")/.." && pwd)
BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
EMU=beam
PROGNAME=erl
export ROOTDIR BINDIR EMU PROGNAME
exec "$BINDIR/erlexec" "$@"
"""


class Programs(NamedTuple):
    """Where the programs are.

    :ivar pathlib.Path scripts: folder with ``rabbitmq-server`` and ``rabbitmqctl``, which do not
        ask who runs them
    :ivar pathlib.Path erlang: folder with ``erl`` and ``epmd``
    """

    scripts: Path
    erlang: Path


def find():
    """Return the ``Programs``, fetching them where they are missing; nobody has to be root.

    :raise Stop: where they cannot be had
    """
    return _below(Path("/")) or _below(RUN / "rabbitmq") or _fetched()


def _below(root):
    """Return the programs below a folder, or None."""
    found = Programs(root / "usr/lib/rabbitmq/bin", root / "usr/lib/erlang/bin")
    return found if all(folder.is_dir() for folder in found) else None


def _fetched():
    """Download and unpack the packages, and return the programs."""
    try:
        area = Area(RUN / "rabbitmq.apt")
        with step("Fetching RabbitMQ and Erlang from Debian (a download of some 33 MB)"):
            area.update()
            area.download(PACKAGE, *ERLANG)
        fresh = RUN / f"rabbitmq.fetching-{os.getpid()}"
        fresh.mkdir(parents=True, exist_ok=True)
        try:
            for package in (PACKAGE, *ERLANG):
                area.unpack(package, fresh)
            (fresh / "usr/lib/erlang/bin/erl").write_text(ERL)
            shutil.rmtree(RUN / "rabbitmq", ignore_errors=True)
            fresh.rename(RUN / "rabbitmq")
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except Stop as stop:
        raise Stop(
            f"The tests of RabbitMQ need its server. {stop} Run 'apt install {PACKAGE}' as root."
        ) from stop
    return _below(RUN / "rabbitmq")


class Server:
    """A server on loopback with a list of nodes of its own, whoever else runs one.

    Both end with the thread that started them, ``kill -9`` included; start it in the main one.

    :ivar int port: of AMQP
    :ivar int tls_port: free for AMQP with TLS, where the settings say so
    :ivar pathlib.Path folder: what it stores, until it is removed
    """

    def __init__(self):
        self._kept, (self.port, self.tls_port, nodes, node) = _kept_ports(4)
        self.folder = Path(tempfile.mkdtemp(prefix="rabbitmq-"))
        self._scripts, erlang = find()
        self._env = {
            **os.environ,
            "PATH": os.pathsep.join((str(erlang), os.environ["PATH"])),
            "HOME": str(self.folder),  # of the cookie
            "ERL_CRASH_DUMP": os.devnull,
            "ERL_EPMD_PORT": str(nodes),
            "RABBITMQ_NODENAME": f"tests{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(node),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": f"{self.folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{self.folder}/plugins",
            "RABBITMQ_MNESIA_BASE": f"{self.folder}/data",
            "RABBITMQ_LOG_BASE": f"{self.folder}/logs",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server
        }
        self.configure()
        # Erlang's list of its own servers; it would start one that outlives everything.
        self._list = self._begin(erlang / "epmd", "-port", str(nodes), "-address", "127.0.0.1")
        self._process = None

    @property
    def pids(self):
        """Ids of the processes."""
        return [self._list.pid, self._process.pid]

    @property
    def said(self):
        """What it wrote when it started."""
        return (self.folder / "log").read_text(errors="replace")

    def configure(self, *lines):
        """Write the settings, each as RabbitMQ has it, for the next start."""
        listeners = f"listeners.tcp.1 = 127.0.0.1:{self.port}"
        (self.folder / "rabbitmq.conf").write_text("\n".join((listeners, *lines, "")))

    def start(self):
        """Start it, with what it stored before; it takes seconds until it listens."""
        self._process = self._begin(self._scripts / "rabbitmq-server")

    def runs(self):
        """Whether the process is there."""
        return self._process.poll() is None

    def control(self, *words):
        """Run ``rabbitmqctl``."""
        command = [self._scripts / "rabbitmqctl", "--quiet", *words]
        subprocess.run(command, env=self._env, check=True, capture_output=True, timeout=60)

    def send_signal(self, number):
        """Send the server a signal."""
        self._process.send_signal(number)

    def kill(self):
        """End it at once: ``kill -9``."""
        self.send_signal(signal.SIGKILL)
        self._process.wait()

    def remove(self):
        """End it, and remove what it stored."""
        if self._process is not None:
            self.kill()
        self._list.kill()
        self._list.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        for sock in self._kept:
            sock.close()

    def _begin(self, *command):
        # A pipe of whoever waits for the tests would be held open.
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                env=self._env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=with_parent,
            )


def _kept_ports(count):
    """Return sockets of UDP, and their ports, at which nobody listens with TCP on loopback.

    No connection is given them, and nobody else who asks here, while a server is not there yet
    or is killed for a while.
    """
    kept = {}
    while len(kept) < count:
        port = random.randrange(20_000, 32_000)
        sock = socket.socket(type=socket.SOCK_DGRAM)
        try:
            sock.bind(("127.0.0.1", port))
            with socket.socket() as free:
                free.bind(("127.0.0.1", port))
            kept[port] = sock
        except OSError:
            sock.close()
    return list(kept.values()), list(kept)
