"""One connection to a RabbitMQ server, over which many events are published side by side."""

import asyncio
import logging
import os
import ssl
from contextlib import suppress
from itertools import takewhile

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelClosedByBroker,
    ConnectionClosed,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from odoo.addons.event_sourcing_delivery.loop_sender import Away, LoginRefused, connect_to_any

# Each attempt would be an error with its traceback; destinations say themselves what is wrong.
logging.getLogger("pika").setLevel(logging.CRITICAL)

# Seconds for a connection, for the confirmation of an event, and for the end of a connection.
CONNECT_TIMEOUT = 5
TIMEOUT = 5
CLOSE_TIMEOUT = 1
# Seconds that a server may take nothing before the connection is given up.
BLOCKED_TIMEOUT = 1
# Seconds between two looks at who has waited for too long.
LOOK = 0.1
# Of AMQP.
ACCESS_REFUSED, PRECONDITION_FAILED = 403, 406
# Of the library: what goes wrong while a connection is made is no error of AMQP.
FAILURES = (AMQPError, AMQPConnectorException)
# With other differences an exchange that is there is as good as ours.
MATTERS = ("arg 'type'", "arg 'durable'")


class Lost(Exception):
    """The connection ended while an answer was waited for."""


class Unroutable(Exception):
    """The exchange has no queue for an event."""


class NotTaken(Exception):
    """A queue refused an event."""


class NotConfirmed(Exception):
    """The server said nothing about an event for too long."""


async def connect(settings, loop):
    """Return a ``Link`` to one of the servers of a destination.

    :param RabbitSettings settings: where to, and with what
    :param CheckedLoop loop: the running one
    :raise Away: where there is none
    """

    async def open_link(server, secret):
        link = Link(loop, settings.address)
        await link.open(*server, secret)
        return link

    return await connect_to_any(settings.address.servers, settings.secrets, open_link)


