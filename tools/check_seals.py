"""Check a backup against its seals, and against a digest kept elsewhere, without Odoo.

    python tools/check_seals.py backup.sql [event-seal-7.json] [--archive FILE …]
    python tools/check_seals.py event_store_from_1.sql.gz [event-seal-7.json]

Takes a plain ``pg_dump`` (``.gz`` too), or the file of an archive alone. With the files of
all archives beside the dump, the whole history is checked as if it had never been apart.
Needs Python alone. The definitions are those of ``event_sourcing_seal/event_hash.py``. Ends
with 0 when all is as it was sealed, 1 when it is not, 2 when the question cannot be answered.
"""

import argparse
import gzip
import hashlib
import json
import re
import struct
import sys
from bisect import bisect_left
from decimal import Decimal
from itertools import pairwise

CONTENT = (
    *("model_name", "aggregate_id", "version", "event_type", "payload", "timestamp"),
    *("timezone", "event_uuid", "correlation_id", "causation_id", "schema_version", "outcome"),
    *("error_class", "error_message"),
)
RECORDING = (
    *("content_hash", "create_uid", "create_date", "company_id"),
    *("failed_event_id", "retry_of_id", "attempt_uuid", "tx", "origin"),
)
ENTRY = struct.Struct(">q16s")
SEAL_IDS = 10_000  # that one seal covers, at most
NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)  # of a transaction
SEQUENCE = re.compile(
    r"SELECT pg_catalog\.setval\('(?:[\w\"]+\.)?(\w+)_id_seq', (\d+), (true|false)\);"
)
ATTACHED = re.compile(r"ALTER TABLE ONLY \S*?(\w+) ATTACH PARTITION \S*?(\w+) ")
CHANGED = "Seal {} itself was changed, or one before it."
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


def read_table(path, table, optional=False):
    """Yield the rows of a table in a plain dump as dicts of text; NULL is None.

    Those of its partitions are among them: a dump says which they are before their rows.
    """
    opener = gzip.open if str(path).endswith(".gz") else open
    found, columns, wanted = optional, None, {table}
    with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if columns is None:
                head = line.split(" ", 3)
                attached = ATTACHED.match(line)
                if attached and attached[1] == table:
                    wanted.add(attached[2])
                if head[0] == "COPY" and head[1].split(".")[-1].strip('"') in wanted:
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


def read_seals(path, alone=False, given_out=None):
    """Return ``(sealed ones, problem)``: all seals are checked, also those that wait.

    They come in order, and each is compared with its own digest and the one before.

    :param bool alone: of an archive, which begins in the middle of the chain
    :param dict given_out: see :func:`read_given_out`
    """
    given_out = given_out or {}
    rows = sorted(read_table(path, "event_seal"), key=lambda row: int(row["id"]))
    newest = max((int(row["id"]) for row in rows if row["state"] == "sealed"), default=0)
    before = {"digest": "", "to_id": 0}
    if alone and rows:
        before = {"digest": rows[0]["previous_digest"], "to_id": int(rows[0]["from_id"]) - 1}
    seals = []
    for seal in rows:
        manifest = bytes.fromhex((seal["manifest"] or "\\x").removeprefix("\\x"))
        numbered = 0 < int(seal["id"]) <= given_out.get("event_seal", sys.maxsize)
        if not numbered or not _as_made(seal, manifest, before, newest):
            return seals, CHANGED.format(seal["id"])
        if int(seal["to_id"]) > given_out.get("event_store", sys.maxsize):
            return seals, f"Seal {seal['id']} was inserted: its events have no ids yet."
        before = seal
        if seal["state"] == "sealed":
            seals.append({**seal, "to_id": int(seal["to_id"]), "manifest": manifest})
    return seals, None


