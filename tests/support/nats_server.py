"""Servers of NATS on loopback, alone and as a cluster, as tests start and kill them."""

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import nats
from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig

from support.forked import until
from tools.nats import find


def free_ports(count):
    """Return ports of loopback that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _port in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


class NatsServer:
    """One server with JetStream, in a process of its own.

    :param str settings: more of its configuration
    :param int port: where it listens
    :param str name: in a cluster
    """

    def __init__(self, settings="", port=0, name="alone"):
        self.port = port or free_ports(1)[0]
        self.name = name
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="nats-"))
        self._config = self._folder / "nats.conf"
        self._config.write_text(
            f"listen: 127.0.0.1:{self.port}\nserver_name: {name}\n"
            f"jetstream {{ store_dir: {json.dumps(str(self._folder))} }}\n{settings}\n"
        )
        self._process = None
        self.start()

    def start(self):
        """Start it, with what it stored before."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [find(), "-c", str(self._config)], stdout=log, stderr=log
            )
        until(self._listens, 20, f"the server does not start: {self.log()}")

    def log(self):
        """Return what it has said."""
        return (self._folder / "log").read_text(errors="replace")

    def _listens(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def kill(self):
        """End it at once: ``kill -9``."""
        self._process.kill()
        self._process.wait()

    def remove(self):
        """End it, and remove what it stored."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class Cluster:
    """Three servers that keep each event on all of them."""

    def __init__(self):
        ports = free_ports(6)
        routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports[3:])
        self.servers = [
            NatsServer(
                f"cluster {{ name: three, listen: 127.0.0.1:{route}, routes: [{routes}] }}",
                port,
                f"server{port}",
            )
            for port, route in zip(ports[:3], ports[3:], strict=True)
        ]
        self.url = ",".join(server.url for server in self.servers)

    def remove(self):
        """End all of them."""
        for server in self.servers:
            server.remove()


def ask(url, question, **login):
    """Return what a coroutine answers that is given a JetStream of a server.

    :param str url: of a server, or of several with commas between them
    """

    async def connect_and_ask():
        client = await nats.connect(url.split(","), **login)
        try:
            return await question(client.jetstream(timeout=5))
        finally:
            await client.close()

    return asyncio.run(connect_and_ask())


def make_stream(url, replicas=1, subjects=("odoo.>",), login=None, **options):
    """Make the stream ``ODOO``; a cluster may need a while to be one."""
    config = StreamConfig(
        name="ODOO",
        subjects=list(subjects),
        num_replicas=replicas,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        **options,
    )

    def attempt():
        with contextlib.suppress(nats.errors.Error, asyncio.TimeoutError, OSError):
            ask(url, lambda stream: stream.add_stream(config), **(login or {}))
            return True
        return False

    until(attempt, 30, "no stream can be made")


def stored(url, prefix="", **login):
    """Return the events of the stream whose record begins so, each as ``(headers, event)``."""

    async def read(jetstream):
        state = (await jetstream.stream_info("ODOO")).state
        numbers = range(state.first_seq, state.last_seq + 1) if state.messages else ()
        return await asyncio.gather(*(jetstream.get_msg("ODOO", number) for number in numbers))

    found = [(message.headers, json.loads(message.data)) for message in ask(url, read, **login)]
    return [pair for pair in found if pair[1]["subject"].startswith(prefix)]


def how_many(url):
    """Return how many events the stream has; 0 while its servers choose who leads."""
    with contextlib.suppress(nats.errors.Error, asyncio.TimeoutError, OSError):
        return ask(url, lambda jetstream: jetstream.stream_info("ODOO")).state.messages
    return 0


def amounts(events, subject):
    """Return the amounts of a record, in the order of the stream."""
    return [event["data"]["amount"] for _headers, event in events if event["subject"] == subject]