class Link:
    """A connection to one server with a channel that confirms.

    :param CheckedLoop loop: the running one
    :param Address address: the virtual host and the exchange
    """

    def __init__(self, loop, address):
        self._loop, self._address = loop, address
        self._connection = self._channel = None
        self._asked, self._closed = loop.create_future(), loop.create_future()
        # What waits for a confirmation, the oldest first: ``{tag: (future, until)}``.
        self._tag, self._waiting, self._returned = 0, {}, set()
        self._is_looked_at = False

    @property
    def is_open(self):
        """Whether something can be published."""
        return self._channel is not None and self._channel.is_open

    async def open(self, host, port, secret):
        """Connect, log in, and see to the exchange.

        :raise Away: with a sentence, which holds nothing secret
        """
        user, _colon, password = secret.partition(":")
        verified = None
        if self._address.encrypted:
            trusted = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE"))
            verified = pika.SSLOptions(trusted, host)
        parameters = pika.ConnectionParameters(
            host,
            port,
            self._address.vhost,
            pika.PlainCredentials(user, password, erase_on_connect=True),
            ssl_options=verified,
            connection_attempts=1,
            socket_timeout=CONNECT_TIMEOUT,
            stack_timeout=CONNECT_TIMEOUT,
            blocked_connection_timeout=BLOCKED_TIMEOUT,
            client_properties={"connection_name": "event_sourcing_delivery_rabbitmq"},
        )
        try:
            await self._answer(self._start, parameters)
            await self._prepare()
        except (*FAILURES, OSError, Lost, asyncio.TimeoutError) as error:
            await self.close()
            raise self._reason(error, host) from None

    def _start(self, parameters, callback):
        self._connection = AsyncioConnection(
            parameters,
            on_open_callback=callback,
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
            custom_ioloop=self._loop,
        )

    async def _prepare(self):
        """Open a channel, make the exchange where it is missing, and ask for confirmations."""
        await self._open_channel()
        try:
            ask = self._channel.exchange_declare
            await self._answer(ask, self._address.exchange, "topic", durable=True)
        except ChannelClosedByBroker as error:
            if error.reply_code == PRECONDITION_FAILED:
                if any(word in error.reply_text for word in MATTERS):
                    raise
            elif error.reply_code != ACCESS_REFUSED:
                raise
            # It is there already, or this login may make none: it is published to as it is.
            await self._open_channel()
        self._channel.add_on_return_callback(self._on_returned)
        await self._answer(self._channel.confirm_delivery, self._on_confirmed)

    async def _open_channel(self):
        def ask(callback):
            self._connection.channel(on_open_callback=callback)

        self._channel = await self._answer(ask)
        self._channel.add_on_close_callback(self._on_ended)

    async def _answer(self, ask, *values, **options):
        """Ask the server for something, and return what it answers."""
        answer = self._asked = self._loop.create_future()

        def say(value):
            if not answer.done():
                answer.set_result(value)

        ask(*values, callback=say, **options)
        # Nothing is left that answers where a server keeps a connection and falls silent.
        return await asyncio.wait_for(answer, CONNECT_TIMEOUT + TIMEOUT)

    def _reason(self, error, host):
        """Return ``Away`` for what went wrong with a connection."""
        found = list(_causes(error))

        def has(*kinds):
            return next((one for one in found if isinstance(one, kinds)), None)

        if self._loop.refused:
            return Away(self._loop.refused)
        if has(ssl.SSLCertVerificationError):
            return Away(f"The certificate of {host} is not valid.")
        if has(ssl.SSLError):
            return Away(f"{host} speaks no TLS as it should; nothing was sent.")
        if has(AuthenticationError, ProbableAuthenticationError):
            return LoginRefused(f"{host} does not take the login; enter another secret.")
        if has(ProbableAccessDeniedError):
            return Away(f"{host} has no virtual host {self._address.vhost}, or not for this login.")
        if closed := has(ChannelClosedByBroker):
            return Away(closed_sentence(closed, self._address))
        if has(asyncio.TimeoutError, TimeoutError):
            return Away(f"No connection to {host} within {CONNECT_TIMEOUT} s.")
        if failed := has(OSError):
            number = failed.errno or 0
            why = os.strerror(number) if number > 0 else "no connection"
            return Away(f"{host} cannot be reached: {why}.")
        return Away(f"{host} does not answer as a RabbitMQ server.")

    async def publish(self, key, body, properties):
        """Publish, and wait until every queue that wants it has it.

        :param str key: routing key
        :param properties: ``pika.BasicProperties`` with a ``message_id``
        :raise Exception: why it has it not
        """
        self._channel.basic_publish(self._address.exchange, key, body, properties, mandatory=True)
        self._tag += 1
        tag, future = self._tag, self._loop.create_future()
        self._waiting[tag] = future, self._loop.time() + TIMEOUT
        if not self._is_looked_at:
            self._look()
        try:
            error = await future
        finally:
            self._waiting.pop(tag, None)
            was_returned = properties.message_id in self._returned
            self._returned.discard(properties.message_id)
        if error is not None:
            raise error
        if was_returned:
            raise Unroutable

    def _end(self, tag, error=None):
        """Let one wait no longer."""
        if tag in self._waiting:
            self._waiting.pop(tag)[0].set_result(error)

    def _look(self):
        """Let nobody wait for too long: one timer for all, while there is anybody."""
        now = self._loop.time()
        for tag, (_future, until) in list(self._waiting.items()):
            if until > now:
                break
            self._end(tag, NotConfirmed())
        self._is_looked_at = bool(self._waiting)
        if self._is_looked_at:
            self._loop.call_later(LOOK, self._look)

    def _on_returned(self, _channel, _method, properties, _body):
        """Take what no queue wants; it is confirmed right after."""
        self._returned.add(properties.message_id)

    def _on_confirmed(self, frame):
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = list(takewhile(lambda tag: tag <= method.delivery_tag, self._waiting))
        for tag in tags:
            self._end(tag, None if isinstance(method, pika.spec.Basic.Ack) else NotTaken())

    def _on_ended(self, _channel, reason):
        """Let nobody wait for answers on a channel that is gone."""
        error = reason if isinstance(reason, FAILURES) else Lost()
        for tag in list(self._waiting):
            self._end(tag, error)
        if not self._asked.done():
            self._asked.set_exception(error)
            self._asked.exception()  # looked at, also where nobody waits

    def _on_closed(self, _connection, reason):
        self._on_ended(None, reason)
        if not self._closed.done():
            self._closed.set_result(None)

    async def close(self):
        """End the connection."""
        connection = self._connection
        if connection is None or connection.is_closed:
            return
        if connection.is_open:
            connection.close()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._closed), CLOSE_TIMEOUT)
        if not connection.is_closed:
            # The server does not answer; the library has nothing else to be rid of the socket.
            connection._terminate_stream(ConnectionClosed(0, "no answer"))


def closed_sentence(error, address):
    """Return what it means that the server closed a channel.

    Its own words are not passed on: they name the user.

    :param error: ``ChannelClosedByBroker``
    """
    name = address.exchange
    if error.reply_code == PRECONDITION_FAILED:
        return f"The exchange {name} is there, but it is not a durable one of the type topic."
    if error.reply_code == ACCESS_REFUSED:
        return f"The login may not publish to the exchange {name}."
    return f"The exchange {name} cannot be published to (code {error.reply_code})."


def _causes(error):
    """Yield an error, and those that it wraps."""
    yield error
    inner = (getattr(error, "exception", None), *getattr(error, "exceptions", ()), *error.args)
    for one in inner:
        if isinstance(one, BaseException):
            yield from _causes(one)
