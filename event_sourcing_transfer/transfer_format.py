"""Our own file of events: JSON Lines that carry everything, chained and signed.

The first line is a head, the last one an end with the number of events, the digest of
all lines before it and a signature over that. Who does not have the key cannot make a
file that is restored, nor change, leave out or cut off a line.
"""

import hashlib
import hmac

from odoo.addons.event_sourcing.event import content_hash
from odoo.addons.event_sourcing.event_columns import CONTENT
from odoo.addons.event_sourcing_base.canonical_json import canonical

FORMAT = 1
HEAD = "event_sourcing_export"
END = "event_sourcing_end"
# Columns beyond what the hash covers that are restored as they were; the origin says so.
REST = ("broken_rule", "error_fingerprint", "attempt_uuid", "attempt_digest", "import_key")
# What an event follows, as the UUIDs of those events.
FOLLOWS = ("failed_event_uuid", "retry_of_uuid")


def key_name(key):
    """Return by which name a key is known: it says nothing about the key itself."""
    return hashlib.sha256(f"event_sourcing:{key}".encode()).hexdigest()[:16]


def chained(digest, line):
    """Return the digest of all lines up to this one.

    :param str digest: of those before it, empty for the first
    :param bytes line: without its end
    """
    return hashlib.sha256(digest.encode() + line).hexdigest()


def signature(key, digest, count):
    """Return the signature over a file, as 64 hexadecimal digits.

    :param str digest: of all lines before the end
    :param int count: how many events it holds
    """
    return hmac.new(key.encode(), f"{digest}:{count}".encode(), "sha256").hexdigest()


def head_line(key, about):
    """Return the first line of a file, without its end.

    :param dict about: what the file holds, for people
    """
    head = {HEAD: FORMAT, "key": key_name(key), **about}
    return canonical(head)


def end_line(key, digest, count):
    """Return the last line of a file, without its end."""
    return canonical({END: count, "digest": digest, "signature": signature(key, digest, count)})


def event_line(row):
    """Return one event as a line, without its end.

    :param dict row: the columns of ``event.store`` with ``payload`` as an object, and
        ``timestamp``, ``recorded_on``, ``recorded_by``, ``company`` and those of ``FOLLOWS``
        as texts, and ``other``: a dict of other addons' columns
    """
    names = (*CONTENT, *REST, "recorded_on", "recorded_by", "company", *FOLLOWS, "other")
    line = {name: row[name] for name in names if row.get(name) not in (None, "", False)}
    line["payload"] = row["payload"]
    line["content_hash"] = row["content_hash"] or content_hash(row)
    if not line.get("other"):
        line.pop("other", None)
    return canonical(line)
