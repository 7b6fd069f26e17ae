import re

from odoo import api, models
from odoo.tools import SQL


class EventPartitionIndexes(models.AbstractModel):
    """Indexes of partitions: unique ones are each partition's own, the others the store's."""

    _inherit = "event.partition"

    @api.model
    def _local_unique(self, name):
        """Return the unique indexes that a partition has of its own, as definitions."""
        return self._fetch(
            SQL(
                "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
                " WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary",
                name,
            )
        )

    @api.model
    def _definition_for(self, definition, name):
        """Return the definition of an index for the table ``name``."""
        match = re.match(r"CREATE (UNIQUE )?INDEX (\S+) ON (?:ONLY )?\S+ (.*)", definition, re.S)
        unique, index, rest = match.groups()
        return f"CREATE {unique or ''}INDEX {self._index_name(index, name)} ON {name} {rest}"

    @api.model
    def _index_name(self, index, table):
        suffix = re.sub(r"^event_store_(from_\d+_|rest_|being_copied_)?", "", index)
        return f"{table}_{suffix}"[:63]

    @api.model
    def _rename(self, table, name):
        """Rename a table with its indexes, so that their names are free again."""
        for (index,) in self._fetch(
            SQL(
                "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                " WHERE indrelid = %s::regclass",
                table,
            )
        ):
            self._execute(f'ALTER INDEX "{index}" RENAME TO "{self._index_name(index, name)}"')
        self._execute(f"ALTER TABLE {table} RENAME TO {name}")
