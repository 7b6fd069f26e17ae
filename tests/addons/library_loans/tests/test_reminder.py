from datetime import datetime

from odoo.tests import TransactionCase, tagged

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing_feed.testing import lint_reaction, scenario

LENT = ("Lent", {"reader": "Sato", "due": "2026-01-31"})


@tagged("post_install", "-at_install")
class TestReminder(TransactionCase):
    def test_what_a_loan_leads_to(self):
        timeout = {"event_type": "ReminderDue", "payload": {"due": "2026-01-31"}}
        story = scenario(self.env, "loan").when(LENT)
        story.reacts("loan.reminder.process", {"event.process.timeout": [timeout]})
        self.assertEqual(lint_reaction(self.env, "loan.reminder.process"), [])

    def test_what_it_decides(self):  # _evolve and _decide are pure: call them
        process, moment = self.env["loan.reminder.process"], datetime(2026, 2, 1)
        came = EventData("loan.reminder", "L1", "ReminderDue", {"due": "2026-01-31"}, 1, moment)
        state = {"reader": "Sato", "due": "2026-01-31", "returned": False}
        (command,) = process._decide(process._evolve(state, came), came)
        self.assertEqual(command["payload"], {"reader": "Sato"})
        extended = {**state, "due": "2026-02-28"}
        self.assertEqual(process._decide(process._evolve(extended, came), came), [])
