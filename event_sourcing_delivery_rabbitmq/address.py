"""What the address of a destination says."""

from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

# Port of each scheme, as RabbitMQ has them.
PORTS = {"amqps": 5671, "amqp": 5672}
EXCHANGE = "odoo"
# Bytes of a name, as AMQP has it.
MOST = 127


class Address(NamedTuple):
    """Where events are published.

    :ivar tuple servers: of a cluster, each as ``(host, port)``
    :ivar bool encrypted: whether nothing is said without TLS
    :ivar str vhost: virtual host
    :ivar str exchange: name of the exchange
    """

    servers: tuple
    encrypted: bool
    vhost: str
    exchange: str


def address_of(text):
    """Return the ``Address`` in URLs such as ``amqps://rabbit.example.com/shop?exchange=events``.

    Several servers of a cluster are separated by commas or white space.

    :raise ValueError: for what is none, or names several places
    """
    parts = [urlsplit(url) for url in (text or "").replace(",", " ").split()]
    places = {(part.scheme, part.path.removeprefix("/"), part.query) for part in parts}
    if len(places) != 1 or any(not part.hostname or part.fragment for part in parts):
        raise ValueError("The servers are none, or not of one cluster.")
    ((scheme, path, query),) = places
    if scheme not in PORTS or "/" in path or not text.isprintable():
        raise ValueError("It is no URL of RabbitMQ.")
    servers = tuple((part.hostname, part.port or PORTS[scheme]) for part in parts)
    if any(part.port == 0 for part in parts):
        raise ValueError("There is no port 0.")
    given = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    if [name for name, _value in given] not in ([], ["exchange"]):
        raise ValueError("Only the exchange can be chosen.")
    exchange = dict(given).get("exchange", EXCHANGE)
    vhost = unquote(path, errors="strict") or "/"
    for name in (exchange, vhost):
        if not name.isprintable() or not 0 < len(name.encode()) <= MOST:
            raise ValueError("It is no name of RabbitMQ.")
    return Address(servers, scheme == "amqps", vhost, exchange)
