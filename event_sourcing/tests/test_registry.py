import gc
import weakref
from unittest.mock import patch

from odoo import api
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing.exceptions import HandlerConflict
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestRegistry(EventCase):
    def setUp(self):
        super().setUp()
        self.handlers = self.env["snapshot.handler.registry"]
        registered = self.handlers._registered()
        before = dict(registered)

        def restore():
            registered.clear()
            registered.update(before)

        self.addCleanup(restore)

    def test_all_three_conventions_are_found(self):
        for aggregate, name in {
            "counter": "counter.snapshot.handler",
            "prefixed": "snapshot.handler.prefixed",
            "nested": "inventory.snapshot.nested",
            "explicit": "oddly.named",
            "article": "article.snapshot.handler",
        }.items():
            self.assertEqual(self.handlers.get_handler(aggregate)._name, name)
            answer = self.store.append(aggregate, "X", "Closed")
            self.assertNotEqual(answer["outcome"], "logged")

    def test_there_is_none_for_an_unknown_aggregate(self):
        for aggregate in ("nobody", "unclaimed", "registry", "mixin", ""):
            self.assertIs(self.handlers.get_handler(aggregate), False)

    def test_two_handlers_are_an_error_that_names_both(self):
        pattern = "snapshot.handler.twice, twice.snapshot.handler"
        with self.assertRaisesRegex(HandlerConflict, pattern):
            self.handlers.get_handler("twice")
        try:
            self.store.append("twice", "T1", "Happened")
        except UserError as error:
            self.assertRegex(str(error), pattern)
        self.assertFalse(self.store.search([("model_name", "=", "twice")]))
        self.assertNotIn("twice", self.handlers.auto_register_handlers())

    def test_registering_decides_between_two(self):
        self.handlers.register_handler("twice", "snapshot.handler.twice")
        self.assertEqual(self.handlers.get_handler("twice")._name, "snapshot.handler.twice")
        self.assertEqual(self.store.append("twice", "T1", "Happened")["outcome"], "applied")

    def test_explicit_registration(self):
        self.handlers.register_handler("stock", self.env["unclaimed.rules"])
        self.assertEqual(self.handlers.get_handler("stock")._name, "unclaimed.rules")
        self.assertEqual(self.handlers.auto_register_handlers()["stock"], "unclaimed.rules")
        self.assertEqual(
            self.store.append("stock", "S1", "Moved", {"to": "B"})["outcome"], "applied"
        )
        self.assertEqual(self.store.state_at("stock", "S1")["state"], {"to": "B"})

    def test_one_handler_may_serve_two_aggregates(self):
        for aggregate in ("one", "two"):
            self.handlers.register_handler(aggregate, "unclaimed.rules")
            self.store.append(aggregate, "same id", "Moved", {"by": aggregate})
        for aggregate in ("one", "two"):
            state = self.store.state_at(aggregate, "same id")["state"]
            self.assertEqual(state, {"by": aggregate})
        self.assertEqual(
            self.env["event.snapshot"].search_count([("aggregate_id", "=", "same id")]), 2
        )

    def test_what_is_no_handler_cannot_be_registered(self):
        for name in ("res.partner", "no.such.model", "", None, 5):
            with self.assertRaisesRegex(UserError, "cannot serve"):
                self.handlers.register_handler("stock", name)

    def test_nobody_registers_while_the_server_serves(self):
        clerk = make_user(self.env, "clerk", "integration")
        boss = make_user(self.env, "boss", "manager")
        for user in (clerk, boss):
            handlers = self.handlers.with_user(user)
            with patch.object(self.env.registry, "ready", True):
                with self.assertRaises(AccessError):
                    handlers.register_handler("stock", "unclaimed.rules")
                with self.assertRaises(AccessError):
                    handlers.auto_register_handlers()
        with patch.object(self.env.registry, "ready", False):
            self.assertTrue(handlers.register_handler("stock", "unclaimed.rules"))

    def test_handlers_come_in_the_environment_that_asks(self):
        clerk = make_user(self.env, "clerk", "user")
        handler = self.handlers.with_user(clerk).get_handler("counter")
        self.assertEqual(handler.env.user, clerk)

    def test_no_environment_is_kept(self):
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, self.env.uid, {})
            env["snapshot.handler.registry"].get_handler("counter")
            env["snapshot.handler.registry"].register_handler("stock", env["unclaimed.rules"])
            gone = weakref.ref(env)
            cursor = weakref.ref(cr)
            del env
        del cr
        gc.collect()
        self.assertIsNone(gone())
        self.assertIsNone(cursor())
