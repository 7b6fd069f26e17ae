"""Receivers of what is delivered, each in a process of its own, on loopback.

``python -m benchmarks.receivers`` is one of webhooks that does nothing with them; it prints its
port, and ``GET`` answers with how many came, and how many of them for the first time.
"""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tools import nats, rabbitmq
from tools.ending import with_parent
from tools.layout import ROOT

START = 60  # seconds that a receiver may take until it listens


@contextmanager
def http_receiver():
    """Give the URL of a receiver of webhooks."""
    command = [sys.executable, "-m", "benchmarks.receivers"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=with_parent
    ) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


@contextmanager
def nats_server():
    """Give the URL of a server of NATS with JetStream, which stores in a folder of its own."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-nats-"))
    command = [nats.find(), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=with_parent)
    try:
        _wait_for(port)
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def rabbitmq_server():
    """Give the URL of a server of RabbitMQ, where ``guest`` may do everything."""
    server = rabbitmq.Server()
    try:
        server.start()
        _wait_for(server.port)
        yield f"amqp://127.0.0.1:{server.port}"
    finally:
        server.remove()


def free_port():
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait_for(port):
    end = time.monotonic() + START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


class Webhooks(asyncio.Protocol):
    """One connection of HTTP: answers as soon as a request is whole."""

    came, ids = 0, set()

    def connection_made(self, transport):
        """Begin with nothing."""
        self._transport, self._read = transport, b""

    def data_received(self, data):
        """Answer each request that is whole by now."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            lines = self._read[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _colon, value in map(_parted, lines[1:])}
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self._read) < whole:
                return
            self._read = self._read[whole:]
            if lines[0].startswith("GET "):
                body = json.dumps([Webhooks.came, len(self.ids)])
            else:
                Webhooks.came += 1
                self.ids.add(headers["webhook-id"])
                body = ""
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write((head + body).encode())


def _parted(line):
    return line.partition(": ")


async def _serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Webhooks, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
