from odoo import api, models

from odoo.addons.event_sourcing.event_columns import COLUMNS

CARRIED = ("boolean", "char", "date", "datetime", "float", "integer", "selection", "text")
HANDLED = {"id", "write_uid", "write_date", *(column.name for column in COLUMNS)}


class EventStoreTransfer(models.Model):
    """What an exported event carries besides the engine's own columns."""

    _inherit = "event.store"

    @api.model
    def _other_names(self):
        """Return the names of plain columns that other addons added, sorted.

        References to records are left out: ids mean nothing in another database.
        """
        return sorted(
            name
            for name, field in self._fields.items()
            if field.store and not field.compute and field.type in CARRIED and name not in HANDLED
        )

    @api.model
    def _other_values(self, vals, others):
        """Leave empty what was so where a restored event was recorded: no default is of then."""
        found = super()._other_values(vals, others)
        if vals.get("origin") == "restored":
            empty = [name for name in others if vals.get(name) is None]
            found.update((name, None) for name in empty if not self._fields[name].required)
        return found
