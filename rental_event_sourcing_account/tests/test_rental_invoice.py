"""Draft invoices and credit notes: one for each event, as accounting takes them."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.event_sourcing_feed.testing import lint_reaction, scenario
from odoo.addons.test_event_sourcing.common import EventCase, make_user

NAME = "rental.invoice.reaction"
USER = "rental_event_sourcing.rental_order_group_user"
JANUARY = {"period_start": "2026-01-01", "period_end": "2026-01-31"}
INVOICED = ("RentalInvoiced", {"amount": 200, **JANUARY})
DAMAGE = ("DamageReported", {"description": "Lens", "repair_cost": 30, "charged": True})


class InvoiceCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.write(
            {
                "rental_dates_required": False,
                "rental_backdate_days": 36500,
                "rental_early_days": 36500,
            }
        )
        charts = cls.env["account.chart.template"]
        if not cls.env.company.chart_template:
            charts.try_loading("generic_coa", cls.env.company, install_demo=False)
        cls.tax = cls.env["account.tax"].create(
            {"name": "Ten", "amount": 10, "type_tax_use": "sale", "company_id": cls.env.company.id}
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Lift", "rental_ok": True, "taxes_id": [Command.set(cls.tax.ids)]}
        )
        cls.partner = cls.env["res.partner"].create({"name": "Ms Sato"})

    def order(self, **vals):
        order = self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "product_id": self.product.id,
                "quantity": 2,
                "monthly_price": 100,
                "planned_start": "2025-12-01",
                "planned_end": "2026-03-31",
                **vals,
            }
        )
        order._apply_event("RentalConfirmed")
        return order

    def record(self, order, *steps):
        """Record steps about a rental; return the events."""
        found = self.store
        for step in steps:
            event_type, payload = (step, {}) if isinstance(step, str) else step
            event = order._apply_event(event_type, payload)
            self.assertEqual(event.outcome, "applied", event.error_message)
            found += event
        return found

    def meet(self, events):
        """Give events to the reaction, as far as they are for it; return what it made."""
        reaction = self.env(su=True, context={})[NAME]
        before = self.env["rental.invoice"].search([], order="id desc", limit=1).id or 0
        for event in self.store._feed_events_of(events.ids, reaction._feed_filter()):
            error = reaction._attempt(event)
            if error:
                raise error
        return self.env["rental.invoice"].search([("id", ">", before)], order="id")

    def invoiced(self, *more, **vals):
        """Return a rental that is invoiced for January, and what became of it."""
        order = self.order(**vals)
        return order, self.meet(self.record(order, INVOICED, *more))

    def lines(self, row):
        return [
            (line.product_id, line.quantity, line.price_unit, line.tax_ids)
            for line in row.move_id.invoice_line_ids
        ]


class TestDrafts(InvoiceCase):
    def test_an_invoice(self):
        order, row = self.invoiced()
        move = row.move_id
        self.assertEqual((move.move_type, move.state), ("out_invoice", "draft"))
        self.assertEqual((move.partner_id, move.invoice_origin), (self.partner, order.name))
        self.assertEqual(move.company_id, self.env.company)
        self.assertEqual(move.currency_id, self.env.company.currency_id)
        self.assertEqual(move.invoice_user_id, order.user_id)
        self.assertEqual(self.lines(row), [(self.product, 2, 100, self.tax)])
        self.assertEqual((move.amount_untaxed, move.amount_total), (200, 220))
        self.assertRegex(move.invoice_line_ids.name, "Lift, .*2026.*2026")
        self.assertEqual((row.kind, row.number, row.order_id), ("invoice", 1, order))
        move.action_post()
        self.assertEqual((row.state, row.move_name), ("posted", move.name))

    def test_an_amount_that_was_typed_is_what_is_invoiced(self):
        order = self.order(quantity=3)
        rows = self.meet(
            self.record(
                order, ("RentalInvoiced", {"amount": 100}), ("RentalInvoiced", {"amount": 99})
            )
        )
        self.assertEqual(self.lines(rows[0]), [(self.product, 1, 100, self.tax)])
        self.assertEqual(self.lines(rows[1]), [(self.product, 3, 33, self.tax)])
        self.assertEqual(rows.mapped("number"), [1, 2])

    def test_parts_of_several_lines_add_up(self):
        _order, row = self.invoiced()
        line = {"product": self.product, "quantity": 1}
        for amounts, parts in (((10, 10, 10), [66.67, 66.67, 66.66]), ((0, 0), [0, 200])):
            shares = row._shares([{**line, "amount": amount} for amount in amounts])
            self.assertEqual([part for _line, part in shares], parts)

    def test_a_credit_note_is_for_its_invoice(self):
        credit = {"invoice": 2, "amount": 50, "reason": "Came back early"}
        february = {"period_start": "2026-02-01", "period_end": "2026-02-28"}
        second = ("RentalInvoiced", {"amount": 80, **february})
        _order, rows = self.invoiced(second, ("InvoiceCorrected", credit))
        _first, invoice, note = rows
        self.assertEqual(note.move_id.move_type, "out_refund")
        self.assertEqual(note.move_id.reversed_entry_id, invoice.move_id)
        self.assertEqual(note.corrects_id, invoice)
        self.assertEqual(note.move_id.ref, "Came back early")
        self.assertEqual(note.move_id.amount_untaxed, 50)
        self.assertEqual(self.lines(note), [(self.product, 2, 25, self.tax)])

    def test_a_credit_for_an_invoice_of_before_stands_alone(self):
        order = self.order()
        self.record(order, INVOICED)
        credit = {"invoice": 1, "amount": 50, "reason": "x"}
        note = self.meet(self.record(order, ("InvoiceCorrected", credit)))
        self.assertFalse(note.corrects_id)
        self.assertFalse(note.move_id.reversed_entry_id)

    def test_late_fees_and_damages(self):
        order = self.order(planned_end="2026-01-10")
        fee = {"late_from": "2026-01-11", "late_until": "2026-01-12", "amount": 40}
        steps = ("EquipmentDelivered", {"delivered_on": "2025-12-01"})
        rows = self.meet(
            self.record(
                order,
                steps,
                ("LateFeeCharged", fee),
                DAMAGE,
                ("DamageCharged", {"damage": 1, "amount": 30}),
            )
        )
        late, damage = rows
        self.assertEqual((late.kind, damage.kind, damage.number), ("late_fee", "damage", 1))
        self.assertEqual(self.lines(late), [(self.product, 1, 40, self.tax)])
        self.assertRegex(late.move_id.invoice_line_ids.name, "Late return of .*2026")
        none = self.env["account.tax"]
        self.assertEqual(self.lines(damage), [(self.env["product.product"], 1, 30, none)])
        self.assertEqual(set(rows.move_id.mapped("move_type")), {"out_invoice"})

    def test_a_late_fee_is_of_the_products_that_were_late(self):
        self.env.company.rental_late_fee = 5
        crane = self.env["product.product"].create({"name": "Crane", "taxes_id": False})
        lines = [{"product_id": p.id, "quantity": 1} for p in (self.product, crane, self.product)]
        order = self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "planned_start": "2025-12-01",
                "planned_end": "2026-01-10",
                "line_ids": [(0, 0, line) for line in lines],
            }
        )
        fee = {"late_from": "2026-01-11", "late_until": "2026-01-12", "amount": 18}
        back = {"returned_on": "2026-01-10", "lines": {"1": {"quantity": 1}}}
        steps = ("RentalConfirmed", ("EquipmentDelivered", {"delivered_on": "2025-12-01"}))
        self.record(order, *steps, ("EquipmentReturned", back))
        row = self.meet(self.record(order, ("LateFeeCharged", fee)))
        none = self.env["account.tax"]
        self.assertEqual(self.lines(row), [(crane, 1, 9, none), (self.product, 1, 9, self.tax)])

    def test_a_currency_with_three_decimals_is_not_rounded_to_two(self):
        digits = self.env.ref("product.decimal_price")
        tent = self.env["product.product"].create({"name": "Tent", "taxes_id": False})
        company = self.abroad("KWD")
        for amount, quantity in ((1.235, 1), (0.333, 4)):
            digits.digits = 2
            order = self.order(quantity=quantity, company_id=company.id, product_id=tent.id)
            event = self.record(order, ("RentalInvoiced", {"amount": amount, **JANUARY}))
            with self.assertRaisesRegex(UserError, "“Product Price” to at least 3"):
                self.meet(event)
            digits.digits = 3
            row = self.meet(event)
            self.assertEqual(row.move_id.currency_id.name, "KWD")
            self.assertEqual(row.move_id.amount_untaxed, amount)

    def abroad(self, currency):
        """Return a company that keeps its books in another currency."""
        known = self.env["res.currency"].with_context(active_test=False)
        known = known.search([("name", "=", currency)])
        known.active = True
        limits = ("rental_dates_required", "rental_backdate_days", "rental_early_days")
        vals = {name: self.env.company[name] for name in limits}
        company = self.env["res.company"].create({"name": f"Shop {currency}", **vals})
        self.env.user.company_ids += company
        self.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        company.currency_id = known
        return company

    def test_a_deposit_becomes_nothing(self):
        order = self.order()
        events = self.record(
            order, ("DepositTaken", {"amount": 5}), ("DepositReturned", {"amount": 5})
        )
        self.assertFalse(self.meet(events))

    def test_the_language_is_the_customers(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.partner.lang = "ja_JP"
        order = self.order()
        self.record(order, "EquipmentDelivered", DAMAGE)
        row = self.meet(self.record(order, ("DamageCharged", {"damage": 1, "amount": 30})))
        self.assertEqual(row.move_id.invoice_line_ids.name, f"{order.name} の損傷")

    def test_history_of_elsewhere_is_invoiced_to_nobody(self):
        calls = [
            {
                "model_name": "rental",
                "aggregate_id": "R-OLD",
                "event_type": name,
                "payload": payload,
            }
            for name, payload in (
                ("RentalPlanned", {"partner_id": self.partner.id}),
                ("RentalConfirmed", {}),
                INVOICED,
            )
        ]
        events, _known = self.store._append_all(calls, origin="imported")
        self.assertEqual(set(events.mapped("outcome")), {"applied"})
        self.assertFalse(self.meet(events))
        self.assertEqual(len(self.store._feed_events_of(events.ids, SQL("true"))), 3)

    def test_a_rental_without_an_order_is_invoiced_too(self):
        plan = ("RentalPlanned", {"partner_id": self.partner.id})
        story = scenario(self.env, "rental").given(plan, "RentalConfirmed").when(INVOICED)
        story.reacts(NAME, {"account.move": [{"amount_untaxed": 200.0, "state": "draft"}]})
        self.assertEqual(lint_reaction(self.env, NAME), [])

    def test_each_event_once(self):
        order, row = self.invoiced()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            row.copy({"event_uuid": row.event_uuid})
        self.assertEqual(order.invoice_count, 1)


class TestWhatIsMissing(InvoiceCase):
    def test_without_a_customer(self):
        self.store.append("rental", "R-NOBODY", "RentalConfirmed", {})
        answer = self.store.append("rental", "R-NOBODY", "RentalInvoiced", {"amount": 5})
        with self.assertRaisesRegex(UserError, "R-NOBODY has no customer"):
            self.meet(self.store.browse(answer["id"]))
        self.assertFalse(self.env["rental.invoice"].search([("aggregate_id", "=", "R-NOBODY")]))

    def test_without_a_chart_of_accounts_it_is_a_dead_letter(self):
        company = self.env["res.company"].create(
            {"name": "New Shop", "rental_dates_required": False}
        )
        own = self.store.with_company(company).with_context(allowed_company_ids=company.ids)
        plan = {"partner_id": self.partner.id}
        for event_type, payload in (("RentalPlanned", plan), ("RentalConfirmed", {}), INVOICED):
            answer = own.append("rental", "R-NEW", event_type, payload)
            self.assertEqual(answer["outcome"], "applied", answer)
        reaction = self.env(su=True, context={})[NAME]
        self.patch(type(reaction), "_retries", ())
        sub = self.env["event.subscription"].search([("consumer", "=", NAME)])
        events = self.store._feed_events_of([answer["id"]], SQL("true"))
        reaction._consume(sub, events)
        tasks = self.env["event.reaction.task"].search([("aggregate_id", "=", "R-NEW")])
        self.assertEqual(tasks.mapped("state"), ["dead"])
        self.assertIn("New Shop has no chart of accounts with a sales journal", tasks.error)


class TestOnTheRental(InvoiceCase):
    def pay(self, move, amount=None):
        context = {"active_model": "account.move", "active_ids": move.ids}
        register = self.env["account.payment.register"].with_context(**context)
        register.create({"amount": amount} if amount else {}).action_create_payments()

    def test_payment_status(self):
        order = self.order()
        self.assertFalse(order.payment_state)
        row = self.meet(self.record(order, INVOICED))
        self.assertEqual((order.payment_state, order.unpaid_amount), ("draft", 0))
        row.move_id.action_post()
        self.assertEqual((order.payment_state, order.unpaid_amount), ("not_paid", 220))
        self.pay(row.move_id, 20)
        self.assertEqual((order.payment_state, order.unpaid_amount), ("partial", 200))
        self.pay(row.move_id)
        self.assertEqual((order.payment_state, order.unpaid_amount), ("paid", 0))
        orders = self.env["rental.order"].search([("payment_state", "=", "paid")])
        self.assertIn(order, orders)
        found = self.env["account.move"].search(order.action_view_invoices()["domain"])
        self.assertEqual(found, row.move_id)

    def test_a_credit_note_counts(self):
        credit = {"invoice": 1, "amount": 200, "reason": "Wrong customer"}
        order, rows = self.invoiced(("InvoiceCorrected", credit))
        rows.move_id.action_post()
        self.assertEqual((order.payment_state, order.unpaid_amount), ("paid", 0))

    def test_what_is_cancelled_is_not_paid_for(self):
        order, row = self.invoiced()
        row.move_id.button_cancel()
        self.assertEqual((row.state, order.payment_state), ("cancel", False))
        row.move_id.button_draft()
        self.assertEqual((row.state, order.payment_state), ("draft", "draft"))

    def test_a_deleted_invoice_is_missed_and_made_again_on_demand_alone(self):
        order, row = self.invoiced()
        row.move_id.unlink()
        self.assertEqual((row.state, order.payment_state), ("deleted", "deleted"))
        self.assertEqual(order.invoice_count, 0)
        sub = self.env["event.subscription"].search([("consumer", "=", NAME)])
        sub._run_page(sub.id)
        self.assertFalse(row.move_id)
        clerk = make_user(self.env, "invoice-clerk", USER)
        order.with_user(clerk).action_draft_invoices_again()
        self.assertEqual((row.state, order.payment_state), ("draft", "draft"))
        self.assertEqual(self.lines(row), [(self.product, 2, 100, self.tax)])
        with self.assertRaisesRegex(UserError, "The invoice is there"):
            row.with_user(clerk).action_draft_again()
        self.assertEqual(order.invoice_count, 1)

    def test_clerks_see_the_status_and_change_nothing(self):
        order, row = self.invoiced()
        clerk = make_user(self.env, "invoice-reader", USER)
        self.assertEqual(order.with_user(clerk).payment_state, "draft")
        rows = row.with_user(clerk)
        self.assertEqual(rows.read(["amount", "state", "kind"])[0]["amount"], 200)
        for act in (rows.unlink, rows.copy, lambda: rows.write({"amount": 1})):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            rows.read(["move_id"])
        theirs = self.env["res.company"].create({"name": "Theirs"})
        other = make_user(self.env, "invoice-other", USER, company=theirs)
        domain = [("id", "=", row.id)]
        self.assertFalse(self.env["rental.invoice"].with_user(other).search(domain))

    def test_screens(self):
        for name in ("rental.invoice", "rental.order"):
            kinds = ["list", "kanban", "form", "search"]
            self.env[name].get_views([(False, kind) for kind in kinds])
        clerk = make_user(self.env, "invoice-screens", USER)
        arch = self.env["rental.order"].with_user(clerk).get_view(view_type="form")["arch"]
        self.assertNotIn("action_view_invoices", arch)
        self.assertIn("payment_state", arch)
