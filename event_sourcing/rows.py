"""Rows on their way into the database: as many as there are, as one JSON text.

PostgreSQL takes one JSON text apart faster than psycopg2 quotes a value for each cell, and
the statement stays the same whatever the number of rows.
"""

import json
from datetime import date

from psycopg2.extras import Json

PAGE = 1000
STAMPS = ("create_uid", "create_date", "write_uid", "write_date")


def _plain(value):
    """Return what JSON holds of a value that the ORM prepared for a column."""
    if isinstance(value, Json):
        return value.adapted
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    return str(value)[:19] if isinstance(value, date) else str(value)


cells = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
).encode


def in_pages(rows):
    """Return rows as ``(pages, rest)``: those of more than a page in pages, or all as the rest."""
    if len(rows) <= PAGE:
        return [], rows
    return [rows[first : first + PAGE] for first in range(0, len(rows), PAGE)], []


def in_one_text(rows):
    """Return JSON objects, each a text, as one text for ``json_to_recordset``."""
    return f"[{','.join(rows)}]"


def record_of(columns):
    """Return the definition of a record for ``json_to_recordset``.

    :param columns: ``(name, PostgreSQL type)`` of each
    """
    return ", ".join(f'"{name}" {kind}' for name, kind in columns)


def listed(names, prefix=""):
    """Return column names, quoted, with commas between them."""
    return ", ".join(f'{prefix}"{name}"' for name in names)
