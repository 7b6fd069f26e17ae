from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .event_partition import AHEAD, REST, SIZE, SIZE_PARAMETER

# Rows come with everything but their indexes, which the attached table gets by itself.
LIKE = (
    "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS INCLUDING STORAGE"
    " INCLUDING COMPRESSION"
)
COPY_NAME = "event_store_being_copied"


class EventPartitionSchema(models.AbstractModel):
    """The tables of a partitioned event store, and how rows get from one to another."""

    _inherit = "event.partition"

    @api.model
    def _convert(self, size):
        self._execute("LOCK TABLE event_store IN ACCESS EXCLUSIVE MODE")
        self._drop_views()
        old = self._old_table()
        first = "event_store_from_1"
        for table, name in old["incoming"]:
            # They would forbid an archive; events are never deleted, so they guard nothing.
            self._execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _definition, _enabled in old["triggers"]:
            self._execute(f'DROP TRIGGER "{name}" ON event_store')
        self._rename("event_store", first)
        self._execute(f"CREATE TABLE event_store (LIKE {first} {LIKE}) PARTITION BY RANGE (id)")
        self._execute("ALTER SEQUENCE event_store_id_seq OWNED BY event_store.id")
        self._execute(SQL("COMMENT ON TABLE event_store IS %s", old["comment"]))
        self._execute("ALTER TABLE event_store ADD CONSTRAINT event_store_pkey PRIMARY KEY (id)")
        for definition in [*old["indexes"], *(d for _name, d, _enabled in old["triggers"])]:
            self._execute(definition)
        for name, definition in old["outgoing"]:
            self._execute(f'ALTER TABLE event_store ADD CONSTRAINT "{name}" {definition}')
        last = self._last_id()
        end = (last // size + 1) * size + 1
        self._attach(first, 1, end)
        self._execute(f"CREATE TABLE {REST} PARTITION OF event_store DEFAULT")
        for definition in old["unique"]:
            self._execute(self._definition_for(definition, REST))
        for name, _definition, enabled in old["triggers"]:
            if enabled == "A":
                self._execute(f'ALTER TABLE event_store ENABLE ALWAYS TRIGGER "{name}"')
        self._note_keys()
        self._protect(first)
        self._protect(REST)
        self.env["ir.config_parameter"].set_param(SIZE_PARAMETER, size)
        self._make_room()
        self.env["event.store"]._create_dependent_views()

    @api.model
    def _old_table(self):
        """Return what hangs on the ordinary table, as statements that make it again."""
        fetch = self._fetch
        indexes = fetch(
            """
            SELECT pg_get_indexdef(indexrelid), indisunique
              FROM pg_index WHERE indrelid = 'event_store'::regclass AND NOT indisprimary
            """
        )
        return {
            "indexes": [definition for definition, unique in indexes if not unique],
            "unique": [definition for definition, unique in indexes if unique],
            "triggers": fetch(
                "SELECT tgname, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger"
                " WHERE tgrelid = 'event_store'::regclass AND NOT tgisinternal"
            ),
            "outgoing": fetch(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
                " AND conrelid = 'event_store'::regclass AND confrelid <> conrelid"
            ),
            "incoming": fetch(
                "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint"
                " WHERE contype = 'f' AND confrelid = 'event_store'::regclass"
            ),
            "comment": fetch("SELECT coalesce(obj_description('event_store'::regclass), 'Event')")[
                0
            ][0],
        }

    @api.model
    def _create(self, first, end, source=None):
        """Create the partition of ids from ``first`` to before ``end``, with rows of ``source``."""
        name = f"event_store_from_{first}"
        self._make_table(name)
        count = 0
        if source:
            columns = ", ".join(
                column
                for (column,) in self._fetch(
                    "SELECT quote_ident(attname) FROM pg_attribute"
                    " WHERE attrelid = 'event_store'::regclass AND attnum > 0 AND NOT attisdropped"
                )
            )
            self._execute(
                f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {source}"
                f" WHERE id >= {first} AND id < {end} ORDER BY id"
            )
            count = self.env.cr.rowcount
        self._make_unique(name)
        self._attach(name, first, end)
        self._protect(name)
        return count

    @api.model
    def _make_table(self, name):
        self._execute(f"CREATE TABLE {name} (LIKE event_store {LIKE})")

    @api.model
    def _make_unique(self, name):
        for (definition,) in self._local_unique(REST):
            self._execute(self._definition_for(definition, name))

    @api.model
    def _attach(self, name, first, end):
        self._execute(
            f"ALTER TABLE event_store ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})"
        )

    @api.model
    def _make_room(self):
        """Create partitions up to some beyond the last id; rows of the rest go into theirs."""
        size = int(self.env["ir.config_parameter"].get_param(SIZE_PARAMETER) or SIZE)
        end = max([part.last + 1 for part in self._partitions()], default=1)
        wanted = (self._last_id() // size + 1 + AHEAD) * size + 1
        ranges = [(first, min(first + size, wanted)) for first in range(end, wanted, size)]
        if not self._rest_is_used():
            for first, last in ranges:
                self._create(first, last)
            return
        self._execute("LOCK TABLE event_store IN ACCESS EXCLUSIVE MODE")
        self._execute(f"ALTER TABLE event_store DETACH PARTITION {REST}")
        self._rename(REST, COPY_NAME)
        unique = self._local_unique(COPY_NAME)
        self._execute(f"CREATE TABLE {REST} PARTITION OF event_store DEFAULT")
        for (definition,) in unique:
            self._execute(self._definition_for(definition, REST))
        self._protect(REST)
        self._copy_into(ranges)

    @api.model
    def _split(self, part, at):
        self._execute("LOCK TABLE event_store IN ACCESS EXCLUSIVE MODE")
        self._execute(f"ALTER TABLE event_store DETACH PARTITION {part.name}")
        self._rename(part.name, COPY_NAME)
        self._copy_into([(part.first, at), (at, part.last + 1)])
        self.env["event.seal"]._check_range(part.first, part.last)

    @api.model
    def _copy_into(self, ranges):
        """Create partitions with the rows of the copied table, which goes then."""
        copied = sum(self._create(first, end, COPY_NAME) for first, end in ranges)
        ((count,),) = self._fetch(f"SELECT count(*) FROM {COPY_NAME}")
        if copied != count:
            raise UserError(
                _(
                    "%(left)s events lie outside of every partition. Nothing was changed;"
                    " look for ids below 1 or far beyond the others.",
                    left=count - copied,
                )
            )
        self._execute(f"DROP TABLE {COPY_NAME}")

    @api.model
    def _rest_is_used(self):
        return self._fetch(f"SELECT EXISTS (SELECT FROM {REST})")[0][0]

    @api.model
    def _last_id(self):
        """Return the last id that was given out, 0 for none."""
        (row,) = self._fetch("SELECT last_value, is_called FROM event_store_id_seq")
        return row[0] if row[1] else 0

    @api.model
    def _execute(self, statement):
        self.env.cr.execute(statement)

    @api.model
    def _fetch(self, statement):
        self.env.cr.execute(statement)
        return self.env.cr.fetchall()
