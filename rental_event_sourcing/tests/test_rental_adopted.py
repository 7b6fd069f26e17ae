"""What came in over RPC or from a file has its rental, unit or quantity."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.event_sourcing.models import event_store_failure
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_limits import without_limits
from .test_rental_order import RentalCase

NOBODY = 2**31 - 1


class TestAdopted(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.orders = cls.env["rental.order"]
        cls.crane = cls.env["product.product"].create({"name": "Crane"})

    def plan(self, **changes):
        lines = {
            "1": {"product_id": self.product.id, "quantity": 2, "price": 500},
            "2": {"product_id": self.crane.id, "quantity": 1, "price": 70, "price_period": "day"},
        }
        days = {"planned_start": "2026-02-01", "planned_end": "2026-02-28"}
        return {"partner_id": self.partner.id, **days, "lines": lines, **changes}

    def found(self, name):
        return self.orders.search([("name", "=", name)])

    def assertFollows(self, order):
        """Assert that a rental shows what its snapshot says, and has one."""
        snapshot = order.snapshot_id
        self.assertEqual((len(order), snapshot.aggregate_id), (1, order.name))
        for name in ("status", "partner_id", "planned_start", "planned_end", "company_id"):
            self.assertEqual(order[name], snapshot[name], name)
        lines = snapshot.state.get("lines", {})
        self.assertEqual(order.line_ids.mapped("line_key"), list(lines))
        said = {key: (line["product_id"], line["quantity"]) for key, line in lines.items()}
        self.assertEqual(
            {line.line_key: (line.product_id.id, line.quantity) for line in order.line_ids}, said
        )

    def test_a_first_event_over_rpc(self):
        integration = make_user(self.env, "erp", "integration")
        store = self.store.with_user(integration)
        answer = store.append("rental", "WEB-7", "RentalPlanned", self.plan())
        self.assertEqual(answer["outcome"], "applied", answer)
        order = self.found("WEB-7")
        self.assertFollows(order)
        self.assertEqual(order.line_ids.mapped("price_period"), ["month", "day"])
        self.assertFalse(order.user_id)  # the other system is nobody's colleague
        self.assertEqual(order.amount, sum(order.line_ids.mapped("amount")))
        self.assertEqual(order.amount, 2 * 500 + 28 * 70)
        self.assertFalse(order.message_ids or order.message_follower_ids)
        store.append("rental", "WEB-7", "RentalConfirmed")
        self.assertEqual(self.found("WEB-7"), order)
        self.assertFollows(order)

    def test_steps_without_a_plan_have_one_that_a_clerk_completes(self):
        self.store.append("rental", "WEB-8", "DemoStarted")
        order = self.found("WEB-8")
        self.assertFollows(order)
        self.assertEqual((order.status, order.partner_id.id, order.amount), ("demo", False, 0))
        self.assertTrue(order.display_name and order.calendar_name)
        answer = self.store.append("rental", "WEB-8", "EquipmentDelivered")
        self.assertEqual(answer["outcome"], "rejected")
        line = {"product_id": self.product.id, "quantity": 3}
        order.write({"partner_id": self.partner.id, "line_ids": [(0, 0, line)]})
        self.assertFollows(order)
        self.assertEqual(order.snapshot_id.partner_id, self.partner)

    def test_a_first_event_that_is_refused_leaves_nothing(self):
        self.assertEqual(
            self.store.append("rental", "WEB-9", "RentalClosed")["outcome"], "rejected"
        )
        self.assertFalse(self.found("WEB-9") or self.snapshots("WEB-9"))
        self.store.append("rental", "WEB-9", "RentalPlanned", self.plan())
        self.assertFollows(self.found("WEB-9"))

    def snapshots(self, name):
        return self.env["rental.snapshot"].search([("aggregate_id", "=", name)])

    @mute_logger("odoo.sql_db", event_store_failure.__name__)
    def test_who_and_what_is_not_there_is_refused_with_a_hint(self):
        gone = {"1": {"product_id": NOBODY, "quantity": 1}}
        second = {**self.plan()["lines"], "2": {"product_id": NOBODY, "quantity": 1}}
        for number, (changes, sentence) in enumerate(
            (
                ({"partner_id": NOBODY}, "There is no such customer; give the id of one"),
                ({"lines": gone}, f"the Product Variant with the id {NOBODY} cannot be used"),
                ({"lines": second}, f"the Product Variant with the id {NOBODY} cannot be used"),
            )
        ):
            name = f"WEB-N{number}"
            with self.subTest(changes=changes):
                answer = self.store.append("rental", name, "RentalPlanned", self.plan(**changes))
                self.assertEqual(answer["outcome"], "rejected", answer)
                self.assertIn(sentence, answer["message"])
                self.assertFalse(self.found(name) or self.snapshots(name))
        flat = {"partner_id": self.partner.id, "product_id": NOBODY, "quantity": 1}
        answer = self.store.append("rental", "WEB-N9", "RentalPlanned", flat)
        self.assertEqual(answer["outcome"], "rejected", answer)
        self.assertIn("There is no such product; give the id of one", answer["message"])
        self.store.append("rental", "WEB-N0", "RentalPlanned", self.plan())
        order = self.found("WEB-N0")
        order._apply_event("RentalConfirmed")
        for line, sentence in (
            ("1", "There is no such product"),  # as the column says
            ("2", f"Product: the Product Variant with the id {NOBODY} cannot be used"),
        ):
            exchange = {"line": line, "product_id": NOBODY}
            event = order._apply_event("ProductExchanged", exchange, policy="record")
            self.assertIn(sentence, event.error_message)
            self.assertEqual(event.outcome, "rejected")

    def test_no_reference_is_refused(self):
        with self.assertRaisesRegex(UserError, "“/” stands for a record that has no reference"):
            with self.env.cr.savepoint():
                self.store.append("rental", "/", "RentalPlanned", self.plan())
        self.assertFalse(self.snapshots("/"))

    def test_a_batch_and_one_by_one_are_the_same(self):
        calls = [
            {
                "model_name": "rental",
                "aggregate_id": f"WEB-B{number}",
                "event_type": event_type,
                "payload": payload,
            }
            for number in range(6)
            for event_type, payload in (("RentalPlanned", self.plan()), ("RentalConfirmed", {}))
        ]
        self.store.append_batch(calls)
        for call in calls:
            call["aggregate_id"] = call["aggregate_id"].replace("-B", "-S")
            self.store.append(**call)
        for kind in "BS":
            orders = self.orders.search([("name", "like", f"WEB-{kind}")])
            self.assertEqual(orders.mapped("status"), ["confirmed"] * 6)
            for order in orders:
                self.assertFollows(order)

    def test_the_statements_of_a_batch_do_not_grow_with_it(self):
        counts = []
        for size in (1, 5, 25):
            calls = [
                {
                    "model_name": "rental",
                    "aggregate_id": f"WEB-{size}-{number}",
                    "event_type": "RentalPlanned",
                    "payload": self.plan(),
                }
                for number in range(size)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.store.append_batch(calls)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[1], counts)

    def test_it_is_of_the_company_of_the_stream(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids += company
        without_limits(self.env(context={"allowed_company_ids": company.ids}))
        for company_id in (self.env.company.id, company.id):
            self.store.append(
                "rental", "WEB-C", "RentalPlanned", self.plan(), company_id=company_id
            )
        orders = self.found("WEB-C")
        self.assertEqual(set(orders.mapped("company_id")), {self.env.company, company})
        for order in orders:
            self.assertFollows(order)

    def test_what_a_caller_says_beside_it_counts_nothing(self):
        context = {"default_partner_id": 1, "default_notes": "x", "rental_adopted": True}
        store = self.store.with_context(**context)
        store.append("rental", "WEB-D", "RentalPlanned", self.plan())
        self.assertFollows(self.found("WEB-D"))
        self.assertFalse(self.found("WEB-D").notes)
        with self.assertRaisesRegex(UserError, "A rental needs a customer"):
            self.orders.with_context(rental_adopted=True).create({"name": "FORGED"})

    def lose(self, name, table="rental_order", key="name"):
        self.env.flush_all()
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE %s = %s", SQL.identifier(table), SQL.identifier(key), name)
        )
        self.env.invalidate_all()

    def test_what_is_lost_comes_back(self):
        self.store.append("rental", "WEB-R", "RentalPlanned", self.plan())
        self.lose("WEB-R")
        self.store.append("rental", "WEB-R", "RentalConfirmed")
        self.assertFollows(self.found("WEB-R"))
        # A rebuild of a lost snapshot makes what it lacks, too.
        self.lose("WEB-R")
        self.lose("WEB-R", "rental_snapshot", "aggregate_id")
        self.rebuild("rental")
        self.assertFollows(self.found("WEB-R"))

    def rebuild(self, model_name, *names):
        jobs = self.env["event.job"]
        job = jobs.browse(jobs.start("rebuild", model_name, list(names) or None)["id"])
        while job._write_chunk(job._read_chunk()):
            pass
        self.env.invalidate_all()
        return job.changed_count

    def test_a_rebuild_makes_what_is_lost_beside_its_snapshot(self):
        self.store.append("rental", "WEB-R", "RentalPlanned", self.plan())
        self.lose("WEB-R")
        self.assertEqual(self.rebuild("rental", "WEB-R"), 1)
        self.assertFollows(self.found("WEB-R"))
        self.assertEqual(self.rebuild("rental", "WEB-R"), 0)
        self.product.rental_counting = "serial"
        unit = self.env["rental.unit"].create(
            {"product_id": self.product.id, "serial_number": "LOST-1"}
        )
        name = unit.name
        self.lose(name, "rental_unit")
        self.assertEqual(self.rebuild("rental_unit", name), 1)
        self.assertEqual(self.env["rental.unit"].search([("name", "=", name)]).status, "in_order")

    def test_the_update_makes_those_that_were_snapshots_alone(self):
        for name in ("WEB-U1", "WEB-U2"):
            self.store.append("rental", name, "RentalPlanned", self.plan())
        self.lose("WEB-U1")
        count = self.orders.search_count([])
        self.orders._adopt_all()
        self.assertFollows(self.found("WEB-U1"))
        self.assertEqual(self.orders.search_count([]), count + 1)

    @mute_logger(event_store_failure.__name__)
    def test_a_first_event_that_failed_and_is_retried(self):
        handler = type(self.env["rental.snapshot.handler"])
        with patch.object(handler, "_on_RentalPlanned", side_effect=ValueError("bug")):
            answer = self.store.append("rental", "WEB-T", "RentalPlanned", self.plan())
        self.assertEqual(answer["outcome"], "failed")
        self.assertFalse(self.found("WEB-T"))
        self.store.browse(answer["id"]).action_apply_again()
        self.assertFollows(self.found("WEB-T"))

    def test_what_another_database_had_comes_without_its_products(self):
        self.store.append("rental", "WEB-X", "RentalPlanned", self.plan())
        self.lose("WEB-X")
        self.crane.product_tmpl_id.unlink()
        self.orders._adopt_all()
        order = self.found("WEB-X")
        self.assertEqual(order.line_ids.mapped("product_id"), self.product)
        self.assertEqual(order.line_ids.mapped("quantity"), [2, 1])
