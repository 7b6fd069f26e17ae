"""An event loop that names only addresses to which events may be sent."""

import asyncio
import socket

from odoo.addons.event_sourcing_delivery.networks import AddressRefused, check_address


class CheckedLoop(asyncio.SelectorEventLoop):
    """The event loop of one sender, whose library connects to what the loop answers, and no more.

    :param networks: those that may be connected to beside the Internet
    :param bool encrypted: whether TLS is spoken
    :ivar str refused: why no address of the last name was taken; empty where one was
    """

    def __init__(self, networks, encrypted):
        super().__init__()
        self._networks, self._encrypted = networks, encrypted
        self.refused = ""

    async def getaddrinfo(self, host, port, **options):
        """Return the addresses of a name to which events may be sent.

        Here: the thread that asyncio takes for it may outlive the loop.

        :raise OSError: where there is none
        """
        self.refused, allowed, refused = "", [], ""
        for info in socket.getaddrinfo(host, port, **options):
            try:
                check_address(info[4][0], self._networks, self._encrypted)
            except AddressRefused as error:
                refused = str(error)
            else:
                allowed.append(info)
        if not allowed:
            self.refused = refused
            raise OSError(refused)
        return allowed
