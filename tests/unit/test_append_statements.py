from odoo.addons.event_sourcing.models.event_store_insert import OWN
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

    def test_the_own_columns_are_those_of_the_engine(self):
        """A new stored field of the engine belongs into OWN, or it would cost every row."""
        engine = {
            name
            for name, field in self.env["event.store"]._fields.items()
            if field.store and field.column_type and field._module == "event_sourcing"
        }
        stamps = {"id", "create_uid", "create_date", "write_uid", "write_date"}
        self.assertGreater(len(engine), len(stamps) + 10)
        self.assertEqual(engine - stamps - set(OWN), set())

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
