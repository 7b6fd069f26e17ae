"""The file of an archive: events and their seals, as PostgreSQL's COPY writes them.

It looks like a plain dump, so that ``tools/check_seals.py`` reads it like one.
"""

import gzip
import hashlib
import os
from pathlib import Path

HEAD = """\
-- Events {first} to {last} of the event store, and the seals over them.
-- Check:       python tools/check_seals.py {name} [event-seal-NUMBER.json]
-- Bring back:  env["event.partition"].attach("{partition}", "{name}")
"""
CHUNK = 2**20


class _Writer:
    """What COPY writes goes into the file as it comes."""

    def __init__(self, file):
        self.write = file.write


class _Reader:
    """The lines of one table, for COPY to read; ends where the table does."""

    def __init__(self, lines):
        self._lines = lines
        self._left = b""
        self._over = False

    def read(self, size=CHUNK):
        while len(self._left) < size and not self._over:
            line = next(self._lines, b"\\.\n")
            self._over = line == b"\\.\n"
            self._left += b"" if self._over else line
        given, self._left = self._left[:size], self._left[size:]
        return given


def write_archive(cursor, path, partition, queries):
    """Write the tables into a new file, which is whole or not there.

    :param cursor: psycopg2's
    :param Path path: ends with ``.sql.gz``
    :param partition: with ``name``, ``first`` and ``last``
    :param queries: list of ``(table, [columns], SELECT)``
    :return: the SHA-256 of the file, as it was read back from the disk
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as raw:  # one that is there was interrupted
        part.chmod(0o600)
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
            head = HEAD.format(
                first=partition.first, last=partition.last, partition=partition.name, name=path.name
            )
            file.write(head.encode())
            for table, columns, query in queries:
                listed = ", ".join(columns)
                file.write(f"\nCOPY {table} ({listed}) FROM stdin;\n".encode())
                cursor.copy_expert(f"COPY ({query}) TO STDOUT", _Writer(file))
                file.write(b"\\.\n")
        raw.flush()
        os.fsync(raw.fileno())
    part.rename(path)
    return digest_of(path)


def digest_of(path):
    """Return the SHA-256 of a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def load_table(cursor, path, table, target):
    """Copy one table of an archive into ``target``.

    :raise ValueError: where the file has no such table
    """
    with gzip.open(path, "rb") as lines:
        for line in lines:
            if line.startswith(f"COPY {table} (".encode()):
                columns = line.decode().partition("(")[2].partition(")")[0]
                cursor.copy_expert(f"COPY {target} ({columns}) FROM STDIN", _Reader(lines))
                return
    raise ValueError(f"{path} holds no {table}")
