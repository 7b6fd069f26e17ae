"""Connections of ``requests`` that look at the address to which they really connect.

A name is resolved once, its addresses are checked, and one of these is connected to: what the
name resolves to a moment later does not matter. TLS and ``Host`` still say the name.
"""

import socket

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from odoo.addons.event_sourcing_delivery.networks import AddressRefused, check_address


def _checked(connection_class, pool_class, adapter):
    """Return a pool class whose connections are checked, and known to an adapter."""

    class Connection(connection_class):
        def _new_conn(self):
            encrypted = isinstance(self, HTTPSConnection)
            return _open_socket(self, adapter.networks, encrypted)

        def connect(self):
            super().connect()
            adapter.sock = self.sock
            adapter.is_reused = False

    class Pool(pool_class):
        ConnectionCls = Connection

    return Pool


def _open_socket(connection, networks, encrypted):
    host, port = connection.host, connection.port
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NewConnectionError(connection, f"The name {host} is not known.") from None
    refused = failed = None
    for family, kind, protocol, _name, where in found:
        try:
            check_address(where[0], networks, encrypted)
        except AddressRefused as error:
            refused = error
            continue
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(connection.timeout)
            sock.connect(where)
            return sock
        except OSError as error:
            sock.close()
            failed = error
    if isinstance(failed, TimeoutError):
        raise ConnectTimeoutError(connection, "No connection in time.")
    if failed is not None:
        raise NewConnectionError(connection, failed.strerror or "No connection.")
    raise refused or NewConnectionError(connection, f"The name {host} has no address.")


class CheckedAdapter(HTTPAdapter):
    """An adapter of ``requests`` for one thread, with one connection that is kept.

    :param networks: those that may be connected to beside the Internet
    :ivar sock: of the connection, for whoever has to end it
    :ivar bool is_reused: whether the connection was there before this request
    """

    def __init__(self, networks):
        self.networks = networks
        self.sock = None
        self.is_reused = False
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args, **kwargs):
        """Let all pools have connections that are checked."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _checked(HTTPConnection, HTTPConnectionPool, self),
            "https": _checked(HTTPSConnection, HTTPSConnectionPool, self),
        }
