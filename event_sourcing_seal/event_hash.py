"""What proves that history was not changed: hashes of events, chained by seals.

What is hashed of an event is said in ``event``. The same definitions stand in
``tools/check_seals.py``, which needs no Odoo.
"""

import hashlib
import itertools
import re
import struct

from odoo.addons.event_sourcing.event import content_hash
from odoo.addons.event_sourcing.event_columns import RECORDING
from odoo.addons.event_sourcing_base.canonical_json import canonical

ENTRY = struct.Struct(">q16s")  # an event in the manifest of a seal: id, digest of the row
# Of a transaction, as a seal notes it: of fewer digits than PostgreSQL counts to.
NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


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
