"""One connection to a NATS server, over which many events are published side by side."""

import asyncio
import json
import os
import ssl
from contextlib import suppress
from itertools import count
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.errors import ConnectionClosedError, Error, SecureConnWantedError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import Header
from nats.js.client import NO_RESPONDERS_STATUS
from nats.js.errors import APIError, NoStreamResponseError

from odoo.addons.event_sourcing_delivery.loop_sender import Away, LoginRefused, connect_to_any

from .login import login_of

# Seconds for a connection, for the answer to an event, and for the end of a connection.
CONNECT_TIMEOUT = 5
TIMEOUT = 5
CLOSE_TIMEOUT = 1
# Seconds between two looks at who has waited for too long.
LOOK = 0.1


class NotPermitted(Error):
    """The login may not publish under a subject."""


async def connect(settings, loop):
    """Return a ``Link`` to one of the servers of a destination.

    :param NatsSettings settings: where to, and with what
    :param CheckedLoop loop: the running one
    :raise Away: where there is none
    """

    async def open_link(server, secret):
        link = Link(loop, settings.encrypted)
        await link.open(server, secret)
        return link

    return await connect_to_any(settings.servers, settings.secrets or ("",), open_link)


class Link:
    """A connection to one server.

    The library's own reconnecting is left out: it would go to servers that nobody named.

    :param CheckedLoop loop: the running one
    :param bool encrypted: whether nothing is said without TLS
    """

    def __init__(self, loop, encrypted):
        self._loop, self._encrypted = loop, encrypted
        self._client = Client()
        self._inbox = ""
        # What waits for an answer, the oldest first: ``{number: (future, subject, until)}``.
        self._numbers, self._waiting = count(), {}
        self._is_looked_at = False
        self._last_error = ""
        self._is_opening = True

    @property
    def is_open(self):
        """Whether something can be published."""
        return self._client.is_connected

    @property
    def max_payload(self):
        """Bytes of headers and content that the server takes."""
        return self._client.max_payload

    async def open(self, server, secret):
        """Connect and log in.

        :raise Away: with a sentence, which holds nothing secret
        """
        host = urlsplit(server).hostname
        try:
            login = login_of(secret, self._check_encrypted) if secret else {}
        except ValueError as error:
            raise LoginRefused(str(error)) from None
        try:
            await self._client.connect(
                servers=[server],
                allow_reconnect=False,
                connect_timeout=CONNECT_TIMEOUT,
                flush_timeout=TIMEOUT,
                error_cb=self._on_error,
                closed_cb=self._on_closed,
                name="event_sourcing_delivery_nats",
                tls=ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE")),
                **login,
            )
            self._check_encrypted()
            if not self.is_open:
                raise Error("no answer")
            self._inbox = f"{self._client.new_inbox()}."
            await self._client.subscribe(f"{self._inbox}*", cb=self._on_answer)
        except (Error, OSError, ValueError, asyncio.TimeoutError) as error:
            self._is_opening = False
            await self.close()
            raise self._reason(error, host) from None
        self._is_opening = False

    def _check_encrypted(self):
        """Say nothing secret where the server wants no TLS, whoever that is then."""
        if self._encrypted and not self._loop.is_encrypted:
            raise SecureConnWantedError

    def _reason(self, error, host):
        """Return ``Away`` for what went wrong with a connection."""
        text = str(error)
        if self._loop.refused:
            return Away(self._loop.refused)
        if isinstance(error, SecureConnWantedError):
            return Away(f"{host} speaks no TLS; nothing was sent.")
        if isinstance(error, ssl.SSLError):
            return Away(f"The certificate of {host} is not valid.")
        if isinstance(error, (asyncio.TimeoutError, TimeoutError)):
            return Away(f"No connection to {host} within {CONNECT_TIMEOUT} s.")
        if "authorization" in text.lower() or "authentication" in text.lower():
            return LoginRefused(f"{host} does not take the login; enter another secret.")
        if isinstance(error, (OSError, ValueError)):  # or a name that cannot be one
            number = getattr(error, "errno", None) or 0
            why = os.strerror(number) if number > 0 else "no connection"
            return Away(f"{host} cannot be reached: {why}.")
        return Away(f"{host} does not answer as a NATS server.")

    async def publish(self, subject, body, headers):
        """Publish, and wait until a stream has it.

        The library's own way takes a task, a random name and a timer for each.

        :return: the acknowledgement: a dict with ``stream``, ``seq`` and perhaps ``duplicate``
        :raise nats.errors.Error: why it has it not
        """
        number = str(next(self._numbers))
        future = self._loop.create_future()
        self._waiting[number] = future, subject, self._loop.time() + TIMEOUT
        if not self._is_looked_at:
            self._look()
        try:
            await self._client.publish(subject, body, self._inbox + number, headers)
            answer = await future
        finally:
            self._waiting.pop(number, None)
        if isinstance(answer, NatsTimeout):
            raise NatsTimeout(self._last_error)
        if isinstance(answer, Error):
            raise answer
        if answer.headers and answer.headers.get(Header.STATUS) == NO_RESPONDERS_STATUS:
            raise NoStreamResponseError
        stored = json.loads(answer.data)
        if "error" in stored:
            raise APIError.from_error(stored["error"])
        return stored

    def _end(self, number, answer):
        """Let one wait no longer: its answer is a message, or an error."""
        if number in self._waiting:
            self._waiting.pop(number)[0].set_result(answer)

    def _look(self):
        """Let nobody wait for too long: one timer for all, while there is anybody."""
        now = self._loop.time()
        for number, (_future, _subject, until) in list(self._waiting.items()):
            if until > now:
                break
            self._end(number, NatsTimeout())
        self._is_looked_at = bool(self._waiting)
        if self._is_looked_at:
            self._loop.call_later(LOOK, self._look)

    async def _on_answer(self, message):
        self._end(message.subject.rpartition(".")[2], message)

    async def _on_error(self, error):
        """Take what the server says beside the answers."""
        if self._is_opening:
            raise error  # of the attempt to connect, which is not made again
        self._last_error = str(error)
        for number, (_future, subject, _until) in list(self._waiting.items()):
            if f'publish to "{subject.lower()}"' in self._last_error:
                self._end(number, NotPermitted())

    async def _on_closed(self):
        """Let nobody wait for answers of a server that is gone."""
        for number in list(self._waiting):
            self._end(number, ConnectionClosedError())

    async def close(self):
        """End the connection."""
        # After a handshake that failed the library waits for ever.
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._client.close(), CLOSE_TIMEOUT)
