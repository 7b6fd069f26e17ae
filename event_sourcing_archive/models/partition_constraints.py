from odoo import api, models

from odoo.addons.event_sourcing.models.event_store_storage import APPEND_ONLY
from odoo.addons.event_sourcing_base.storage_parameters import set_storage_parameters

from .event_partition import REST

# The keys of ``event`` that must be its own, as rows.
KEYS = """
    SELECT key.kind, event.company_id, key.value, event.id
      FROM (VALUES
            ('event_uuid', CASE WHEN event.event_type NOT IN (
                'InvalidOperationAttempted', 'SystemErrorOccurred') THEN event.event_uuid END),
            ('failed_event_id', event.failed_event_id::text),
            ('retry_of_id', event.retry_of_id::text),
            ('import_key', event.import_key),
            ('attempt:' || event.attempt_digest, event.attempt_uuid)
           ) AS key (kind, value)
     WHERE key.value IS NOT NULL"""


class EventPartitionGuard(models.AbstractModel):
    """What one table promised and partitions cannot: no UUID twice, and nothing changes."""

    _inherit = "event.partition"

    @api.model
    def _note_keys(self):
        """Create the one table in which every key stands once, whatever the partition.

        An index over all partitions would have to contain the id. This table is that
        index: two appends of one UUID meet in it as they met in the store, and it still
        knows the UUIDs of events that are in an archive. Kinds of keys are those of
        ``event.store._keys_of``, and ``attempt:`` with a digest for attempts recorded apart.
        """
        self._execute(
            f"""
            CREATE TABLE event_store_key (
                kind varchar NOT NULL, company_id int NOT NULL, value varchar NOT NULL,
                event_id int NOT NULL);
            INSERT INTO event_store_key
            SELECT key.* FROM event_store AS event, LATERAL ({KEYS}) AS key;
            ALTER TABLE event_store_key ADD CONSTRAINT event_store_key_pkey
                PRIMARY KEY (value, company_id, kind)
            """
        )
        self._ensure_guards()

    @api.model
    def _ensure_guards(self):
        """Create the triggers; also where an update of the addon changes them."""
        self._execute(
            f"""
            CREATE OR REPLACE FUNCTION event_store_note_key() RETURNS trigger AS $$
            DECLARE event event_store;
            BEGIN
                event := NEW;
                IF TG_OP = 'INSERT' THEN
                    INSERT INTO event_store_key {KEYS};
                ELSE  -- what is restored follows other events, which is said after the insert
                    INSERT INTO event_store_key
                    SELECT * FROM ({KEYS}) AS own (kind, company_id, value, event_id)
                     WHERE NOT EXISTS (
                           SELECT FROM event_store_key AS known
                            WHERE known.value = own.value AND known.company_id = own.company_id
                              AND known.kind = own.kind AND known.event_id = own.event_id);
                END IF;
                RETURN NULL;
            END
            $$ LANGUAGE plpgsql;
            CREATE OR REPLACE FUNCTION event_store_key_refuse_change() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'Events are never changed or deleted: % on % refused.',
                    TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END
            $$ LANGUAGE plpgsql;

            CREATE OR REPLACE TRIGGER event_store_key_once
                AFTER INSERT OR UPDATE OF failed_event_id, retry_of_id ON event_store
                FOR EACH ROW EXECUTE FUNCTION event_store_note_key();
            CREATE OR REPLACE TRIGGER event_store_key_final
                BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store_key
                FOR EACH STATEMENT EXECUTE FUNCTION event_store_key_refuse_change();
            ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_key_once;
            ALTER TABLE event_store_key ENABLE ALWAYS TRIGGER event_store_key_final;
            """
        )

    @api.model
    def _protect(self, name):
        """Close a partition to changes as the whole store is closed.

        Triggers for rows come with attaching; those for TRUNCATE do not.
        """
        self._execute(
            f"""
            CREATE OR REPLACE TRIGGER event_store_no_truncate
                BEFORE TRUNCATE ON {name}
                FOR EACH STATEMENT EXECUTE FUNCTION event_store_refuse_change();
            ALTER TABLE {name} ENABLE ALWAYS TRIGGER event_store_append_only;
            ALTER TABLE {name} ENABLE ALWAYS TRIGGER event_store_no_truncate;
            ALTER TABLE {name} ENABLE ALWAYS TRIGGER event_store_key_once;
            """
        )
        set_storage_parameters(self.env.cr, name, APPEND_ONLY)

    @api.model
    def _protect_all(self):
        """Bring the guards of all partitions up to date after an update of the addon."""
        self._ensure_guards()
        for name in [*(part.name for part in self._partitions()), REST]:
            self._protect(name)


class EventStorePartitioned(models.Model):
    _inherit = "event.store"

    def init(self):
        super().init()
        partitions = self.env["event.partition"]
        if partitions._partitioned():
            partitions._protect_all()

    @api.model
    def _unique_index(self, name, definition, table=None):
        partitions = self.env["event.partition"]
        if table or not partitions._partitioned():
            return super()._unique_index(name, definition, table)
        for part in [*(part.name for part in partitions._partitions()), REST]:
            self._unique_index(partitions._index_name(name, part), definition, part)


class EventSealPartitions(models.Model):
    _inherit = "event.seal"

    @api.model
    def _seal_all(self):
        """Also see that there is a partition for what comes next."""
        super()._seal_all()
        self.env["event.partition"]._make_room_quietly()
