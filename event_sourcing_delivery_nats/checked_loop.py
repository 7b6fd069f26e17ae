"""An event loop that looks at each address to which it really connects."""

import asyncio
import socket

from odoo.addons.event_sourcing_delivery.networks import AddressRefused, check_address


class CheckedLoop(asyncio.SelectorEventLoop):
    """The event loop of one sender, whose library opens the connections.

    :param networks: those that may be connected to beside the Internet
    :param bool encrypted: whether TLS is spoken
    :ivar str refused: why the last address was refused; empty where it was not
    :ivar bool is_encrypted: whether TLS is spoken on the last connection
    """

    def __init__(self, networks, encrypted):
        super().__init__()
        self._networks, self._encrypted = networks, encrypted
        self.refused, self.is_encrypted = "", False

    async def getaddrinfo(self, host, port, **options):
        """Resolve a name here: the thread that asyncio takes for it may outlive the loop."""
        return socket.getaddrinfo(host, port, **options)

    async def sock_connect(self, sock, address):
        """Connect to an address that events may be sent to."""
        self.refused, self.is_encrypted = "", False
        try:
            check_address(address[0], self._networks, self._encrypted)
        except AddressRefused as error:
            self.refused = str(error)
            raise OSError(self.refused) from error  # the name may have another one
        await super().sock_connect(sock, address)

    async def start_tls(self, *args, **options):
        """Encrypt the connection."""
        transport = await super().start_tls(*args, **options)
        self.is_encrypted = True
        return transport
