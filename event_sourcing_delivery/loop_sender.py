"""A sender with one connection, over which many events are published side by side."""

import asyncio
import random


class Away(Exception):
    """No server can be reached, or none can be published to; its text is a sentence."""


class LoginRefused(Away):
    """The server does not take the login."""


async def connect_to_any(servers, secrets, open_link):
    """Return a connection to one of the servers of a destination.

    :param tuple servers: asked in random order
    :param tuple secrets: the newest first
    :param open_link: coroutine function of a server and a secret that returns a connection
    :raise Away: where there is none
    """
    reason = Away("No server is named.")
    for server in random.sample(servers, len(servers)):
        for secret in secrets:
            try:
                return await open_link(server, secret)
            except LoginRefused as error:
                reason = error  # while a secret is rotated, the former one may still count
            except Away as error:
                reason = error
                break
    raise reason


class LoopSender:
    """Publish messages over one connection, many side by side, in one event loop.

    A kind has ``send_async(message)``, which returns a ``Result``, and ``_connect()``, a
    coroutine that returns a connection with ``is_open`` and a coroutine ``close()``.

    :ivar loop: the event loop, which runs in one thread at a time
    """

    def __init__(self, loop):
        self.loop = loop
        self._connecting = None

    def send(self, message):
        """Publish one message, in a thread where the loop does not run.

        :rtype: Result
        """
        return self.loop.run_until_complete(self.send_async(message))

    async def _link(self):
        """Return a connection; who needs one while it is made waits for the same."""
        made = self._connecting
        if made is None or (made.done() and (made.exception() or not made.result().is_open)):
            self._connecting = self.loop.create_task(self._new_link(made))
        return await self._connecting

    async def _new_link(self, former):
        """Return a connection in place of one that is not open.

        :param former: the task that made that; None for the first one
        """
        return await self._connect()

    def close(self):
        """End the connection and the loop, in a thread where it does not run."""
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self):
        made = self._connecting
        if made is not None and made.done() and not made.exception():
            await made.result().close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
