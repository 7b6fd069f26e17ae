"""An HTTP receiver in a process of its own that takes events, and misbehaves on order.

``POST /_rules`` takes ``[{"subject": begin of an aggregate id, "do": what, "times": how often}]``;
``GET /_got`` answers with ``[{"id", "subject", "data", "headers", "body"}]`` of what it took,
``GET /_asked`` with that of all that came. What:

- ``500``, ``410``, or any other status, which may be followed by ``:seconds`` for ``Retry-After``
- ``redirect``; ``endless``: takes it, and a body comes without end
- ``silent``: takes nothing and says nothing; ``late``: takes it and says nothing
- ``close``: takes it, and closes the connection; ``drip``: its headers come one byte at a time
- ``slow:seconds``: takes it after a while
"""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

got, asked, rules, lock = [], [], [], threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """What the receiver does with a request."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for an answer

    def do_GET(self):
        with lock:
            self.answer(200, json.dumps(asked if self.path == "/_asked" else got).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/_rules":
            with lock:
                rules[:] = json.loads(body)
            self.answer(200)
            return
        event = json.loads(body)
        what, _colon, value = self.rule(event).partition(":")
        taken = {
            "id": event["id"],
            "subject": event["subject"],
            "data": event["data"],
            "headers": dict(self.headers),
            "body": body.decode(),
        }
        with lock:
            asked.append(taken)
        if what == "slow":
            time.sleep(float(value))
        if what in ("take", "slow", "endless", "late", "close"):
            with lock:
                got.append(taken)
        getattr(self, f"do_{what}", lambda: self.status(what, value))()

    def rule(self, event):
        with lock:
            for rule in rules:
                if event["subject"].startswith(rule["subject"]) and rule.get("times", 1) > 0:
                    if "times" in rule:
                        rule["times"] -= 1
                    return rule["do"]
        return "take"

    def do_take(self):
        self.answer(200)

    do_slow = do_take

    def status(self, what, value):
        self.answer(int(what), b"no", {"Retry-After": value} if value else {})

    def do_redirect(self):
        self.answer(302, b"", {"Location": "http://127.0.0.1:1/"})

    def do_endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def do_late(self):
        time.sleep(30)
        self.close_connection = True

    do_silent = do_late

    def do_close(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def do_drip(self):
        try:
            for letter in b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 1000:
                self.connection.send(bytes([letter]))
                time.sleep(0.1)
        except OSError:
            self.close_connection = True

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many connections at a time."""

    request_queue_size = 128
    daemon_threads = True


class Receiver:
    """The receiver, as tests use it.

    :param int port: 0 for any
    """

    def __init__(self, port=0):
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(port)], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}/events"

    def behave(self, *new_rules):
        """Set rules: dicts, of which the first one that fits counts."""
        data = json.dumps(new_rules).encode()
        address = f"http://127.0.0.1:{self.port}/_rules"
        urllib.request.urlopen(urllib.request.Request(address, data=data), timeout=10).close()

    def got(self, prefix=""):
        """Return what it took, in that order, of aggregates that begin so."""
        return self._list("got", prefix)

    def asked(self, prefix=""):
        """Return what it was sent, whatever it did with it."""
        return self._list("asked", prefix)

    def _list(self, name, prefix):
        address = f"http://127.0.0.1:{self.port}/_{name}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return [item for item in json.load(answer) if item["subject"].startswith(prefix)]

    def amounts(self, subject):
        """Return the amounts of an aggregate as one has them who knows repeats by their id."""
        first = {item["id"]: item for item in reversed(self.got()) if item["subject"] == subject}
        return [item["data"]["amount"] for item in reversed(first.values())]

    def kill(self):
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
