"""Check a backup against its seals, and against a digest kept elsewhere, without Odoo.

    python tools/check_seals.py backup.sql [event-seal-7.json]

Takes a plain ``pg_dump`` (``.gz`` too). Needs Python alone. The definitions are those of
``event_sourcing/event_hash.py``. Ends with 0 when all is as it was sealed, 1 when it is
not, 2 when the question cannot be answered.
"""

import argparse
import gzip
import hashlib
import json
import struct
import sys
from bisect import bisect_left
from decimal import Decimal

CONTENT = (
    *("model_name", "aggregate_id", "version", "event_type", "payload", "timestamp"),
    *("event_uuid", "correlation_id", "causation_id", "schema_version", "outcome"),
    *("error_class", "error_message"),
)
RECORDING = ("content_hash", "create_uid", "create_date", "company_id", "failed_event_id", "tx")
ENTRY = struct.Struct(">q16s")
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class CannotSay(Exception):
    """The files do not hold what is needed to answer."""


def canonical(value):
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def content_hash(row):
    content = {name: row[name] or None for name in CONTENT}
    for name in ("version", "schema_version"):
        content[name] = int(row[name])
    # Numbers as the event store spells them: no exponent, no negative zero.
    content["payload"] = json.loads(row["payload"], parse_float=_number)
    content["timestamp"] = row["timestamp"][:19]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _number(text):
    value = float(text)
    return int(Decimal(repr(value))) if "e+" in repr(value) else value or 0.0


def row_digest(row):
    fields = [int(row["id"]), content_hash(row), *(row[name] for name in RECORDING)]
    return hashlib.sha256(canonical(fields).encode()).digest()[:16]


def seal_digest(seal, manifest):
    head = f"{seal['previous_digest'] or ''}:{seal['from_id']}:{seal['to_id']}:".encode()
    return hashlib.sha256(head + manifest).hexdigest()


# ----------------------------------------------------------------------
# Reading a dump
# ----------------------------------------------------------------------


def read_table(path, table):
    """Yield the rows of a table in a plain dump as dicts of text; NULL is None."""
    opener = gzip.open if str(path).endswith(".gz") else open
    found, columns = False, None
    with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if columns is None:
                head = line.split(" ", 3)
                if head[0] == "COPY" and head[1].split(".")[-1].strip('"') == table:
                    names = line[line.index("(") + 1 : line.index(")")]
                    columns = [name.strip().strip('"') for name in names.split(",")]
                    found = True
            elif line == "\\.\n":
                columns = None
            else:
                yield dict(zip(columns, map(_unescape, line.rstrip("\n").split("\t")), strict=True))
    if not found:
        raise CannotSay(f"{path} holds no rows of {table}; make it with: pg_dump --format=plain")


def _unescape(text):
    if text == "\\N":
        return None
    if "\\" not in text:
        return text
    first, *rest = text.split("\\")
    parts, literal = [first], False
    for part in rest:
        if literal:  # the second of two backslashes began this part
            parts.append(part)
            literal = False
        elif not part:
            parts.append("\\")
            literal = True
        else:
            parts.append(ESCAPES.get(part[0], part[0]) + part[1:])
    return "".join(parts)


# ----------------------------------------------------------------------
# Checking
# ----------------------------------------------------------------------


def read_seals(path):
    """Return the seals in order, each checked against its own digest and the one before."""
    seals = []
    for seal in sorted(read_table(path, "event_seal"), key=lambda row: int(row["id"])):
        if seal["state"] != "sealed":
            continue
        manifest = bytes.fromhex((seal["manifest"] or "\\x").removeprefix("\\x"))
        before = seals[-1] if seals else {"digest": "", "to_id": 0}
        chained = (seal["previous_digest"] or "", int(seal["from_id"]))
        if seal["digest"] != seal_digest(seal, manifest) or chained != (
            before["digest"],
            int(before["to_id"]) + 1,
        ):
            return seals, f"Seal {seal['id']} itself was changed, or one before it."
        seals.append({**seal, "to_id": int(seal["to_id"]), "manifest": manifest})
    return seals, None


def check(dump, digest=None):
    """Return ``(events, problem)``: how many are sealed, and a sentence or None."""
    seals, problem = read_seals(dump)
    if problem:
        return 0, problem
    if digest is not None:
        problem = check_digest(seals, digest)
        if problem:
            return 0, problem
    if not seals:
        raise CannotSay("nothing was sealed in this backup yet")
    ends = [seal["to_id"] for seal in seals]
    seen = [bytearray(len(seal["manifest"]) // ENTRY.size) for seal in seals]
    wrong = []
    for row in read_table(dump, "event_store"):
        event_id = int(row["id"])
        if event_id > ends[-1]:
            continue  # not sealed yet
        number = bisect_left(ends, event_id)
        place = _place(seals[number]["manifest"], event_id)
        if place is None:
            wrong.append((event_id, "was inserted afterwards"))
            continue
        seen[number][place] = 1
        _id, sealed = ENTRY.unpack_from(seals[number]["manifest"], place * ENTRY.size)
        if sealed != row_digest(row) or row["content_hash"] not in (None, content_hash(row)):
            wrong.append((event_id, "was changed after it was recorded"))
    for seal, marks in zip(seals, seen, strict=True):
        place = marks.find(0)
        if place >= 0:
            event_id, _sealed = ENTRY.unpack_from(seal["manifest"], place * ENTRY.size)
            wrong.append((event_id, "was removed"))
            break
    events = sum(map(len, seen))
    if wrong:
        event_id, what = min(wrong)
        return events, f"Event {event_id} {what}."
    return events, None


def check_digest(seals, digest):
    """Return a sentence unless the seal that was exported is in the backup, unchanged."""
    found = [seal for seal in seals if int(seal["id"]) == digest["seal"]]
    if not found:
        return f"Seal {digest['seal']}, whose digest was kept, is not in this backup."
    if found[0]["digest"] != digest["digest"]:
        return f"Seal {digest['seal']} is not the one whose digest was kept."
    return None


def _place(manifest, event_id):
    """Return the place of an event in a manifest by bisection, None where it is not."""
    low, high = 0, len(manifest) // ENTRY.size
    while low < high:
        middle = (low + high) // 2
        found, _digest = ENTRY.unpack_from(manifest, middle * ENTRY.size)
        if found == event_id:
            return middle
        if found < event_id:
            low = middle + 1
        else:
            high = middle
    return None


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump", help="a plain pg_dump, .gz too")
    parser.add_argument("digest", nargs="?", help="the JSON file that was exported from a seal")
    options = parser.parse_args(arguments)
    try:
        digest = None
        if options.digest:
            with open(options.digest, encoding="utf-8") as file:
                digest = json.load(file)
            if not isinstance(digest, dict) or not {"seal", "digest"} <= digest.keys():
                raise CannotSay(f"{options.digest} is no exported digest of a seal")
        events, problem = check(options.dump, digest)
    except (CannotSay, OSError, ValueError, KeyError) as error:
        print(f"This cannot be checked: {error}", file=sys.stderr)
        return 2
    if problem:
        print(f"NOT as it was sealed: {problem}")
        return 1
    print(f"OK: {events} sealed events are what they were.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
