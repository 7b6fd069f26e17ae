"""Publishing events to NATS JetStream."""

from dataclasses import dataclass, field

from nats.errors import ConnectionClosedError, Error
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import APIError, NoStreamResponseError

from odoo.addons.event_sourcing_delivery.loop_sender import Away, LoopSender
from odoo.addons.event_sourcing_delivery.message import (
    CONTENT_TYPE,
    DONE,
    FAILED,
    UNAVAILABLE,
    Result,
)
from odoo.addons.event_sourcing_delivery.subject import subject_of

from .checked_loop import CheckedLoop
from .link import TIMEOUT, NotPermitted, connect

# Seconds for which a server that is away is let alone; longer where it stays away.
PAUSE = 1.0
# Of JetStream: the message is larger than the stream takes.
TOO_LARGE = 10054
# What stands around the id and the content of an event.
FRAME = len(f"NATS/1.0\r\nNats-Msg-Id: \r\nContent-Type: {CONTENT_TYPE}\r\n\r\n")


@dataclass(frozen=True)
class NatsSettings:
    """What a sender has to know; its text names no secret.

    :ivar tuple servers: URLs of the servers of a cluster
    :ivar str database: for the subjects
    :ivar tuple secrets: the newest first; none where nobody logs in
    :ivar tuple networks: that may be connected to beside the Internet
    """

    servers: tuple
    database: str
    secrets: tuple = field(default=(), repr=False)
    networks: tuple = ()

    @property
    def encrypted(self):
        """Whether nothing is said without TLS."""
        return self.servers[0].startswith("tls:")


class NatsSender(LoopSender):
    """Publish messages over one connection, many side by side, in one event loop.

    :param NatsSettings settings: where to, and with what
    """

    def __init__(self, settings):
        super().__init__(CheckedLoop(settings.networks, settings.encrypted))
        self._settings = settings

    async def send_async(self, message):
        """Publish one message, and wait until a stream has it.

        :rtype: Result
        """
        for _attempt in range(2):
            try:
                return await self._publish(await self._link(), message)
            except Away as error:
                return Result(UNAVAILABLE, str(error), PAUSE)
            except ConnectionClosedError:
                continue  # another server may be there; a stream knows a repeat by its id
            except NoStreamResponseError:
                answer = f"No stream takes the subject {self._subject(message)}."
                return Result(UNAVAILABLE, answer)
            except NatsTimeout as error:
                said = f" ({error.args[0]})" if error.args and error.args[0] else ""
                return Result(UNAVAILABLE, f"No stream answered within {TIMEOUT} s{said}.")
            except NotPermitted:
                answer = f"The login may not publish under {self._subject(message)}."
                return Result(FAILED, answer)
            except APIError as error:
                return _not_stored(error)
            except Error as error:
                return Result(FAILED, f"{error}")
        return Result(UNAVAILABLE, "The server closed the connection.", PAUSE)

    async def _publish(self, link, message):
        # A UUID is one in its company only, and a stream may be that of several databases.
        number = f"{message.source}/{message.id}"
        size = FRAME + len(number) + len(message.body)
        if size > link.max_payload:
            return Result(
                FAILED,
                f"The event has {size} bytes, and the server takes {link.max_payload}"
                " (max_payload).",
            )
        headers = {"Nats-Msg-Id": number, "Content-Type": CONTENT_TYPE}
        stored = await link.publish(self._subject(message), message.body, headers)
        before = ", where it was before" if stored.get("duplicate") else ""
        return Result(DONE, f"{stored['stream']} {stored['seq']}{before}")

    def _subject(self, message):
        return subject_of(self._settings.database, message)

    async def _connect(self):
        return await connect(self._settings, self.loop)


def _not_stored(error):
    """Return what it means that a stream did not store an event."""
    if error.err_code == TOO_LARGE:
        return Result(FAILED, "The event is larger than the stream takes (max_msg_size).")
    return Result(UNAVAILABLE, f"The stream does not store it: {error.description}.", PAUSE)
