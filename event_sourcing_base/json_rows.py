"""SQL around rows that travel into the database as one JSON text.

PostgreSQL takes one JSON text apart faster than psycopg2 quotes a value for each cell, and
the statement stays the same whatever the number of rows. The texts are made in
``canonical_json``.
"""

LOG_COLUMNS = ("create_uid", "create_date", "write_uid", "write_date")


def record_of(columns):
    """Return the definition of a record for ``json_to_recordset``.

    :param columns: ``(name, PostgreSQL type)`` of each
    """
    return ", ".join(f'"{name}" {kind}' for name, kind in columns)


def listed(names, prefix=""):
    """Return column names, quoted, with commas between them."""
    return ", ".join(f'{prefix}"{name}"' for name in names)
