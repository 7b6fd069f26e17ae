from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.partitioned_tables import is_partitioned


class EventStoreAppendOnly(models.Model):
    """Nothing that was recorded changes or disappears: not by the ORM, not by SQL."""

    _inherit = "event.store"

    def init(self):
        """Create what the ORM cannot: ``tx``, the stream index and the trigger.

        A row may change only in the transaction that wrote it: Odoo's own flush and
        the correction of an outcome happen there. ``tx`` also holds across savepoints. In a
        cluster restored from a dump numbers of transactions come again: there the row
        itself is older than the transaction.
        """
        self.env.cr.execute(
            """
            ALTER TABLE event_store
                ADD COLUMN IF NOT EXISTS tx xid8 NOT NULL DEFAULT pg_current_xact_id();

            CREATE INDEX IF NOT EXISTS event_store_failure_stream_index
                ON event_store (model_name, aggregate_id, company_id)
             WHERE event_type IN ('InvalidOperationAttempted', 'SystemErrorOccurred');

            CREATE OR REPLACE FUNCTION event_store_refuse_change() RETURNS trigger AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD.tx = pg_current_xact_id() AND NEW.tx = OLD.tx
                   AND age(OLD.xmin) <= 0 THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'Events are never changed or deleted: % on event_store refused.',
                    TG_OP USING ERRCODE = 'restrict_violation',
                    HINT = 'Record a further event that corrects it.';
            END
            $$ LANGUAGE plpgsql;

            CREATE OR REPLACE TRIGGER event_store_append_only
                BEFORE UPDATE OR DELETE ON event_store
                FOR EACH ROW EXECUTE FUNCTION event_store_refuse_change();
            CREATE OR REPLACE TRIGGER event_store_no_truncate
                BEFORE TRUNCATE ON event_store
                FOR EACH STATEMENT EXECUTE FUNCTION event_store_refuse_change();
            ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_append_only;
            ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_no_truncate;
            """
        )
        # What a caller names is one in its company; what the store derives is known by columns
        # that no caller can name: an attempt has one failure event, and is applied again once.
        self._unique_index(
            "event_store_event_uuid_uniq",
            "(event_uuid, company_id)"
            " WHERE event_type NOT IN ('InvalidOperationAttempted', 'SystemErrorOccurred')",
        )
        self._unique_index(
            "event_store_failed_event_uniq",
            "(failed_event_id) WHERE failed_event_id IS NOT NULL",
        )
        self._unique_index(
            "event_store_attempt_uniq",
            "(attempt_uuid, company_id, attempt_digest) WHERE attempt_uuid IS NOT NULL",
        )
        self._unique_index(
            "event_store_retry_of_uniq", "(retry_of_id) WHERE retry_of_id IS NOT NULL"
        )
        self._unique_index(
            "event_store_import_key_uniq",
            "(import_key, company_id) WHERE import_key IS NOT NULL",
        )
        self._unique_index(
            "event_store_stream_version_uniq",
            "(model_name, aggregate_id, company_id, version)"
            " WHERE event_type NOT IN ('InvalidOperationAttempted', 'SystemErrorOccurred')",
        )

    @api.model
    def _unique_index(self, name, definition, table=None):
        """Create a unique index.

        A hook: a store in partitions has one in each of them, and none over all.

        :param str table: a partition; the store itself by default
        """
        if not table and is_partitioned(self.env.cr, self._table):
            return
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS %s ON %s %s",
                SQL.identifier(name),
                SQL.identifier(table or self._table),
                SQL(definition),
            )
        )

    def write(self, vals):
        raise self._refusal_to_change()

    def unlink(self):
        raise self._refusal_to_change()

    def copy(self, default=None):
        raise self._refusal_to_change()

    def _init_column(self, column_name):
        """Leave stored events as they are when an addon adds a field with a default."""
        self.env.cr.execute("SELECT EXISTS (SELECT FROM event_store)")
        if not self.env.cr.fetchone()[0]:
            super()._init_column(column_name)

    def _refusal_to_change(self):
        return UserError(
            _(
                "Events are never changed, deleted or duplicated;"
                " record a further event that corrects it instead."
            )
        )
