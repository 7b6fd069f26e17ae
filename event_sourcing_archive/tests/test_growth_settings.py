from odoo.addons.event_sourcing.models.event_store_storage import APPEND_ONLY, REWRITTEN
from odoo.addons.test_event_sourcing.common import EventCase


class TestGrowthSettings(EventCase):
    """How PostgreSQL is to tidy up is set with the addon, and left to the DBA afterwards."""

    def options(self, table):
        self.env.cr.execute("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", [table])
        return dict(option.split("=") for option in self.env.cr.fetchone()[0])

    def test_every_table_that_grows_has_its_settings(self):
        for table, settings in (
            ("event_store", APPEND_ONLY),
            ("event_stream", REWRITTEN),
            ("event_snapshot", REWRITTEN),
            ("counter_snapshot", REWRITTEN),
        ):
            options = self.options(table)
            self.assertLessEqual(
                {(name, str(value)) for name, value in settings.items()}, set(options.items())
            )

    def test_what_a_dba_sets_stays(self):
        self.env.cr.execute("ALTER TABLE event_stream SET (autovacuum_vacuum_scale_factor = 0.5)")
        self.env.cr.execute("ALTER TABLE event_stream RESET (autovacuum_vacuum_threshold)")
        self.env["event.stream"].init()
        options = self.options("event_stream")
        self.assertEqual(options["autovacuum_vacuum_scale_factor"], "0.5")
        self.assertEqual(options["autovacuum_vacuum_threshold"], "5000")

    def test_a_store_is_not_partitioned_by_itself(self):
        self.assertFalse(self.env["event.partition"]._partitioned())
        self.assertEqual(self.env["event.partition"].status(), [])
