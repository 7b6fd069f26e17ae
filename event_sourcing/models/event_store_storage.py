from odoo import api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.json_rows import listed, record_of
from odoo.addons.event_sourcing_base.sql_functions import ensure_function
from odoo.addons.event_sourcing_base.storage_parameters import set_storage_parameters

from ..event_columns import INSERTED

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


class EventStoreStorage(models.Model):
    """How the table lies in PostgreSQL, which only grows; see docs/growth.md."""

    _inherit = "event.store"

    def init(self):
        """Create the indexes for what people look at; those of streams stand with the guarantees.

        Most rows are in the first one alone.

        - by time, with what the figures of a period count: no row is read for them
        - what was refused or failed, by time
        - what was recorded without its attempt (policy reject_and_record)
        """
        super().init()
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS event_store_time_index
                ON event_store (timestamp, id)
           INCLUDE (event_type, outcome, company_id, create_uid);
            CREATE INDEX IF NOT EXISTS event_store_refused_index
                ON event_store (timestamp, id) WHERE outcome IN ('rejected', 'failed');
            CREATE INDEX IF NOT EXISTS event_store_apart_index
                ON event_store (timestamp)
             WHERE event_type IN ('InvalidOperationAttempted', 'SystemErrorOccurred')
               AND failed_event_id IS NULL;
            """
        )
        set_storage_parameters(self.env.cr, self._table, APPEND_ONLY)
        self._ensure_insert()

    def _register_hook(self):
        super()._register_hook()
        self._ensure_insert()  # when another addon took its fields away

    @api.model
    def _ensure_insert(self):
        """Create the SQL function that inserts events.

        Nobody writes an event again: ``write_uid`` and ``write_date`` stay empty.
        """
        names = [*INSERTED, *self._other_columns()]
        columns = [(name, self._fields[name].column_type[0]) for name in names]
        ensure_function(
            self.env.cr,
            "event_store_insert",
            "events json, companies int[], uid int, moment timestamp",
            "SETOF int",
            f"""
            INSERT INTO event_store_reference (user_id, company_id)
            SELECT uid, company FROM unnest(companies) AS company
                ON CONFLICT DO NOTHING;
            RETURN QUERY
            INSERT INTO event_store (id, create_uid, create_date, {listed(names)})
            SELECT coalesce(row.id, nextval('event_store_id_seq')), uid, moment,
                   {listed(names, "row.")}
              FROM json_to_recordset(events) AS row ({record_of([("id", "int4"), *columns])})
            RETURNING id;
            """,
        )


class EventStreamStorage(models.Model):
    _inherit = "event.stream"

    def init(self):
        super().init()
        set_storage_parameters(self.env.cr, self._table, REWRITTEN)


class SnapshotStorage(models.AbstractModel):
    _inherit = "snapshot.mixin"

    def init(self):
        super().init()
        if not self._abstract and self._auto:
            set_storage_parameters(self.env.cr, self._table, REWRITTEN)
            # What Odoo made of index=True before; see ``company_id``.
            index = SQL.identifier(f"{self._table}__company_id_index")
            self.env.cr.execute(SQL("DROP INDEX IF EXISTS %s", index))
