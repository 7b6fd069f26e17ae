"""The way between a client and PostgreSQL, on which each question can be seen."""

import os
import socket
import struct
import threading
from pathlib import Path

PORT = 5432


class Wire:
    """A socket that passes on what comes to the PostgreSQL of the tests, and notes questions.

    Each of them is a round trip, whoever asks it: Odoo, its pool of connections, or psycopg2.

    :param Path folder: where the socket is made
    :ivar list questions: SQL, in the order in which it came
    """

    def __init__(self, folder):
        self.questions = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(folder) / f".s.PGSQL.{PORT}"))
        self._listener.listen()
        self.environment = {"PGHOST": str(folder), "PGPORT": str(PORT)}
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            server = _connect()
            threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
            threading.Thread(target=self._listen, args=(client, server), daemon=True).start()

    def _listen(self, client, server):
        """Pass messages on; the first one has no type."""
        kind = b""
        with client, server, client.makefile("rb") as messages:
            while head := messages.read(len(kind) + 4):
                kind, (length,) = head[:-4], struct.unpack("!i", head[-4:])
                body = messages.read(length - 4)
                if kind == b"Q":
                    self.questions.append(" ".join(body[:-1].decode().split()))
                server.sendall(head + body)
                kind = b"?"


def _connect():
    host, port = os.environ["PGHOST"], os.environ.get("PGPORT", PORT)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _pass_on(server, client):
    try:
        while data := server.recv(65536):
            client.sendall(data)
    except OSError:
        pass  # its process has ended
