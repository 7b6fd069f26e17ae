from datetime import datetime

from odoo.tests import TransactionCase, tagged

from odoo.addons.event_sourcing.event import EventData
from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario

LENT = ("Lent", {"reader": "Sato", "due": "2026-01-31"})
EXTENDED = ("Extended", {"due": "2026-02-28"})


@tagged("post_install", "-at_install")
class TestLoan(TransactionCase):
    def test_rules(self):  # in memory: nothing is stored
        loan = scenario(self.env, "loan").given(LENT)
        loan.when(("Extended", {"due": "2026-01-30"})).then(rejected("must end later"))
        loan.when(EXTENDED).then({"due": "2026-02-28", "status": "lent"})
        loan.when("Returned").then({"status": "returned"})
        loan.when(LENT).then(rejected("not possible"))

    def test_replay_can_rely_on_it(self):
        self.assertEqual(lint_handler(self.env, "loan", [[LENT, EXTENDED, "Returned"]]), [])

    def test_old_events(self):
        moment = datetime(2026, 1, 1, 9)
        payload = {"reader": "Sato", "until": "2026-01-31"}
        old = EventData("loan", "L1", "Lent", payload, 1, moment, schema_version=1)
        loan = scenario(self.env, "loan").given(old)
        loan.when(("Prolonged", {"due": "2026-02-28"})).then({"due": "2026-02-28"})

    def test_what_is_stored(self):
        store = self.env["event.store"]
        self.assertEqual(store.append("loan", "L1", *LENT)["outcome"], "applied")
        self.assertEqual(store.append("loan", "L1", *LENT)["outcome"], "rejected")
        loan = self.env["loan.snapshot"].search([("aggregate_id", "=", "L1")])
        self.assertEqual((loan.status, loan.reader, str(loan.due)), ("lent", "Sato", "2026-01-31"))
