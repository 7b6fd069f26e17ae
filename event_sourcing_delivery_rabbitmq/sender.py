"""Publishing events to RabbitMQ."""

import re
from dataclasses import dataclass, field

import pika
from pika.exceptions import (
    AMQPError,
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ShortStringTooLong,
)

from odoo.addons.event_sourcing_delivery.loop_sender import Away, LoopSender
from odoo.addons.event_sourcing_delivery.message import (
    CONTENT_TYPE,
    DONE,
    FAILED,
    UNAVAILABLE,
    Result,
)
from odoo.addons.event_sourcing_delivery.subject import subject_of

from .address import Address
from .checked_loop import CheckedLoop
from .link import (
    TIMEOUT,
    Lost,
    NotConfirmed,
    NotTaken,
    Unroutable,
    closed_sentence,
    connect,
)

# Seconds for which a server that is away is let alone; longer where it stays away.
PAUSE = 1.0
# A connection may be lost.
ATTEMPTS = 3
# What a server says when it closes the channel for one event; what is long it cuts, with dots.
TOO_LARGE = re.compile(r"message size \d+ is larger than configured max size (\d+)")
NOT_PERMITTED = re.compile(r"access to topic '([^']*'?)")


@dataclass(frozen=True)
class RabbitSettings:
    """What a sender has to know; its text names no secret.

    :ivar Address address: the servers and the exchange
    :ivar str database: for the routing keys
    :ivar tuple secrets: the newest first
    :ivar tuple networks: that may be connected to beside the Internet
    """

    address: Address
    database: str
    secrets: tuple = field(default=(), repr=False)
    networks: tuple = ()


class RabbitSender(LoopSender):
    """Publish messages over one connection, many side by side, in one event loop.

    :param RabbitSettings settings: where to, and with what
    """

    def __init__(self, settings):
        super().__init__(CheckedLoop(settings.networks, settings.address.encrypted))
        self._settings = settings
        self._max_size = float("inf")
        self._not_permitted = ()  # beginnings of routing keys, with a quote where they end

    async def send_async(self, message):
        """Publish one message, and wait until every queue that wants it has it.

        :rtype: Result
        """
        key = subject_of(self._settings.database, message)
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=f"{message.source}/{message.id}",
        )
        attempts = 0
        while attempts < ATTEMPTS:
            if problem := self._problem(key, message.body):
                return Result(FAILED, problem)
            try:
                await (await self._link()).publish(key, message.body, properties)
                return Result(DONE, f"{self._settings.address.exchange} {key}")
            except ChannelClosedByBroker as error:
                if not self._is_about_an_event(error):
                    sentence = closed_sentence(error, self._settings.address)
                    return Result(UNAVAILABLE, sentence, PAUSE)
            except ShortStringTooLong:
                return Result(FAILED, "The routing key or the id has more than 255 bytes.")
            except ConnectionBlockedTimeout:
                return Result(UNAVAILABLE, "The server has no memory or disk left.", PAUSE)
            except (AMQPError, Lost):
                attempts += 1  # another server may be there; consumers know a repeat by its id
            except Away as error:
                return Result(UNAVAILABLE, str(error), PAUSE)
            except Unroutable:
                return Result(UNAVAILABLE, f"No queue takes the routing key {key}.")
            except NotTaken:
                return Result(UNAVAILABLE, "A queue does not take it: it is full.", PAUSE)
            except NotConfirmed:
                return Result(UNAVAILABLE, f"The event was not confirmed within {TIMEOUT} s.")
        return Result(UNAVAILABLE, "The server closed the connection.", PAUSE)

    def _problem(self, key, body):
        """Return why the server would close the channel for an event, as far as it has said."""
        if len(body) > self._max_size:
            return (
                f"The event has {len(body)} bytes, and the server takes {self._max_size}"
                " (max_message_size)."
            )
        if f"{key}'".startswith(self._not_permitted):
            return f"The login may not publish with the routing key {key}."
        return ""

    def _is_about_an_event(self, error):
        """Whether a channel was closed for one event, which need not be this one; note why."""
        if found := TOO_LARGE.search(error.reply_text):
            self._max_size = int(found[1])
        elif found := NOT_PERMITTED.search(error.reply_text):
            beginning = found[1].removesuffix("...")
            self._not_permitted = tuple({*self._not_permitted, beginning})
        return bool(found)

    async def _new_link(self, former):
        if former is not None and not former.exception():
            await former.result().close()
        return await super()._new_link(former)

    async def _connect(self):
        return await connect(self._settings, self.loop)
