"""A server of RabbitMQ on loopback, as tests start, ask, fill and kill it."""

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pika

from support.forked import until
from tools.rabbitmq import find

ADMIN = ("odoo", "p:w")
SECRET = ":".join(ADMIN)
# May make nothing, and publish to what begins so alone.
WRITER = ("writer", "wr1ter")
WRITES = "plain"
# Bytes of the largest message.
MOST = 300_000
EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}


def quiet_ports(count):
    """Return ports of loopback that nobody listens at, and that no connection is given.

    A server that takes seconds to start would find the others taken meanwhile.
    """
    found = set()
    while len(found) < count:
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            found.add(sock.getsockname()[1])
    return list(found)


class RabbitServer:
    """One server, in a process of its own; it takes seconds to start.

    :param pathlib.Path certificate: with its key, for the port of TLS
    """

    def __init__(self, certificate):
        self.port, self.tls_port, epmd, nodes = quiet_ports(4)
        self.url = f"amqp://127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="rabbitmq-"))
        self._scripts, erlang = find()
        (self._folder / "definitions.json").write_text(json.dumps(definitions()))
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.certfile = {certificate}\nssl_options.keyfile = {certificate}\n"
            f"load_definitions = {self._folder}/definitions.json\n"
            f"max_message_size = {MOST}\n"
        )
        self._env = {
            **os.environ,
            "PATH": os.pathsep.join((str(erlang), os.environ["PATH"])),
            "HOME": str(self._folder),
            "ERL_CRASH_DUMP": os.devnull,
            "ERL_EPMD_PORT": str(epmd),
            "RABBITMQ_NODENAME": f"tests{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(nodes),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": f"{self._folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{self._folder}/plugins",
            "RABBITMQ_MNESIA_BASE": f"{self._folder}/data",
            "RABBITMQ_LOG_BASE": f"{self._folder}/logs",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server
        }
        # Erlang's list of its own servers; it would start one that outlives the tests.
        self._list = subprocess.Popen(
            [erlang / "epmd", "-port", str(epmd), "-address", "127.0.0.1"], env=self._env
        )
        self._process = None
        try:
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self):
        """Start it, with what it stored before."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._scripts / "rabbitmq-server"],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._answers, 120, "the server does not start")

    def _answers(self):
        assert self._process.poll() is None, (self._folder / "log").read_text(errors="replace")
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self.connect().close()
            return True
        return False

    def control(self, *words):
        """Run ``rabbitmqctl``."""
        command = [self._scripts / "rabbitmqctl", "--quiet", *words]
        subprocess.run(command, env=self._env, check=True, capture_output=True, timeout=60)

    def send_signal(self, number):
        """Send the server a signal."""
        self._process.send_signal(number)

    def kill(self):
        """End it at once: ``kill -9``."""
        self._process.kill()
        self._process.wait()

    def remove(self):
        """End it, and remove what it stored."""
        self.kill()
        self._list.kill()
        self._list.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def connect(self, **options):
        """Return a connection of a user who may do everything."""
        given = pika.ConnectionParameters(
            "127.0.0.1", self.port, credentials=pika.PlainCredentials(*ADMIN), **options
        )
        return pika.BlockingConnection(given)


class Exchange:
    """An exchange of a test, and the queue behind it, of the same name.

    :param RabbitServer server: that has them
    :param str name: of both
    """

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.url = f"{server.url}?exchange={name}"

    @contextlib.contextmanager
    def channel(self):
        """Give a channel."""
        connection = self.server.connect()
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()

    def make(self, kind="topic", **options):
        """Make the exchange."""
        with self.channel() as channel:
            channel.exchange_declare(self.name, kind, **{"durable": True, **options})
        return self

    def make_queue(self, key="#", **arguments):
        """Make the queue, which outlives the server, and let it have what has such a key."""
        with self.channel() as channel:
            channel.queue_declare(self.name, durable=True, arguments=arguments)
            channel.queue_bind(self.name, self.name, key)
        return self

    def how_many(self):
        """Return how many events the queue has."""
        with self.channel() as channel:
            return channel.queue_declare(self.name, passive=True).method.message_count

    def take(self, prefix=""):
        """Take the events whose record begins so, each as ``(method, properties, event)``."""
        found = []
        with self.channel() as channel:
            while (got := channel.basic_get(self.name, auto_ack=True))[0]:
                found.append((*got[:2], json.loads(got[2])))
        return [one for one in found if one[2]["subject"].startswith(prefix)]


def definitions():
    """Return the users and virtual hosts of a new server, as RabbitMQ imports them."""
    writer = {"configure": "", "write": f"^{WRITES}", "read": ""}
    return {
        "users": [
            {"name": name, "password": password, "tags": ""} for name, password in (ADMIN, WRITER)
        ],
        "vhosts": [{"name": "/"}, {"name": "shop/1"}],
        "permissions": [
            {"user": ADMIN[0], "vhost": "/", **EVERYTHING},
            {"user": ADMIN[0], "vhost": "shop/1", **EVERYTHING},
            {"user": WRITER[0], "vhost": "/", **writer},
        ],
    }
