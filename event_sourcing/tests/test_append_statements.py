from unittest.mock import patch

from psycopg2 import errors

from odoo.tools import mute_logger

from odoo.addons.event_sourcing.savepoint import LazySavepoint
from odoo.addons.test_event_sourcing.common import EventCase
from odoo.addons.test_event_sourcing.models.counter_handler import CounterSnapshotHandler


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
        behind, execute_behind = [], LazySavepoint.execute_behind

        def counted(step, *statement):
            behind.append(statement)
            execute_behind(step, *statement)

        with patch.object(LazySavepoint, "execute_behind", counted):
            answers = self.store.append_batch(calls)
        self.env.flush_all()
        self.assertTrue(all(answer["outcome"] == "applied" for answer in answers))
        return self.env.cr.sql_log_count - before + len(behind)

    def test_one_append(self):
        # Begin (savepoint, heads, states) and end (events, snapshots, release): no more.
        self.assertEqual(self.statements(self.batch(1, 1, "one")), 2)

    def test_a_batch_takes_no_more_than_one(self):
        one = self.statements(self.batch(1, 1, "first"))
        self.assertEqual(self.statements(self.batch(1000, 500, "many")), one)
        self.assertEqual(self.statements(self.batch(1000, 500, "many")), one)
        self.assertEqual(self.statements(self.batch(1, 1, "last")), one)

    def test_a_page_of_a_thousand_takes_one_more(self):
        one = self.statements(self.batch(1, 1, "first"))
        self.assertEqual(self.statements(self.batch(3500, 50, "large")), one + 4)

    def test_who_reads_while_a_page_is_stored_finds_their_own_rows(self):
        evolve, found = CounterSnapshotHandler._evolve, []

        def reading(handler, state, event):
            handler.env.cr.execute("SELECT %s, 'read'", [event.version])
            found.append(handler.env.cr.fetchall() == [(event.version, "read")])
            return evolve(handler, state, event)

        self.patch(CounterSnapshotHandler, "_evolve", reading)
        self.store.append_batch(self.batch(5000, 3, "reading"))
        self.assertEqual((len(found), all(found)), (5000, True))

    def test_what_goes_wrong_behind_is_raised_and_leaves_nothing(self):
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
