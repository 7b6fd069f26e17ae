"""An event: the value that a handler is given, its UUID, and the hash of what it says."""

import hashlib
import os
import time
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as quote
from typing import Any
from weakref import WeakKeyDictionary

from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise, sort_keys
from odoo.addons.event_sourcing_base.zones import local_date

_transactions = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class EventData:
    """One event of a stream, detached from the database.

    :ivar payload: a JSON object; keys in sorted order
    :ivar timestamp: when it happened, UTC without zone, whole seconds
    :ivar user_id: the ``res.users`` id of who recorded it
    :ivar timezone: IANA name of the time zone in which its business day counts
    """

    model_name: str
    aggregate_id: str
    event_type: str
    payload: dict[str, Any]
    version: int
    timestamp: datetime
    schema_version: int = 1
    event_uuid: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    company_id: int = 0
    user_id: int = 0
    timezone: str = "UTC"

    @property
    def business_date(self):
        """The day on which it happened, where it happened: a date.

        Take this where a day follows from the moment; ``timestamp.date()`` is UTC's day.
        """
        return local_date(self.timestamp, self.timezone)

    @property
    def key(self):
        """Its stream among those of its aggregate type: ``(company id, aggregate id)``."""
        return self.company_id, self.aggregate_id

    @property
    def stream(self):
        """Its stream among all: ``(company id, model_name, aggregate_id)``."""
        return self.company_id, self.model_name, self.aggregate_id

    @classmethod
    def from_record(cls, record):
        """Return the value of one ``event.store`` record."""
        return cls(
            model_name=record.model_name,
            aggregate_id=record.aggregate_id,
            event_type=record.event_type,
            payload=sort_keys(record.payload),
            version=record.version,
            timestamp=record.timestamp.replace(microsecond=0),
            schema_version=record.schema_version,
            event_uuid=record.event_uuid,
            correlation_id=record.correlation_id or "",
            causation_id=record.causation_id or "",
            company_id=record.company_id.id,
            user_id=record.create_uid.id,
            timezone=record.timezone or "UTC",
        )

    @classmethod
    def from_vals(cls, vals, user_id):
        """Return the value of an event that is about to be stored.

        :param dict vals: complete and clean
        :param int user_id: who records it
        """
        return cls(
            vals["model_name"],
            vals["aggregate_id"],
            vals["event_type"],
            vals["payload"],
            vals["version"],
            vals["timestamp"],
            vals["schema_version"],
            vals["event_uuid"],
            vals["correlation_id"] or "",
            vals["causation_id"] or "",
            vals["company_id"],
            user_id,
            vals["timezone"],
        )

    @classmethod
    def from_row(cls, row, payload):
        """Return the value of a database row: its columns in the order of the fields here.

        :param tuple row: a moment in whole seconds, and no empty column; the payload in
            any form
        :param dict payload: as ``jsonb`` gives it back
        """
        return cls(row[0], row[1], row[2], sort_keys(payload), *row[4:13])


@dataclass(frozen=True, slots=True)
class KeyedEvent(EventData):
    """An event as a boundary is given it: with what it is asked about.

    :ivar details: what its ``_keys`` says of the key, a JSON object; None where it says nothing
    """

    details: dict[str, Any] | None = None

    @classmethod
    def of(cls, event, details=None):
        """Return the value of an EventData for one of its keys."""
        return cls(*(getattr(event, name) for name in EventData.__match_args__), details)


def content_text(vals):
    """Return what an event says as one JSON text, in its canonical spelling.

    :param dict vals: the values of ``CONTENT``, clean; the payload as an object, or as
        ``payload_json`` in its canonical spelling; the timestamp as text or datetime in
        UTC; empty texts count as missing
    """
    payload = vals.get("payload_json") or canonical(normalise(vals["payload"]))
    # The keys in sorted order, as ``canonical`` would put them.
    return (
        f'{{"aggregate_id":{_quoted(vals["aggregate_id"])}'
        f',"causation_id":{_quoted(vals.get("causation_id"))}'
        f',"correlation_id":{_quoted(vals.get("correlation_id"))}'
        f',"error_class":{_quoted(vals.get("error_class"))}'
        f',"error_message":{_quoted(vals.get("error_message"))}'
        f',"event_type":{_quoted(vals["event_type"])}'
        f',"event_uuid":{_quoted(vals["event_uuid"])}'
        f',"model_name":{_quoted(vals["model_name"])}'
        f',"outcome":{_quoted(vals["outcome"])}'
        f',"payload":{payload}'
        f',"schema_version":{vals["schema_version"]}'
        f',"timestamp":"{str(vals["timestamp"])[:19]}"'
        f',"timezone":{_quoted(vals.get("timezone"))}'
        f',"version":{vals["version"]}}}'
    )


def text_hash(text):
    """Return the SHA-256 of a text, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(vals):
    """Return the SHA-256 of an event's content, as 64 hexadecimal digits.

    :param dict vals: as for :func:`content_text`
    """
    return text_hash(content_text(vals))


def _quoted(text):
    return quote(str(text)) if text else "null"


class _Transaction:
    def __init__(self):
        moment = f"{time.time_ns() // 1_000_000:012x}"
        self.prefix = f"{moment[:8]}-{moment[8:]}-7"
        self.token = os.urandom(16)
        self.count = 0


class RetryStableUuids:
    """UUIDs that stay the same when Odoo runs a transaction again.

    Odoo answers a serialization failure by rolling back and calling the same method once more
    on the same cursor. An attempt that was already recorded on a cursor of its own must then
    be recognised, although its caller named no UUID.

    :param cr: the cursor, of which the transaction is the unit
    """

    def __init__(self, cr):
        self._cr = cr
        self._transaction = None

    def next_uuid(self, *content):
        """Return a UUID for the next attempt.

        It is new for every attempt, and the same again when the transaction was rolled
        back and repeats the same attempts in the same order. UUIDs of version 7 (RFC 9562,
        5.7): later ones sort after earlier ones, so that the index of all UUIDs grows at its
        end. Milliseconds of the transaction, 18 bits of a counter, 56 of a hash.

        :param content: what is attempted, as texts
        """
        transaction = self._transaction or self._begin()
        transaction.count = count = transaction.count + 1
        name = "\0".join([str(count), *content])
        digest = hashlib.sha256(transaction.token + name.encode()).hexdigest()
        return (
            f"{transaction.prefix}{count >> 6 & 0xFFF:03x}"
            f"-{count & 0x3F | 0x80:02x}{digest[:2]}-{digest[2:14]}"
        )

    def _begin(self):
        cr = self._cr
        transaction = _transactions.get(cr)
        if transaction is None:
            transaction = _transactions[cr] = _Transaction()
        if not transaction.count:
            cr.postcommit.add(lambda: _transactions.pop(cr, None))
            cr.postrollback.add(lambda: setattr(transaction, "count", 0))
        self._transaction = transaction
        return transaction


def as_record_id(value):
    """Return a value as the id of a record, None where it is none."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 1 <= value < 2**31 else None
