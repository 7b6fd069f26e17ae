from odoo.exceptions import AccessError

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestHandlersScreen(EventCase):
    def _entry(self, model_name):
        return self.env["event.handler"].search([("model_name", "=", model_name)])

    def test_how_each_was_found(self):
        for model_name, handler, found_by in (
            ("counter", "counter.snapshot.handler", "name"),
            ("prefixed", "snapshot.handler.prefixed", "name"),
            ("explicit", "oddly.named", "attribute"),
        ):
            entry = self._entry(model_name)
            self.assertEqual((entry.handler, entry.found_by), (handler, found_by))
            self.assertFalse(entry.conflict)

    def test_registered_explicitly(self):
        registry = self.env["snapshot.handler.registry"]
        self.addCleanup(registry._registered().pop, "claimed", None)
        registry.register_handler("claimed", "unclaimed.rules")
        self.assertEqual(self._entry("claimed").found_by, "explicit")

    def test_a_conflict_names_both(self):
        entry = self._entry("twice")
        self.assertTrue(entry.conflict)
        for name in ("twice.snapshot.handler", "snapshot.handler.twice"):
            self.assertIn(name, entry.handler)
            self.assertIn(name, entry.conflict_message)
        self.assertEqual(self.env["event.handler"].search([], limit=1), entry)

    def test_policies_are_those_that_count(self):
        self.assertEqual(self._entry("strict").invalid_policy, "reject")
        self.assertEqual(self._entry("counter").invalid_policy, "record")
        self.env["ir.config_parameter"].set_param("event_sourcing.invalid_policy", "reject")
        self.env.invalidate_all()
        self.assertEqual(self._entry("counter").invalid_policy, "reject")

    def test_events_with_their_rules(self):
        opened, solved = self._entry("ticket").event_type_ids
        self.assertEqual(
            (opened.label, opened.event_type, opened.sources, opened.target),
            ("Ticket opened", "Opened", "New", "In progress"),
        )
        self.assertIn("What is wrong*", opened.payload_keys)
        self.assertEqual((solved.event_type, solved.payload_keys), ("Solved", ""))
        self.assertEqual(self._entry("ticket").event_names, "Ticket opened, Ticket solved")

    def test_a_plain_handler_is_shown_too(self):
        entry = self._entry("article")
        self.assertEqual((entry.style, entry.event_names), ("plain", ""))

    def test_others_do_not_see_it(self):
        outsider = make_user(self.env, "entry-outsider")
        with self.assertRaises(AccessError):
            self.env["event.handler"].with_user(outsider).search([]).read()
