"""What a payload says reaches typed columns as what was written, or is refused."""

from functools import partial

from odoo.addons.event_sourcing_base.column_values import (
    NoValue,
    _reference,
    parse_date,
    parse_moment,
)
from odoo.addons.test_event_sourcing.common import EventCase

WRONG_DATES = (
    *("tomorrow", "now", "infinity", "-infinity", "epoch", "today", "yesterday", "allballs"),
    *("10000-01-01", "0001-01-01", "1899-12-31", "3000-01-01", "2026-02-30", "2026-1-1"),
    *("20260131", "2026-W05-6", "２０２６-01-31", "2026-01-31T23:30:00+09:00", "31.01.2026"),
    *("2026-01-31 ", " 2026-01-31", "2026-01-31\n", "2026-01-31 BC", 20260131, 1.5, True, [], {}),
)


class TestParsing(EventCase):
    def test_dates(self):
        for text in ("1900-01-01", "2026-01-31", "2999-12-31"):
            self.assertEqual(str(parse_date(text)), text)
        for value in WRONG_DATES:
            with self.subTest(value), self.assertRaises(NoValue):
                parse_date(value)

    def test_moments(self):
        for text, stored in (
            ("2026-01-31T23:30:00+09:00", "2026-01-31 14:30:00"),
            ("2026-01-31T23:30:00Z", "2026-01-31 23:30:00"),
            ("2026-01-31 23:30", "2026-01-31 23:30:00"),
            ("2026-01-31 23:30:00.5", "2026-01-31 23:30:00"),
        ):
            self.assertEqual(str(parse_moment(text)), stored)
        for value in (
            *("now", "9999-12-31 23:59:59", "0001-01-01 00:00:00", "2026-01-31 25:00:00", "24:00"),
            *("2026-01-31T00:00:00+99:00", "2999-12-31T23:59:59-10:00", 5, True, None),
        ):
            with self.subTest(value), self.assertRaises(NoValue):
                parse_moment(value)

    def test_references(self):
        parse = partial(_reference, frozenset({"res.partner"}))
        self.assertEqual(parse("res.partner,12"), "res.partner,12")
        for value in (
            *("res.users,1", "res.partner", "res.partner,x", "res.partner,0", "a,b,c", 5, None),
            *("res.partner,9999999999", "res.partner,1\n", "res.partner,１２"),
        ):
            with self.subTest(value), self.assertRaises(NoValue):
                parse(value)


class TestTypedColumns(EventCase):
    def test_declared_dates(self):
        for value in WRONG_DATES:
            answer = self.add(amount=1, payload={"day": value})
            with self.subTest(value):
                self.assertEqual(answer["outcome"], "rejected")
                self.assertIn("a date such as 2026-01-31", answer["message"])
        self.assertEqual(self.add(payload={"day": "2026-01-31"})["outcome"], "applied")
        self.assertEqual(str(self.snapshot().last_day), "2026-01-31")

    def test_keys_that_are_not_declared(self):
        """The toy handler takes partner_id from the payload without declaring it."""
        for value in ("1", "1; DROP TABLE res_partner", True, 1.5, -1, 0, 2**40, [], {"a": 1}):
            answer = self.add(payload={"partner_id": value})
            with self.subTest(value):
                self.assertEqual(answer["outcome"], "rejected")
                self.assertIn("the id of a record", answer["message"])
        self.assertEqual(self.failures().mapped("error_class"), ["RuleViolation"] * 9)

    def test_numbers_beyond_a_column(self):
        self.add(amount=2**31 - 1)
        answer = self.add(amount=1)
        self.assertEqual(answer["outcome"], "rejected")
        self.assertIn("must be a whole number", answer["message"])
        self.assertEqual(self.snapshot().total, 2**31 - 1)

    def test_a_batch_refuses_the_same(self):
        call = {"model_name": "counter", "aggregate_id": "C1", "event_type": "Added"}
        answers = self.store.append_batch(
            [
                {**call, "payload": {"amount": 1, "partner_id": partner_id}}
                for partner_id in ("tomorrow", None, self.env.user.partner_id.id)
            ]
        )
        self.assertEqual([a["outcome"] for a in answers], ["rejected", "applied", "applied"])
        self.assertEqual(self.snapshot().total, 2)

    def test_what_was_applied_once_breaks_no_rebuild_and_no_list(self):
        self.add(amount=1)
        event = self.store.search([("aggregate_id", "=", "C1")])
        payload = '{"amount": 1, "partner_id": "tomorrow"}'
        self.env.cr.execute(
            "UPDATE event_store SET payload = %s WHERE id = %s", [payload, event.id]
        )
        self.env.cr.execute("DELETE FROM counter_snapshot")
        self.env.invalidate_all()
        self.add(amount=2)
        snapshot = self.snapshot()
        self.assertEqual((snapshot.total, snapshot.partner_id.id), (3, False))
        self.assertEqual(snapshot.search_read([("id", "=", snapshot.id)])[0]["total"], 3)

    def test_characters_that_xml_cannot_carry(self):
        partner = self.env["res.partner"].create({"name": "X"})
        product = self.env["product.product"].create({"name": "Lift"})
        plan = {"partner_id": partner.id, "product_id": product.id, "quantity": 1}
        self.store.append("rental", "XML1", "RentalPlanned", plan)
        self.store.append("rental", "XML1", "DemoStarted", {})
        reason = "a\uffffb\ufffe\x0bc"
        answer = self.store.append("rental", "XML1", "DemoCancelled", {"reason": reason})
        self.assertEqual(answer["outcome"], "applied")
        snapshot = self.env["rental.snapshot"].search([("aggregate_id", "=", "XML1")])
        self.assertEqual(snapshot.cancel_reason, "a\ufffdb\ufffd\ufffdc")
        self.assertEqual(snapshot.state["cancel_reason"], reason)
        page = self.env["event.timeline"].page("rental.snapshot", snapshot.id)
        for bad in "\uffff\ufffe\x0b":
            self.assertNotIn(bad, str(page).replace("\\x0b", "\x0b").replace("\\ufffe", "\ufffe"))
