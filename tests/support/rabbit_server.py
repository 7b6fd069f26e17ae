"""A server of RabbitMQ on loopback, as tests start, ask, fill and kill it."""

import contextlib
import json

import pika

from support.forked import until
from tools.rabbitmq import Server

ADMIN = ("odoo", "p:w")
SECRET = ":".join(ADMIN)
# May make nothing, and publish to what begins so alone.
WRITER = ("writer", "wr1ter")
WRITES = "plain"
# Of these, an exchange to which it may publish under keys that end so alone.
TOPICS = f"{WRITES}-topics"
ENDING = "Added"
# Bytes of the largest message.
MOST = 300_000
EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}


class RabbitServer(Server):
    """One server, with users and virtual hosts.

    :param pathlib.Path certificate: with its key, for the port of TLS
    """

    def __init__(self, certificate):
        super().__init__()
        self.url = f"amqp://127.0.0.1:{self.port}"
        (self.folder / "definitions.json").write_text(json.dumps(definitions()))
        self.configure(
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
            *(f"ssl_options.certfile = {certificate}", f"ssl_options.keyfile = {certificate}"),
            f"load_definitions = {self.folder}/definitions.json",
            f"max_message_size = {MOST}",
        )
        try:
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self):
        """Start it, with what it stored before, and wait until it answers."""
        super().start()
        until(self._answers, 120, "the server does not start")

    def _answers(self):
        assert self.runs(), self.said
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self.connect().close()
            return True
        return False

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
        "topic_permissions": [
            {
                "user": WRITER[0],
                "vhost": "/",
                "exchange": TOPICS,
                "write": f"{ENDING}$",
                "read": "",
            }
        ],
    }
