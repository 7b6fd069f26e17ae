from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestAppendOnlyOrm(EventCase):
    def setUp(self):
        super().setUp()
        self.event = self.store.browse(self.add()["id"])

    def test_write_unlink_and_copy_are_refused_for_everybody(self):
        manager = make_user(self.env, "boss", "manager", "auditor")
        for event in (self.event, self.event.sudo(), self.event.with_user(manager)):
            for change in (
                lambda e: e.write({"payload": {}}),
                lambda e: e.write({}),
                lambda e: e.unlink(),
                lambda e: e.copy(),
                lambda e: setattr(e, "event_type", "Other"),
            ):
                with self.assertRaisesRegex(UserError, "never changed, deleted or duplicated"):
                    change(event)
        self.assertEqual(self.event.event_type, "Added")

    def test_streams_are_not_changed_by_hand(self):
        stream = self.env["event.stream"].search([("aggregate_id", "=", "C1")])
        for change in (
            lambda: stream.write({"version": 7}),
            lambda: stream.unlink(),
            lambda: stream.create({"model_name": "a", "aggregate_id": "b"}),
        ):
            with self.assertRaisesRegex(UserError, "follow their events"):
                change()


class TestAppendOnlySql(EventCase):
    """PostgreSQL itself refuses; rows of an earlier transaction are played by ``tx``."""

    def setUp(self):
        super().setUp()
        self.event_id = self.add()["id"]
        self.other_id = self.add()["id"]
        self.make_past(self.event_id)

    def make_past(self, event_id, *assignments):
        """Make a row one of an earlier transaction, as only the table's owner can."""
        toggle = "ALTER TABLE event_store %s TRIGGER event_store_append_only"
        self.env.cr.execute(toggle % "DISABLE")
        changes = ", ".join((*assignments, "tx = 3::text::xid8"))
        self.env.cr.execute(f"UPDATE event_store SET {changes} WHERE id = %s", [event_id])
        self.env.cr.execute(toggle % "ENABLE ALWAYS")

    def refuse(self, query, *params):
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.RestrictViolation) as caught:
            with self.env.cr.savepoint():
                self.env.cr.execute(query, params)
        self.assertIn("Events are never changed or deleted", str(caught.exception))

    def test_a_past_row_is_neither_updated_nor_deleted(self):
        self.refuse("UPDATE event_store SET payload = '{}' WHERE id = %s", self.event_id)
        self.refuse("UPDATE event_store SET tx = pg_current_xact_id() WHERE id = %s", self.event_id)
        self.refuse("DELETE FROM event_store WHERE id = %s", self.event_id)

    def test_the_table_is_not_truncated(self):
        self.refuse("TRUNCATE event_store CASCADE")

    def test_a_row_of_this_transaction_may_be_corrected_but_not_deleted(self):
        with self.env.cr.savepoint():
            self.env.cr.execute(
                "UPDATE event_store SET error_message = 'x' WHERE id = %s", [self.other_id]
            )
        self.refuse("UPDATE event_store SET tx = '99999999'::xid8 WHERE id = %s", self.other_id)
        self.refuse("DELETE FROM event_store WHERE id = %s", self.other_id)

    def test_a_user_who_recorded_events_cannot_be_deleted(self):
        user = make_user(self.env, "clerk", "integration")
        event_id = self.store.with_user(user).append("counter", "C9", "Added", {"amount": 1})["id"]
        self.make_past(event_id)
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            user.unlink()
        # A foreign key's RESTRICT has an error of its own from PostgreSQL 18 on.
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.IntegrityError):
            with self.env.cr.savepoint():
                self.env.cr.execute("DELETE FROM res_users WHERE id = %s", [user.id])
                self.env.flush_all()
        self.assertEqual(self.store.browse(event_id).create_uid, user)

    def test_a_company_with_events_cannot_be_deleted(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.store.with_company(company).append("counter", "C8", "Added", {"amount": 1})
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.IntegrityError):
            with self.env.cr.savepoint():
                self.env.cr.execute("DELETE FROM res_company WHERE id = %s", [company.id])

    def test_no_foreign_key_is_checked_with_each_event(self):
        self.env.cr.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f'"
            "   AND conrelid = 'event_store'::regclass"
            "   AND confrelid IN ('res_users'::regclass, 'res_company'::regclass)"
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_two_events_cannot_share_a_version(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.UniqueViolation):
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    """
                    INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,
                        timestamp, outcome, event_uuid, schema_version, company_id)
                    SELECT model_name, aggregate_id, event_type, payload, version,
                        timestamp, outcome, 'another', 1, company_id
                      FROM event_store WHERE id = %s
                    """,
                    [self.event_id],
                )

    def test_a_new_field_with_a_default_leaves_stored_events_alone(self):
        self.make_past(self.event_id, "channel = NULL")
        self.store._init_column("channel")
        self.env.cr.execute("SELECT channel FROM event_store WHERE id = %s", [self.event_id])
        self.assertEqual(self.env.cr.fetchone(), (None,))
