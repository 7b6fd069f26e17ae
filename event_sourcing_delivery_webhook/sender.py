"""Posting events to a URL, signed after Standard Webhooks."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import requests
from standardwebhooks import Webhook
from urllib3.exceptions import HTTPError, NewConnectionError

from odoo.addons.event_sourcing_delivery.message import (
    CONTENT_TYPE,
    DONE,
    FAILED,
    GONE,
    UNAVAILABLE,
    Result,
)
from odoo.addons.event_sourcing_delivery.networks import AddressRefused

from .connection import CheckedAdapter
from .time_limit import watchdog

# Seconds for a connection and for a whole request, and how much is read of an answer.
CONNECT_TIMEOUT = 5
TIMEOUT = 10
HEADERS = {"Content-Type": CONTENT_TYPE, "User-Agent": "event_sourcing_delivery_webhook"}
NO_ANSWER = f"No answer within {TIMEOUT} s."
MAX_BODY = 4096
MAX_SHOWN = 200
UNAVAILABLE_STATUSES = (429, 502, 503, 504)


@dataclass(frozen=True)
class WebhookSettings:
    """What a sender has to know; its text names no secret.

    :ivar tuple secrets: the newest first; each of them signs
    :ivar tuple networks: that may be connected to beside the Internet
    """

    url: str
    secrets: tuple = field(repr=False)
    networks: tuple = ()


class WebhookSender:
    """Post messages over one connection, for one thread.

    :param WebhookSettings settings: where to, and with what
    """

    def __init__(self, settings):
        self._signers = [Webhook(secret) for secret in settings.secrets]
        self._adapter = CheckedAdapter(settings.networks)
        # The adapter alone: a session would follow redirects, keep cookies, and ask the
        # environment for proxies and passwords.
        self._request = requests.Request("POST", settings.url, headers=HEADERS).prepare()
        # As elsewhere: authorities of one's own are named by the environment.
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or True

    def send(self, message):
        """Post one message.

        :rtype: Result
        """
        now = datetime.now(timezone.utc)
        body = message.body.decode()
        headers = {
            "Content-Length": str(len(message.body)),
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(
                signer.sign(message.id, now, body) for signer in self._signers
            ),
        }
        result = self._post(message.body, headers)
        if result is None and self._adapter.is_reused:
            # The receiver has just closed a connection that it had kept open: once more.
            result = self._post(message.body, headers)
        return result or Result(FAILED, "The receiver closed the connection without an answer.")

    def _post(self, body, headers):
        """Post once; return None where the connection was closed without an answer."""
        request = self._request.copy()
        request.headers.update(headers)
        request.body = body
        self._adapter.is_reused = True  # unless a new connection is made
        with watchdog.limited(self._adapter, TIMEOUT) as limit:
            try:
                response = self._adapter.send(
                    request, stream=True, timeout=(CONNECT_TIMEOUT, TIMEOUT), verify=self._verify
                )
                try:
                    return answered(response.status_code, response.headers, _read(response))
                finally:
                    response.close()
            except AddressRefused as error:
                return Result(UNAVAILABLE, str(error))
            except requests.exceptions.SSLError:
                return Result(UNAVAILABLE, "The certificate of the receiver is not valid.")
            except requests.ConnectTimeout:
                return Result(UNAVAILABLE, f"No connection within {CONNECT_TIMEOUT} s.")
            except requests.ReadTimeout:
                return Result(FAILED, NO_ANSWER)
            except requests.ConnectionError as error:
                if limit.is_over:
                    return Result(FAILED, NO_ANSWER)
                return _unreached(error)

    def close(self):
        """End the connection."""
        self._adapter.close()


def _read(response):
    """Return the begin of an answer, as text; what goes wrong then does not matter any more."""
    body = b""
    with suppress(HTTPError, OSError):
        while len(body) < MAX_BODY:
            part = response.raw.read(MAX_BODY - len(body), decode_content=False)
            if not part:
                break
            body += part
    return body.decode("utf-8", "replace")


def answered(status, headers, body=""):
    """Return what an answer means.

    :param int status: of HTTP
    :param headers: of the answer, a mapping
    :param str body: the begin of it
    :rtype: Result
    """
    text = f"HTTP {status}"
    if 200 <= status < 300:
        return Result(DONE, text)
    if status == 410:
        return Result(GONE, text)
    if status in UNAVAILABLE_STATUSES:
        return Result(UNAVAILABLE, text, pause=_pause(headers.get("Retry-After", "")))
    if 300 <= status < 400:
        return Result(FAILED, f"{text}: redirects are not followed; enter the address itself.")
    words = "".join(filter(str.isprintable, " ".join(body.split())))[:MAX_SHOWN]
    return Result(FAILED, f"{text}: {words}" if words else text)


def _pause(text):
    """Return the seconds that ``Retry-After`` says, as a number or as a date; else 0."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _unreached(error):
    """Return what an error of a connection means; None where it was closed without an answer."""
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(cause, NewConnectionError):
        # Without what the library says beside it: where in memory its objects are.
        return Result(UNAVAILABLE, str(cause).rpartition(": ")[2])
    return None