def _as_made(seal, manifest, before, newest):
    """Whether sealing makes such a seal after that one; those not sealed yet are the last."""
    first, last = int(seal["from_id"]), int(seal["to_id"])
    if first != int(before["to_id"]) + 1 or not 0 <= last - first < SEAL_IDS:
        return False
    if not NUMBER.fullmatch(seal["horizon"] or "") or seal["create_date"] is None:
        return False
    if seal["state"] == "sealed":
        found = (seal["previous_digest"] or "", seal["digest"], int(seal["count"] or 0))
        right = (before["digest"] or "", seal_digest(seal, manifest), len(manifest) // ENTRY.size)
        made = found == right and seal["sealed_on"] is not None
        return made and _is_manifest(manifest, first, last)
    written = ("manifest", "digest", "previous_digest", "count", "sealed_on")
    return (
        seal["state"] == "waiting"
        and not any(seal[name] for name in written)
        and int(seal["id"]) > newest
    )


def _is_manifest(manifest, first, last):
    """Whether sealing writes such a manifest: whole entries of the range, by id, each once."""
    if len(manifest) % ENTRY.size:
        return False
    ids = [event_id for event_id, _digest in ENTRY.iter_unpack(manifest)]
    rising = all(one < other for one, other in pairwise(ids))
    return rising and (not ids or first <= ids[0] <= ids[-1] <= last)


def read_range(path):
    """Return the ids that the file of an archive is about, None for a dump."""
    for row in read_table(path, "event_archive_range", optional=True):
        return int(row["first"]), int(row["last"])
    return None


def read_given_out(path):
    """Return ``{table: the last id that its sequence gave out}``, of those that a dump names."""
    opener, given_out = gzip.open if str(path).endswith(".gz") else open, {}
    with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            found = SEQUENCE.match(line)
            if found:
                last = int(found[2]) if found[3] == "true" else 0
                given_out[found[1]] = min(last, given_out.get(found[1], last))
    return given_out


def read_away(path):
    """Return ``{(first id, last id): file}`` of what lies in archives, as the dump says."""
    return {
        (int(row["from_id"]), int(row["to_id"])): row["file_name"]
        for row in read_table(path, "event_archive", optional=True)
        if row["state"] == "archived"
    }


def check(dump, digest=None, archives=()):
    """Return ``(events, problem, away)``.

    :return: how many are sealed and were looked at, a sentence or None, and the files of
        archives that were not given
    """
    alone = read_range(dump)
    given_out = {} if alone else read_given_out(dump)
    seals, problem = read_seals(dump, alone is not None, given_out)
    if problem:
        return 0, problem, []
    if digest is not None:
        problem = check_digest(seals, digest)
        if problem:
            return 0, problem, []
    if not seals:
        raise CannotSay("nothing was sealed in this backup yet")
    if alone and not int(seals[0]["from_id"]) <= alone[0] <= alone[1] <= seals[-1]["to_id"]:
        return 0, "The seals of this archive do not cover all of its events.", []
    away = read_away(dump)
    given = {read_range(path): path for path in archives}
    for place in given:
        if place not in away:
            raise CannotSay(f"{given[place]} is no archive that this backup knows")
        del away[place]
    sources = [(dump, None if alone is None else [alone], [*given, *away])]
    sources += [(path, [place], []) for place, path in given.items()]
    wrong, seen = [], [bytearray(len(seal["manifest"]) // ENTRY.size) for seal in seals]
    for path, inside, outside in sources:
        rows = read_table(path, "event_store")
        wrong += check_rows(rows, seals, seen, inside, outside, given_out.get("event_store"))
    for seal, marks in zip(seals, seen, strict=True):
        for place in (place for place, mark in enumerate(marks) if not mark):
            event_id, _sealed = ENTRY.unpack_from(seal["manifest"], place * ENTRY.size)
            elsewhere = _within(event_id, away) or (alone and not _within(event_id, [alone]))
            if not elsewhere:
                wrong.append((event_id, f"Event {event_id} was removed."))
                break
    events = sum(map(sum, seen))
    if wrong:
        return events, min(wrong)[1], []
    return events, None, sorted(away.values())


def check_rows(rows, seals, seen, inside, outside, given_out=None):
    """Compare rows with the manifests, and mark those seen; return ``[(id, a sentence)]``.

    :param inside: ranges of ids that the rows must lie in, None for any
    :param outside: ranges of ids that they must not lie in
    :param given_out: the last id that the sequence gave out, None where nobody knows
    """
    ends, wrong = [seal["to_id"] for seal in seals], []
    for row in rows:
        event_id = int(row["id"])
        if given_out is not None and event_id > given_out:
            sentence = f"Event {event_id} was inserted: its id was never given out."
            wrong.append((event_id, sentence))
            continue
        astray = _within(event_id, outside) or (inside and not _within(event_id, inside))
        if event_id > ends[-1] and not astray:
            continue  # not sealed yet
        number = bisect_left(ends, event_id)
        place = None if astray else _place(seals[number]["manifest"], event_id)
        if place is None:
            wrong.append((event_id, f"Event {event_id} was inserted afterwards."))
            continue
        if seen[number][place]:
            wrong.append((event_id, f"Event {event_id} was inserted a second time."))
        seen[number][place] = 1
        _id, sealed = ENTRY.unpack_from(seals[number]["manifest"], place * ENTRY.size)
        beyond = len(row["timestamp"]) != 19  # parts of a second, which no hash covers
        before_sealing = row["content_hash"] not in (None, content_hash(row))
        if before_sealing or beyond or sealed != row_digest(row):
            wrong.append((event_id, f"Event {event_id} was changed after it was recorded."))
        elif row["tx"] is not None and int(row["tx"]) >= int(seals[number]["horizon"]):
            # A seal is made once all transactions beneath its horizon are over.
            wrong.append((event_id, CHANGED.format(seals[number]["id"])))
    return wrong


def _within(event_id, ranges):
    return any(first <= event_id <= last for first, last in ranges)


def check_digest(seals, digest):
    """Return a sentence unless the seal that was exported is in the backup, unchanged."""
    found = [seal for seal in seals if int(seal["id"]) == digest["seal"]]
    if not found:
        return f"Seal {digest['seal']}, whose digest was kept, is not in this backup."
    # Its date is in no digest; the kept file says it. Whole seconds, as others may have spelled it.
    moments = [str(seal.get("sealed_on"))[:19] for seal in (found[0], digest)]
    if found[0]["digest"] != digest["digest"] or ("sealed_on" in digest and len({*moments}) > 1):
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
    parser.add_argument("dump", help="a plain pg_dump, or the file of an archive; .gz too")
    parser.add_argument("digest", nargs="?", help="the JSON file that was exported from a seal")
    parser.add_argument("--archive", action="append", default=[], help="the file of an archive")
    options = parser.parse_args(arguments)
    try:
        digest = None
        if options.digest:
            with open(options.digest, encoding="utf-8") as file:
                digest = json.load(file)
            if not isinstance(digest, dict) or not {"seal", "digest"} <= digest.keys():
                raise CannotSay(f"{options.digest} is no exported digest of a seal")
        events, problem, away = check(options.dump, digest, options.archive)
    except (CannotSay, OSError, ValueError, KeyError) as error:
        print(f"This cannot be checked: {error}", file=sys.stderr)
        return 2
    if problem:
        print(f"NOT as it was sealed: {problem}")
        return 1
    print(f"OK: {events} sealed events are what they were.")
    if away:
        print(f"Not looked at: the archives {', '.join(away)}; give them with --archive.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
