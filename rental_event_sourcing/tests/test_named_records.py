"""What a payload names must be of the stream's company, as the form has it."""

from odoo.tools import mute_logger

from odoo.addons.event_sourcing.transitions import PayloadField
from odoo.addons.test_event_sourcing.common import EventCase, make_user


class TestNamedRecords(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Other House"})
        partners = cls.env["res.partner"]
        cls.foreign = partners.create({"name": "Secret Ltd.", "company_id": cls.other.id})
        cls.own = partners.create({"name": "Own Ltd.", "company_id": cls.env.company.id})
        cls.shared = partners.create({"name": "Anybody"})
        cls.product = cls.env["product.product"].create({"name": "Lift"})

    def plan(self, partner_id, **options):
        payload = {"partner_id": partner_id, "product_id": self.product.id, "quantity": 1}
        return self.store.append("rental", options.pop("name", "N1"), "RentalPlanned", payload)

    def test_a_foreign_customer_is_refused_without_its_name(self):
        answer = self.plan(self.foreign.id)
        self.assertEqual(answer["outcome"], "rejected")
        self.assertNotIn("Secret", answer["message"])
        self.assertFalse(self.env["rental.snapshot"].search([("aggregate_id", "=", "N1")]))
        for number, partner in enumerate((self.own, self.shared)):
            self.assertEqual(self.plan(partner.id, name=f"G{number}")["outcome"], "applied")

    @mute_logger("odoo.sql_db")
    def test_a_customer_that_is_not_there_is_refused_too(self):
        answer = self.plan(999999999, name="N2")
        self.assertEqual(answer["outcome"], "rejected")
        self.assertIn("There is no such customer", answer["message"])

    def test_the_attempt_shows_the_clerk_no_name(self):
        clerk = make_user(
            self.env, "named", "user", "rental_event_sourcing.rental_order_group_user"
        )
        self.plan(self.foreign.id)
        event = self.store.search([("aggregate_id", "=", "N1"), ("outcome", "=", "rejected")])
        documents = self.env["event.document"].with_user(clerk)
        found = documents.describe("event.store", event.id, "payload")
        self.assertNotIn("Secret", str(found))

    def test_a_product_of_another_company(self):
        product = self.env["product.product"].create(
            {"name": "Secret Lift", "company_id": self.other.id}
        )
        payload = {"partner_id": self.own.id, "product_id": product.id, "quantity": 1}
        answer = self.store.append("rental", "N3", "RentalPlanned", payload)
        self.assertEqual(answer["outcome"], "rejected")

    def test_the_company_is_that_of_the_stream(self):
        payload = {"partner_id": self.foreign.id, "amount": 1}
        self.env.user.company_ids += self.other
        call = {"company_id": self.other.id}
        there = self.store.append("counter", "N4", "Added", payload, **call)
        here = self.store.append("counter", "N4", "Added", payload)
        self.assertEqual((there["outcome"], here["outcome"]), ("applied", "rejected"))

    def test_branches_see_what_is_of_the_company_above(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.env.company.id}
        )
        self.env.user.company_ids += branch
        payload = {"partner_id": self.own.id, "amount": 1}
        answer = self.store.append("counter", "N5", "Added", payload, company_id=branch.id)
        self.assertEqual(answer["outcome"], "applied")

    def test_one_question_for_a_batch_and_none_for_what_names_nobody(self):
        call = {"model_name": "counter", "aggregate_id": "N6", "event_type": "Added"}

        def batch(*partners):
            payloads = [{"amount": 1, **({"partner_id": p.id} if p else {})} for p in partners]
            return [{**call, "payload": payload} for payload in payloads]

        self.store.append_batch(batch(None, self.own, self.shared))

        def count(calls):
            before = self.env.cr.sql_log_count
            answers = self.store.append_batch(calls)
            return self.env.cr.sql_log_count - before, [a["outcome"] for a in answers]

        plain, _outcomes = count(batch(None, None, None))
        named, outcomes = count(batch(self.own, self.shared, self.own))
        self.assertEqual((named - plain, set(outcomes)), (1, {"applied"}))
        _count, outcomes = count(batch(self.own, self.foreign, None))
        self.assertEqual(outcomes, ["applied", "rejected", "applied"])

    def test_what_was_applied_stays_applied(self):
        self.store.append("counter", "N7", "Added", {"amount": 1, "partner_id": self.own.id})
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s", [self.other.id, self.own.id]
        )
        self.env.invalidate_all()
        state = self.store.state_at("counter", "N7")["state"]
        self.assertEqual(state["partner_id"], self.own.id)
        self.env["counter.snapshot"].search([("aggregate_id", "=", "N7")]).action_rebuild()
        self.assertEqual(self.snapshot("N7").total, 1)

    def test_records_that_a_handler_declares_beside_its_columns(self):
        fields = type(self.env["counter.snapshot.handler"])._payload_fields
        fields["Added"]["helper_id"] = PayloadField("integer", model="res.partner")
        self.env.registry.clear_cache()
        self.addCleanup(self.env.registry.clear_cache)
        self.addCleanup(fields["Added"].pop, "helper_id")
        answer = self.add("N8", payload={"helper_id": self.foreign.id})
        self.assertEqual(answer["outcome"], "rejected")
        self.assertEqual(self.add("N8", payload={"helper_id": self.own.id})["outcome"], "applied")
