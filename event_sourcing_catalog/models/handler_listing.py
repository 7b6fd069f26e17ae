import json
from zlib import crc32

from odoo import models
from odoo.tools import SQL


class EventCatalogue(models.AbstractModel):
    """A list that is read from the code of the handlers, and never stored.

    A model that inherits it returns its rows from ``_catalogue_rows``; they can be
    searched, grouped and exported as if they lay in a table.
    """

    _name = "handler.listing.mixin"
    _inherit = "access.first.mixin"
    _description = "List Read from the Handlers"
    _auto = False

    @property
    def _table_query(self):
        columns = [
            SQL("%s %s", SQL.identifier(name), SQL(field.column_type[1]))
            for name, field in self._fields.items()
            if field.store and field.column_type
        ]
        return SQL(
            "(SELECT * FROM jsonb_to_recordset(%s::jsonb) AS entry(%s))",
            json.dumps(self._catalogue_rows()),
            SQL(", ").join(columns),
        )

    def _catalogue_rows(self):
        """Return the rows: dicts with ``id`` and the stored fields."""
        return []

    def _stable_id(self, *words):
        """Return an id that is the same in every process for the same words."""
        return crc32("\0".join(words).encode()) >> 1 or 1
