"""The database's functions that an append calls: there, of today, and gone when uninstalled."""

from odoo.addons.event_sourcing_base.sql_functions import drop_functions, ensure_function
from odoo.addons.test_event_sourcing.common import EventCase


class TestFunctions(EventCase):
    def names(self):
        self.env.cr.execute(
            "SELECT proname FROM pg_proc WHERE obj_description(oid, 'pg_proc')"
            " LIKE 'event_sourcing %'"
        )
        return {name for (name,) in self.env.cr.fetchall()}

    def answer(self):
        self.env.cr.execute("SELECT test_answer(1)")
        return self.env.cr.fetchone()[0]

    def test_a_function_is_made_once_and_again_where_it_says_something_else(self):
        for body in ("RETURN a;", "RETURN a + 1;", "RETURN a + 1;"):
            ensure_function(self.env.cr, "test_answer", "a int", "int", body)
        self.assertEqual(self.answer(), 2)
        before = self.env.cr.sql_log_count
        ensure_function(self.env.cr, "test_answer", "a int", "int", "RETURN a + 1;")
        self.assertEqual(self.env.cr.sql_log_count - before, 1)
        # Another signature takes the place of the old one.
        ensure_function(self.env.cr, "test_answer", "a bigint", "bigint", "RETURN a + 2;")
        self.assertEqual(self.answer(), 3)

    def test_a_lost_function_is_made_again_when_the_registry_is_loaded(self):
        before = self.names()
        self.assertTrue(
            {"event_stream_begin", "event_store_insert", "counter_snapshot_save"} < before
        )
        drop_functions(self.env.cr)
        self.assertFalse(self.names())
        for model in self.env.values():
            if model._name.startswith(("event.", "counter.", "snapshot.", "rental.")):
                model._register_hook()
        self.assertLessEqual(
            {"event_stream_begin", "event_store_insert", "counter_snapshot_save"}, self.names()
        )
        self.assertEqual(self.add(amount=2)["outcome"], "applied")

    def test_a_column_that_another_addon_took_away_is_not_missed(self):
        """Its fields and columns go; what loads the registry next makes the function anew."""
        stale = "UPDATE counter_snapshot SET gone = 1;"
        arguments = "rows json, uid int, moment timestamp"
        ensure_function(self.env.cr, "counter_snapshot_save", arguments, "void", stale)
        self.env["counter.snapshot"]._register_hook()
        self.assertEqual(self.add(amount=2)["outcome"], "applied")

    def test_a_plan_looks_streams_up_by_their_keys_also_in_an_empty_store(self):
        """A kept plan must suit when the tables have grown: no sequential scan in it."""
        self.env.cr.execute("SELECT proconfig FROM pg_proc WHERE proname = 'event_stream_begin'")
        settings = dict(setting.split("=") for setting in self.env.cr.fetchone()[0])
        self.assertEqual(settings["enable_seqscan"], "off")
        self.assertEqual(settings["plan_cache_mode"], "force_generic_plan")
