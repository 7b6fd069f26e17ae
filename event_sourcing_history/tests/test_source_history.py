from odoo.exceptions import UserError

from odoo.addons.test_event_sourcing.common import EventCase


class TestSourceHistory(EventCase):
    def test_a_record_shows_nothing_of_a_stream_of_another_company(self):
        ours, theirs = self.env.company, self.env["res.company"].create({"name": "Theirs"})
        self.store.append("ticket", "K1", "Opened", {"title": "ours"})
        same_name = self.env["test.ticket"].create({"name": "K1", "company_id": theirs.id})
        own = self.env["test.ticket"].create({"name": "K1", "company_id": ours.id})
        self.assertEqual((same_name.event_count, own.event_count), (0, 1))
        with self.assertRaisesRegex(UserError, "Nothing has happened"):
            same_name.action_view_events()
        same_name._apply_event("Opened", {"title": "theirs"})
        self.assertEqual((same_name.event_count, own.event_count), (1, 1))
        found = self.env["test.ticket"].search([("event_count", "=", 1), ("name", "=", "K1")])
        self.assertEqual(found, same_name + own)
        events = self.store.search([("aggregate_id", "=", "K1")])
        self.assertEqual(
            {e.company_id.id: e.source_id for e in events},
            {theirs.id: same_name.id, ours.id: own.id},
        )
