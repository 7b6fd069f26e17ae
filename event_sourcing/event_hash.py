"""What proves that history was not changed: hashes of events, chained by seals.

The same definitions stand in ``tools/check_seals.py``, which needs no Odoo.
"""

import hashlib
import itertools
import re
import struct
from json.encoder import encode_basestring as quote

from .canonical_json import canonical, normalise

# What an event says, wherever it is stored; not who wrote it down and when.
CONTENT = (
    "model_name",
    "aggregate_id",
    "version",
    "event_type",
    "payload",
    "timestamp",
    "timezone",
    "event_uuid",
    "correlation_id",
    "causation_id",
    "schema_version",
    "outcome",
    "error_class",
    "error_message",
)
# What a seal covers besides, as PostgreSQL writes it.
RECORDING = (
    *("content_hash", "create_uid", "create_date", "company_id"),
    *("failed_event_id", "retry_of_id", "attempt_uuid", "tx"),
)
ENTRY = struct.Struct(">q16s")  # an event in the manifest of a seal: id, digest of the row
# Of a transaction, as a seal notes it: of fewer digits than PostgreSQL counts to.
NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


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


def in_whole_seconds(timestamp):
    """Whether the hash covers all of a stored timestamp; others are never stored.

    :param str timestamp: as PostgreSQL writes it, such as ``2026-01-31 09:30:00``
    """
    return len(timestamp) == 19


def row_digest(vals):
    """Return 16 bytes for a stored row: its content, and who recorded it when.

    :param dict vals: as for :func:`content_hash`, and the values of ``RECORDING`` as text
    """
    recording = [None if vals[name] is None else str(vals[name]) for name in RECORDING]
    row = [vals["id"], content_hash(vals), *recording]
    return hashlib.sha256(canonical(row).encode()).digest()[:16]


def is_manifest(manifest, from_id, to_id):
    """Whether sealing writes such a manifest: whole entries of the range, by id, each once.

    :param bytes manifest: see :func:`seal_digest`
    """
    if len(manifest) % ENTRY.size:
        return False
    ids = [event_id for event_id, _digest in ENTRY.iter_unpack(manifest)]
    rising = all(one < other for one, other in itertools.pairwise(ids))
    return rising and (not ids or from_id <= ids[0] <= ids[-1] <= to_id)


def was_waited_for(tx, horizon):
    """Whether a seal of that horizon waited for the transaction that wrote a row.

    :param str tx: number of the transaction, as PostgreSQL writes it, or None
    """
    return tx is None or int(tx) < int(horizon)


def seal_digest(previous, from_id, to_id, manifest):
    """Return the digest of a seal, as 64 hexadecimal digits.

    :param str previous: digest of the seal before, empty for the first
    :param bytes manifest: an ``ENTRY`` per event, in the order of ids
    """
    head = f"{previous}:{from_id}:{to_id}:".encode()
    return hashlib.sha256(head + manifest).hexdigest()
