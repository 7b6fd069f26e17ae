"""The columns of an event, once: input, insert, hash, transfer and seals take theirs from here.

``tools/check_seals.py``, which needs no Odoo, has a copy; a test holds the two equal.
"""

from typing import NamedTuple

CALLER, STORE, DATABASE = "caller", "store", "database"


class Column(NamedTuple):
    """One column of ``event_store``.

    :ivar str name: of the column
    :ivar str role: ``content`` is what the event says wherever it is stored, and is hashed;
        ``recording`` says who wrote it down, when and why, and is sealed besides; ``derived``
        can be found out again
    :ivar str by: who sets it: ``caller``, ``store`` or ``database``
    """

    name: str
    role: str
    by: str


COLUMNS = (
    Column("model_name", "content", CALLER),
    Column("aggregate_id", "content", CALLER),
    Column("version", "content", CALLER),
    Column("event_type", "content", CALLER),
    Column("payload", "content", CALLER),
    Column("timestamp", "content", CALLER),
    Column("timezone", "content", CALLER),
    Column("event_uuid", "content", CALLER),
    Column("correlation_id", "content", CALLER),
    Column("causation_id", "content", CALLER),
    Column("schema_version", "content", CALLER),
    Column("outcome", "content", STORE),
    Column("error_class", "content", STORE),
    Column("error_message", "content", STORE),
    Column("content_hash", "recording", STORE),
    Column("create_uid", "recording", DATABASE),
    Column("create_date", "recording", DATABASE),
    Column("company_id", "recording", CALLER),
    Column("failed_event_id", "recording", STORE),
    Column("retry_of_id", "recording", STORE),
    Column("attempt_uuid", "recording", STORE),
    Column("tx", "recording", DATABASE),
    Column("origin", "recording", STORE),
    Column("broken_rule", "derived", STORE),
    Column("error_fingerprint", "derived", STORE),
    Column("attempt_digest", "derived", STORE),
    Column("import_key", "derived", STORE),
)

# What is hashed.
CONTENT = tuple(column.name for column in COLUMNS if column.role == "content")
# What a seal covers besides.
RECORDING = tuple(column.name for column in COLUMNS if column.role == "recording")
# What an insert writes of its own: the values are clean, and go into the row as they are.
INSERTED = tuple(column.name for column in COLUMNS if column.by != DATABASE)
# Those of them that are not part of the hashed text, and empty in most rows.
UNHASHED = tuple(n for n in INSERTED if n not in (*CONTENT, "company_id", "content_hash"))
# What a caller gives, with values that the store itself checks.
GIVEN = frozenset(column.name for column in COLUMNS if column.by == CALLER)
# What the store decides, never the caller; with fields that are no columns.
DECIDED_BY_STORE = frozenset(
    {
        *(column.name for column in COLUMNS if column.by != CALLER),
        *("id", "write_uid", "write_date", "failure_ids", "retry_ids"),
    }
)
