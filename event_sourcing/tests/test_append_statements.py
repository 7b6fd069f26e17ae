from psycopg2 import errors

from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import EventCase


class TestAppendStatements(EventCase):
    """How many statements an append takes: few, and no more for many or with much stored."""

    def batch(self, count, aggregates, tag):
        return [
            {
                "model_name": "counter",
                "aggregate_id": f"{tag}{number % aggregates}",
                "event_type": "Added",
                "payload": {"amount": 1},
            }
            for number in range(count)
        ]

    def statements(self, calls):
        self.env.flush_all()
        self.env.invalidate_all()
        self.store.append_batch(self.batch(1, 1, "warm"))  # what is cached once
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        answers = self.store.append_batch(calls)
        self.env.flush_all()
        self.assertTrue(all(answer["outcome"] == "applied" for answer in answers))
        return self.env.cr.sql_log_count - before

    def test_one_append(self):
        # Begin (savepoint, heads, states) and end (events, snapshots, release): no more.
        self.assertEqual(self.statements(self.batch(1, 1, "one")), 2)

    def test_a_batch_takes_no_more_than_one(self):
        one = self.statements(self.batch(1, 1, "first"))
        self.assertEqual(self.statements(self.batch(1000, 500, "many")), one)
        self.assertEqual(self.statements(self.batch(1000, 500, "many")), one)
        self.assertEqual(self.statements(self.batch(1, 1, "last")), one)

    def test_each_further_thousand_takes_one_more(self):
        one = self.statements(self.batch(1, 1, "first"))
        self.assertEqual(self.statements(self.batch(3500, 50, "large")), one + 3)

    def test_what_goes_wrong_in_a_page_is_raised_and_leaves_nothing(self):
        calls = self.batch(2500, 10, "wrong")
        insert = type(self.store)._insert_params

        def break_the_first_page(store, vals_list):
            first, *rest = vals_list
            vals_list = [{**first, "event_uuid": "twice"}, {**first, "event_uuid": "twice"}]
            return insert(store, [*vals_list, *rest])

        self.patch(type(self.store), "_insert_params", break_the_first_page)
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.UniqueViolation):
            with self.env.cr.savepoint():
                self.store.append_batch(calls)
        self.assertFalse(self.store.search([("aggregate_id", "like", "wrong")]))
        self.assertFalse(self.env["event.stream"].search([("aggregate_id", "like", "wrong")]))

    def test_a_caller_without_a_language_takes_no_more(self):
        counts = []
        for context in ({"lang": "en_US"}, {}):
            store = self.env(context=context)["event.store"]
            store.append_batch(self.batch(1, 1, "language"))  # what is cached for all callers
            self.env.flush_all()
            self.env.invalidate_all()  # as in a transaction of its own
            before = self.env.cr.sql_log_count
            store.append_batch(self.batch(1, 1, "language"))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def rows_read(self):
        """Return how many rows this transaction has read by indexes of the tables of streams."""
        self.env.cr.execute(
            "SELECT sum(idx_tup_fetch) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('event_stream', 'counter_snapshot')"
        )
        return self.env.cr.fetchone()[0]

    def test_a_batch_reads_each_stream_once_in_tables_without_statistics(self):
        # A new database, a restored one, a first import: nobody has analysed these tables yet.
        for table in ("event_stream", "counter_snapshot"):
            self.env.cr.execute(
                f"ALTER TABLE {table} RENAME TO {table}_before;"
                f"CREATE TABLE {table} (LIKE {table}_before INCLUDING ALL)"
            )
        self.store.append_batch(self.batch(300, 300, "unknown"))
        before = self.rows_read()
        self.store.append_batch(self.batch(300, 300, "unknown"))
        self.assertLessEqual(self.rows_read() - before, 4 * 300)

    def test_fields_of_other_addons_are_honoured(self):
        given, left_out = self.store.create(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": "FIELDS",
                    "event_type": "Added",
                    "payload": {"amount": 1},
                    **more,
                }
                for more in ({"channel": "web"}, {})
            ]
        )
        self.env.invalidate_all()
        self.assertEqual((given.channel, left_out.channel), ("web", "backend"))
