"""Setting destinations up: secrets that never come out, who may decide, copies of the database."""

from pathlib import Path

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user, migrate
from odoo.addons.test_event_sourcing_delivery.models.event_destination import inbox

from .common import DeliveryCase

SECRET = "correct-horse-battery"


class TestSecret(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.destination.secret = SECRET

    def test_only_senders_read_it(self):
        self.assertEqual(self.destination._secrets(), (SECRET, None))
        self.assertTrue(self.destination.has_secret)
        for values in (
            self.destination.read(),
            self.destination.export_data(["name", "secret"]),
            self.destination.copy().read(),
            self.destination.web_read({"secret": {}, "has_secret": {}}),
        ):
            self.assertNotIn(SECRET, str(values))
        self.assertEqual(self.destination.copy()._secrets(), (None, None))

    def test_not_even_the_transaction_that_sets_it_reads_it(self):
        answer = self.destination.web_save({"secret": "other-secret"}, {"secret": {}})
        self.assertEqual(answer[0]["secret"], False)
        made = self.new_destination(secret="third-secret")
        self.assertFalse(made.secret)
        self.assertEqual(made._secrets()[0], "third-secret")

    def test_no_column_of_a_model_holds_it(self):
        self.assertFalse(self.env["event.destination"]._fields["secret"].store)
        self.env.flush_all()
        self.env.cr.execute("SELECT to_jsonb(dest)::text FROM event_destination AS dest")
        self.assertNotIn(SECRET, str(self.env.cr.fetchall()))

    def test_while_it_is_rotated_both_count(self):
        self.destination.write({"secret": "new-secret", "name": "Other"})
        self.assertEqual(self.destination._secrets(), ("new-secret", SECRET))
        self.destination.secret = "new-secret"  # the same again does not lose the former
        self.assertEqual(self.destination._secrets(), ("new-secret", SECRET))
        self.assertTrue(self.destination.has_former_secret)
        self.destination.action_end_rotation()
        self.assertEqual(self.destination._secrets(), ("new-secret", None))

    def test_no_other_receiver_is_told_it(self):
        """Who may change the address may have a server of their own."""
        self.destination.secret = "new-secret"
        self.destination.address = "list:2"
        self.assertEqual(self.destination._secrets(), (None, None))
        self.assertFalse(self.destination.has_secret)
        self.destination.secret = SECRET
        self.destination.write({"address": "list:3", "secret": "third-secret"})
        self.assertEqual(self.destination._secrets(), ("third-secret", None))
        self.destination.write({"address": "list:3", "name": "Other"})
        self.assertEqual(self.destination._secrets(), ("third-secret", None))

    def test_a_refusal_does_not_name_it(self):
        manager = make_user(self.env, "manager", "manager")
        own = self.new_destination(user_id=manager.id).with_user(manager)
        for odd in ("x\0y-secret", "s" * 5000, "秘密-secret", 7):
            with self.assertRaises(UserError) as caught:
                own.write({"secret": odd})
            self.assertNotIn("secret'", str(caught.exception))
            self.assertNotIn("sss", str(caught.exception))


class TestWhoDecides(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.manager = make_user(self.env, "manager", "manager")

    def values(self, **vals):
        return {"name": "Mine", "kind": "list", "address": "list:2", **vals}

    def test_a_manager_sends_what_he_may_read_himself(self):
        own = self.env["event.destination"].with_user(self.manager)
        mine = own.create(self.values())
        self.assertEqual(mine.user_id, self.manager)
        self.assertEqual(mine.state, "paused")
        mine.action_start()
        self.assertEqual(mine.state, "running")
        mine.action_pause()
        mine.unlink()

    def test_a_manager_cannot_send_what_others_read(self):
        own = self.env["event.destination"].with_user(self.manager)
        auditor = make_user(self.env, "auditor", "auditor")
        with self.assertRaises(AccessError):
            own.create(self.values(user_id=auditor.id))
        with self.assertRaises(AccessError):
            own.with_context(default_user_id=auditor.id).create(self.values())
        mine = own.create(self.values())
        with self.assertRaises(AccessError):
            mine.user_id = auditor
        theirs = self.destination.with_user(self.manager)
        for change in (
            lambda: theirs.write({"address": "list:3"}),
            lambda: theirs.write({"secret": "mine"}),
            theirs.unlink,
            theirs.action_start,
            theirs.action_test,
            theirs.action_send_from_here,
            theirs.action_end_rotation,
            lambda: theirs.filter_ids.unlink(),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_its_row_among_the_subscriptions_is_no_way_around(self):
        sub = self.destination.subscription_id.with_user(self.manager)
        for decide in (sub.action_resume, sub.action_pause):
            with self.assertRaises(AccessError):
                decide()
        self.assertEqual(self.sub.state, "running")
        mine = self.env["event.destination"].with_user(self.manager).create(self.values())
        mine.subscription_id.action_resume()
        self.assertEqual(mine.state, "running")
        mine.subscription_id.action_pause()
        self.assertEqual(mine.state, "paused")

    def test_users_see_none(self):
        user = make_user(self.env, "plain", "user")
        with self.assertRaises(AccessError):
            self.destination.with_user(user).read(["name"])
        for name in ("action_start", "action_test", "action_pause"):
            with self.assertRaises(UserError):  # AccessError is one
                getattr(self.destination.with_user(user), name)()

    def test_its_subscription_and_its_alert_go_with_it(self):
        sub = self.destination.subscription_id
        self.assertEqual((sub.kind, sub.label), ("destination", "Warehouse"))
        cleared, alert = [], type(self.env["event.alert"])
        self.patch(alert, "_clear_alert", lambda _self, key: cleared.append(key))
        key = f"destination:{self.destination.id}"
        for decide in (
            self.destination.action_pause,
            lambda: self.destination.write({"active": False}),
            self.destination.unlink,
        ):
            decide()
            self.assertEqual(set(cleared), {key})
            cleared.clear()
        self.assertFalse(sub.exists())

    def test_loading_the_registry_leaves_it_alone(self):
        self.env["event.subscription"]._sync()
        self.assertEqual(self.destination.state, "running")


class TestFilter(DeliveryCase):
    def test_only_what_is_chosen_is_sent(self):
        self.destination.filter_ids.event_type = "Closed"
        added = self.events("A")[0]
        closed = self.store.append("counter", "A", "Closed")["id"]
        self.send(added, closed)
        self.assertEqual([message.event_type for message in inbox.taken], ["Closed"])

    def test_without_a_line_all_is_sent_and_history_only_where_it_is_asked_for(self):
        self.destination.filter_ids.unlink()
        vals = {"model_name": "counter", "aggregate_id": "H", "event_type": "Added"}
        old, _known = self.store._append_all(
            [{**vals, "payload": {"amount": 1}}], origin="imported"
        )
        self.send(old.id, *self.events("A"))
        self.assertEqual([message.aggregate_id for message in inbox.taken], ["A"])
        self.destination.takes_history = True
        self.send(old.id)
        self.assertEqual([message.aggregate_id for message in inbox.taken], ["A", "H"])

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.destination.company_ids = other
        self.send(*self.events("A"))
        self.assertEqual(inbox.taken, [])

    def test_a_company_that_is_archived_or_deleted_opens_no_others(self):
        """A receiver that is to hear of one company is told of no other, whatever happens to it."""
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.destination.company_ids = other
        other.active = False
        self.destination.invalidate_recordset()
        self.send(*self.events("A"))
        self.assertEqual(inbox.taken, [])
        self.assertEqual(self.destination.company_ids, other)
        with self.assertRaises(psycopg2.errors.RestrictViolation), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                other.unlink()

    def test_an_unknown_type_is_refused_with_those_that_there_are(self):
        with self.assertRaises(ValidationError) as caught:
            self.new_destination(filter_ids=[(0, 0, {"model_name": "countre"})])
        self.assertIn("counter", str(caught.exception))
        with self.assertRaises(ValidationError) as caught:
            self.destination.filter_ids.event_type = "Addd"
        self.assertIn("Added", str(caught.exception))

    def test_a_type_that_is_gone_is_shown_and_harms_nobody(self):
        line = self.destination.filter_ids.copy({"destination_id": self.destination.id})
        self.env.cr.execute(
            "UPDATE event_destination_filter SET model_name = 'was.here' WHERE id = %s", [line.id]
        )
        line.invalidate_recordset()
        self.assertTrue(line.is_gone)
        self.send(*self.events("A"))
        self.assertEqual(inbox.payloads("A"), [1])

    def test_an_address_with_a_password_is_refused(self):
        with self.assertRaises(ValidationError) as caught:
            self.new_destination(address="https://me:hidden@example.com/")
        self.assertNotIn("hidden", str(caught.exception))


class TestOtherDatabase(DeliveryCase):
    def is_due(self):
        self.env.flush_all()
        self.env.cr.execute(self.env["event.destination"]._due())
        return (self.destination.id,) in self.env.cr.fetchall()

    def setUp(self):
        super().setUp()
        # Between two pages of one poll: there is something to send, whatever the store holds.
        self.sub.write({"until": "1:1:"})

    def test_a_duplicated_database_sends_nothing_before_a_manager_says_so(self):
        self.assertTrue(self.is_due())
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        self.destination.invalidate_recordset()
        self.assertTrue(self.destination.is_foreign)
        self.assertFalse(self.is_due())
        self.assertIsNone(self.destination.sudo()._take("test", 10))
        with self.assertRaises(UserError):
            self.destination.action_test()
        health = {line["label"]: line for line in self.env["event.overview"]._health()}
        self.assertTrue(health["Destinations of another database"]["problem"])
        self.destination.action_send_from_here()
        self.assertTrue(self.is_due())
        self.assertFalse(self.destination.is_foreign)

    def test_a_database_that_was_restored_in_place_sends_nothing_before_a_manager_says_so(self):
        """Its name, its UUID and its cluster are the same: its tables are others."""
        self.env.cr.execute("SELECT 'event_destination'::regclass::oid::text")
        parts = self.destination.identity.split("/")
        self.assertEqual(parts[-2], self.env.cr.fetchone()[0])
        self.destination.identity = "/".join([*parts[:-2], "1", parts[-1]])
        self.assertTrue(self.destination.is_foreign)
        self.assertFalse(self.is_due())

    def test_an_update_keeps_allowed_what_was_allowed_and_nothing_else(self):
        parts = self.destination.identity.split("/")
        former = [*parts[:-2], parts[-1]]
        other = self.new_destination(name="Elsewhere")
        self.destination.identity = "/".join(former)
        other.identity = "/".join(["7", *former[1:]])
        self.env.flush_all()
        self.assertTrue(self.destination.is_foreign)
        script = Path(__file__).parents[1] / "migrations" / "1.1.0" / "post-identity.py"
        migrate(self.env.cr, script, "1.0.0")
        self.env.invalidate_all()
        self.assertFalse(self.destination.is_foreign)
        self.assertTrue(other.is_foreign)

    def test_a_neutralized_database_sends_nothing_and_knows_no_secret(self):
        self.destination.secret = SECRET
        self.env.flush_all()
        path = Path(__file__).parents[1] / "data" / "neutralize.sql"
        self.env.cr.execute(path.read_text(encoding="utf-8"))
        self.env.invalidate_all()
        self.assertFalse(self.is_due())
        self.assertEqual(self.destination.state, "paused")
        self.assertTrue(self.destination.is_foreign)
        self.assertEqual(self.destination._secrets(), (None, None))


class TestButtons(DeliveryCase):
    def test_one_that_is_archived_is_paused_and_worries_nobody(self):
        """Nothing waits for it: no archive, no figure of what is behind."""
        self.destination.active = False
        self.assertEqual(self.sub.state, "paused")
        self.destination.active = True
        self.assertEqual(self.sub.state, "paused")

    def test_the_test_button_sends_an_event_and_says_what_came_of_it(self):
        answer = self.destination.action_test()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertEqual(inbox.taken[0].event_type, "TestSent")
        log = self.env["event.delivery"].search([("destination_id", "=", self.destination.id)])
        self.assertEqual(log.state, "done")

    def test_what_waits_is_opened(self):
        action = self.destination.action_open_waiting()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), self.tasks)

    def test_one_lease_at_a_time(self):
        own = self.destination.sudo()
        self.assertTrue(own._claim("one"))
        self.assertFalse(own._claim("two"))
        self.assertTrue(own._claim("one"))
        # The clock was set back: the lease lies further ahead than any.
        self.env.cr.execute("UPDATE event_delivery_claim SET until = until + interval '1 day'")
        self.assertTrue(own._claim("two"))
        own._unclaim("two")
        self.assertTrue(own._claim("three"))


class TestOthersDestinations(DeliveryCase):
    """A manager changes nothing of a destination of somebody else, nor by one of their own."""

    def setUp(self):
        super().setUp()
        self.manager = make_user(self.env, "takingmanager", "manager")
        self.own = self.new_destination(user_id=self.manager.id).with_user(self.manager)

    def test_a_position_in_the_feed_is_not_taken(self):
        position = self.destination.subscription_id
        projection = self.env["event.subscription"].search([("kind", "=", "projection")], limit=1)
        for taken in position + projection:
            with self.assertRaisesRegex(UserError, "leave it out"):
                self.own.write({"subscription_id": taken.id})
            values = {"subscription_id": taken.id, "user_id": self.manager.id}
            values |= {"name": "Taking", "kind": self.destination.kind, "address": "list:9"}
            with self.assertRaisesRegex(UserError, "leave it out"):
                self.own.create(values)
        self.assertNotIn(self.own.sudo().subscription_id, position + projection)
        self.own.unlink()
        self.assertTrue(self.destination.exists())
        self.assertEqual((position + projection).exists(), position + projection)

    def test_what_is_sent_is_not_narrowed(self):
        """A line too many, and nothing else would be sent any more."""
        lines = self.env["event.destination.filter"].with_user(self.manager)
        line = lines.create({"destination_id": self.own.id, "model_name": "counter"})
        taken, sent = {"destination_id": self.destination.id}, self.destination.filter_ids
        for change in (
            lambda: line.write(taken),
            lambda: self.own.write({"filter_ids": [(1, line.id, taken)]}),
            lambda: lines.create({"model_name": "counter", **taken}),
        ):
            with mute_logger("odoo.addons.base.models.ir_rule"):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    change()
            self.env.invalidate_all()
            self.assertEqual(self.destination.filter_ids, sent)
