import dataclasses
import importlib.util
import json
from pathlib import Path

from odoo.addons.event_sourcing import event_columns
from odoo.addons.event_sourcing.event import EventData, content_text
from odoo.addons.event_sourcing.event_columns import CALLER, COLUMNS, CONTENT, INSERTED, RECORDING
from odoo.addons.event_sourcing.models.event_store_append import APPEND_KEYS, RENAMED
from odoo.addons.test_event_sourcing.common import EventCase

TOOL = Path(__file__).parents[2] / "tools" / "check_seals.py"
KEY_COLUMNS = {"id", "write_uid", "write_date"}  # of the row, not of the event


class TestEventColumns(EventCase):
    """The list of an event's columns, and what cannot be derived from it: all say the same."""

    def test_the_table_has_these_columns(self):
        """A new stored field of the engine belongs into the list, or it would cost every row."""
        fields = self.env["event.store"]._fields.items()
        engine = {n for n, f in fields if f.store and f.column_type and not self.is_extra(f)}
        self.assertEqual(engine - KEY_COLUMNS, {c.name for c in COLUMNS} - {"tx"})
        self.env.cr.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'event_store'::regclass"
            " AND attnum > 0 AND NOT attisdropped"
        )
        table = {name for (name,) in self.env.cr.fetchall()}
        self.assertLessEqual({*INSERTED, *RECORDING}, table)

    def is_extra(self, field):
        return not (field._module or "").startswith("event_sourcing")

    def test_nobody_is_named_twice(self):
        names = [column.name for column in COLUMNS]
        self.assertEqual(len(names), len(set(names)))

    def test_what_a_caller_may_say(self):
        """Of fields without a column a caller may give none of the engine's."""
        named = {RENAMED.get(key, key) for key in APPEND_KEYS} - {"policy"}
        self.assertEqual(named, {column.name for column in COLUMNS if column.by == CALLER})
        decided = event_columns.DECIDED_BY_STORE
        self.assertEqual(decided & named, set())
        self.assertLessEqual(decided - {"tx"}, self.store._fields.keys())

    def test_what_a_handler_is_given(self):
        given = {field.name for field in dataclasses.fields(EventData)}
        self.assertEqual(given, {c.name for c in COLUMNS if c.by == CALLER} | {"user_id"})

    def test_what_is_hashed(self):
        text = content_text({**dict.fromkeys(CONTENT, "x"), "payload": {}})
        text = text.replace(':x,"', ':1,"').replace(":x}", ":1}")  # the two numbers
        self.assertEqual(list(json.loads(text)), sorted(CONTENT))

    def test_the_tool_without_odoo_has_the_same(self):
        spec = importlib.util.spec_from_file_location("check_seals", TOOL)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        self.assertEqual((tool.CONTENT, tool.RECORDING), (CONTENT, RECORDING))
