"""What proves that history was not changed: hashes of events, chained by seals.

The same definitions stand in ``tools/check_seals.py``, which needs no Odoo.
"""

import hashlib
import struct

from .canonical_json import canonical, normalise

# What an event says, wherever it is stored; not who wrote it down and when.
CONTENT = (
    "model_name",
    "aggregate_id",
    "version",
    "event_type",
    "payload",
    "timestamp",
    "event_uuid",
    "correlation_id",
    "causation_id",
    "schema_version",
    "outcome",
    "error_class",
    "error_message",
)
# What a seal covers besides, as PostgreSQL writes it.
RECORDING = ("content_hash", "create_uid", "create_date", "company_id", "failed_event_id", "tx")
ENTRY = struct.Struct(">q16s")  # an event in the manifest of a seal: id, digest of the row


def content_hash(vals):
    """Return the SHA-256 of an event's content, as 64 hexadecimal digits.

    :param dict vals: the values of ``CONTENT``; the payload as an object, the timestamp
        as text or datetime in UTC; empty texts count as missing
    """
    content = {name: vals.get(name) or None for name in CONTENT}
    content["payload"] = normalise(vals["payload"])
    content["timestamp"] = str(vals["timestamp"])[:19]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def row_digest(vals):
    """Return 16 bytes for a stored row: its content, and who recorded it when.

    :param dict vals: as for :func:`content_hash`, and the values of ``RECORDING`` as text
    """
    recording = [None if vals[name] is None else str(vals[name]) for name in RECORDING]
    row = [vals["id"], content_hash(vals), *recording]
    return hashlib.sha256(canonical(row).encode()).digest()[:16]


def seal_digest(previous, from_id, to_id, manifest):
    """Return the digest of a seal, as 64 hexadecimal digits.

    :param str previous: digest of the seal before, empty for the first
    :param bytes manifest: an ``ENTRY`` per event, in the order of ids
    """
    head = f"{previous}:{from_id}:{to_id}:".encode()
    return hashlib.sha256(head + manifest).hexdigest()
