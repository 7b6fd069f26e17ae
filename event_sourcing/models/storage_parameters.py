from odoo import api, models
from odoo.tools import SQL

# By default a table is looked at when a fifth of it changed: at a billion rows never.
APPEND_ONLY = {
    "autovacuum_vacuum_insert_scale_factor": 0,
    "autovacuum_vacuum_insert_threshold": 500_000,
    "autovacuum_analyze_scale_factor": 0.02,
    # Rows never change: what is frozen once stays so, and a forced vacuum finds nothing to do.
    "autovacuum_freeze_min_age": 0,
}
# One small row per aggregate that is written with each append.
REWRITTEN = {
    "fillfactor": 60,  # with room on its page a row is rewritten there (HOT), by no index
    "autovacuum_vacuum_scale_factor": 0.02,
    "autovacuum_vacuum_threshold": 5_000,
    "autovacuum_analyze_scale_factor": 0.05,
    "autovacuum_vacuum_cost_delay": 0,
}


def settle(cr, table, settings):
    """Give a table its storage parameters; what somebody set by hand stays.

    :param cr: cursor
    :param str table: the name of an ordinary table
    :param dict settings: parameters with their values
    """
    cr.execute("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", [table])
    there = {option.partition("=")[0] for option in cr.fetchone()[0] or ()}
    missing = [
        SQL("%s = %s", SQL.identifier(name), value)
        for name, value in settings.items()
        if name not in there
    ]
    if missing:
        cr.execute(SQL("ALTER TABLE %s SET (%s)", SQL.identifier(table), SQL(", ").join(missing)))


class EventStoreGrowth(models.Model):
    """How PostgreSQL is to tidy up behind a table that only grows; see docs/growth.md."""

    _inherit = "event.store"

    def init(self):
        super().init()
        settle(self.env.cr, self._table, self._storage_parameters())

    @api.model
    def _storage_parameters(self):
        """Return the storage parameters of the table, ``{name: value}``.

        A hook for where the table itself holds no rows.
        """
        return APPEND_ONLY


class EventStreamGrowth(models.Model):
    _inherit = "event.stream"

    def init(self):
        super().init()
        settle(self.env.cr, self._table, REWRITTEN)


class SnapshotGrowth(models.AbstractModel):
    _inherit = "snapshot.mixin"

    def init(self):
        super().init()
        if not self._abstract and self._auto:
            settle(self.env.cr, self._table, REWRITTEN)
