from odoo import api, models

from .event_partition import REST


class EventPartitionGuard(models.AbstractModel):
    """What one table promised and partitions cannot: no UUID twice, and nothing changes."""

    _inherit = "event.partition"

    @api.model
    def _note_uuids(self):
        """Create the one table in which every UUID stands once, whatever the partition.

        An index over all partitions would have to contain the id. This table is that
        index: two appends of one UUID meet in it as they met in the store, and it still
        knows the UUIDs of events that are in an archive.
        """
        self._execute(
            """
            CREATE TABLE event_store_uuid (event_uuid varchar NOT NULL, event_id int NOT NULL);
            INSERT INTO event_store_uuid SELECT event_uuid, id FROM event_store ORDER BY event_uuid;
            ALTER TABLE event_store_uuid ADD CONSTRAINT event_store_uuid_pkey
                PRIMARY KEY (event_uuid)
            """
        )
        self._ensure_guards()

    @api.model
    def _ensure_guards(self):
        """Create the triggers; also where an update of the addon changes them."""
        self._execute(
            """
            CREATE OR REPLACE FUNCTION event_store_note_uuid() RETURNS trigger AS $$
            BEGIN
                INSERT INTO event_store_uuid VALUES (NEW.event_uuid, NEW.id);
                RETURN NULL;
            END
            $$ LANGUAGE plpgsql;
            CREATE OR REPLACE FUNCTION event_store_uuid_refuse_change() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'Events are never changed or deleted: % on % refused.',
                    TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END
            $$ LANGUAGE plpgsql;

            CREATE OR REPLACE TRIGGER event_store_uuid_once
                AFTER INSERT ON event_store
                FOR EACH ROW EXECUTE FUNCTION event_store_note_uuid();
            CREATE OR REPLACE TRIGGER event_store_uuid_final
                BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store_uuid
                FOR EACH STATEMENT EXECUTE FUNCTION event_store_uuid_refuse_change();
            ALTER TABLE event_store_uuid ENABLE ALWAYS TRIGGER event_store_uuid_final;
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
            """
        )
        self._settle(name)

    @api.model
    def _settle(self, name):
        """Give a partition its settings for autovacuum; see ``event_store_growth``."""

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
