"""No right over a rental, its lines or units lets anybody change what history says of them."""

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase

MANAGER = "rental_event_sourcing.rental_order_group_manager"


class Refusals(RentalCase):
    def refused(self, sentence, change, error=UserError):
        """Check that a change is refused in a sentence, and changes nothing; nor does an event."""
        before, count = self.shown(), self.store.search_count([])
        with (
            mute_logger("odoo.addons.base.models.ir_rule"),
            self.assertRaisesRegex(error, sentence),
        ):
            with self.env.cr.savepoint():
                change()
                self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((self.shown(), self.store.search_count([])), (before, count))

    def shown(self):
        return None


class TestLines(Refusals):
    def setUp(self):
        super().setUp()
        self.mine, self.other = self.order(quantity=2), self.order(quantity=3)
        line = {"product_id": self.product.id, "quantity": 1}
        self.other.write({"line_ids": [(0, 0, line)]})  # number 2, which the first one lacks
        self.clerk = make_user(self.env, "falsifier", USER)
        self.line = self.mine.line_ids.with_user(self.clerk)
        self.foreign = self.other.line_ids[-1:]

    def shown(self):
        lines = self.env["rental.order.line"].search([("order_id", "in", self.orders().ids)])
        return lines.read(load=None), self.orders().read(["amount", "line_ids", "lines_text"])

    def orders(self):
        return self.mine + self.other

    def test_a_rental_changes_no_line_of_another(self):
        number, mine = self.foreign.id, self.mine.with_user(self.clerk)
        product = self.product.with_user(self.clerk)
        for commands in (
            [(1, number, {"quantity": 99})],
            [(2, number, 0)],
            [(3, number, 0)],
            [(4, number, 0)],
            [(6, 0, [*self.line.ids, number])],
        ):
            self.refused("stays with its rental", lambda c=commands: mine.write({"line_ids": c}))
            vals = {"partner_id": self.partner.id, "line_ids": commands}
            self.refused("stays with its rental", lambda v=vals: mine.create(v))
        for vals in ({"order_id": self.other.id}, {"order_id": False}):
            self.refused("stays with its rental", lambda v=vals: self.line.write(v))
        # Through the product it is an event of the rental that the line is of.
        manager = make_user(self.env, "falsifiermanager", MANAGER)
        product.with_user(manager).write({"rental_line_ids": [(1, number, {"quantity": 4})]})
        self.assertEqual(self.history(self.other)[-1], ("PlanChanged", "applied"))
        self.assertEqual(len(self.history(self.mine)), 1)

    def test_what_went_out_comes_from_events_alone(self):
        mine = self.mine.with_user(self.clerk)
        for vals in (
            {"delivered": 1},
            {"returned": 1},
            {"line_key": "9"},
            {"sequence": 9},
            {"out_unit_ids": [(5, 0, 0)]},
        ):
            self.refused("comes from the events", lambda v=vals: self.line.write(v))
            self.refused("comes from the events", lambda v=vals: self.line.copy(v))
            new = {"product_id": self.product.id, **vals}
            for command in ((1, self.line.id, vals), (0, 0, new)):
                self.refused(
                    "comes from the events", lambda c=command: mine.write({"line_ids": [c]})
                )
            order = {"partner_id": self.partner.id, "line_ids": [(0, 0, new)]}
            self.refused("comes from the events", lambda o=order: mine.create(o))

    def test_what_is_computed_is_not_written(self):
        mine = self.mine.with_user(self.clerk)
        self.refused("Amount follows from other values", lambda: mine.write({"amount": 5}))
        vals = {"partner_id": self.partner.id, "product_id": self.product.id, "amount": 5}
        self.refused("Amount follows from other values", lambda: mine.create(vals))
        vals = {"company_id": self.env.company.id}
        self.refused("follows from other values", lambda: self.line.write(vals))


class TestUnits(Refusals):
    def setUp(self):
        super().setUp()
        self.theirs = self.env["res.company"].create({"name": "Theirs"})
        self.pump = self.env["product.product"].create(
            {"name": "Pump", "rental_ok": True, "rental_counting": "serial"}
        )
        vals = {"product_id": self.pump.id, "serial_number": "zqxP-1", "barcode": "zqxB-1"}
        self.unit = self.env["rental.unit"].create(vals)
        self.env["rental.stock"].create({"product_id": self.product.id, "quantity": 7})
        self.spy = make_user(self.env, "unitspy", "manager", MANAGER, company=self.theirs)

    def create(self, model, user, **vals):
        return lambda: self.env[model].with_user(user).create(vals)

    def test_with_whom_a_unit_is_the_rentals_say(self):
        order = self.order()
        clerk = make_user(self.env, "unitclerk", MANAGER)
        vals = {"out_line_ids": [(6, 0, order.line_ids.ids)]}
        unit = self.unit.with_user(clerk)
        self.refused("come from the events", lambda: unit.write(vals))
        new = {"product_id": self.pump.id, "serial_number": "2", **vals}
        self.refused("come from the events", self.create("rental.unit", clerk, **new))
        context = {f"default_{name}": value for name, value in vals.items()}
        made = unit.with_context(**context)
        made.create({"product_id": self.pump.id, "serial_number": "3"})
        self.assertFalse(order.line_ids.out_unit_ids)

    def test_nobody_learns_what_another_company_owns(self):
        """Whether a number is taken there, or free: the answer is the same."""
        for number, barcode in (("zqxP-1", "1"), ("free", "zqxB-1"), ("free", "free")):
            vals = {"product_id": self.pump.id, "serial_number": number, "barcode": barcode}
            ours = {**vals, "company_id": self.env.company.id}
            self.refused("no access to the company", self.create("rental.unit", self.spy, **ours))
        for product in (self.product, self.pump):
            vals = {"product_id": product.id, "company_id": self.env.company.id, "quantity": 1}
            self.refused("no access to the company", self.create("rental.stock", self.spy, **vals))
        # Nor does what a request says beside the values choose the company.
        context = {"default_company_id": self.env.company.id}
        units = self.env["rental.unit"].with_user(self.spy).with_context(**context)
        vals = {"product_id": self.pump.id, "serial_number": "zqxP-1", "barcode": "zqxB-1"}
        self.assertEqual(units.create(vals).company_id, self.theirs)

    def test_a_refusal_names_nothing_of_another_company(self):
        secret = {"company_id": self.env.company.id}
        product = self.env["product.product"].create({"name": "zqxSecret", **secret})
        partner = self.env["res.partner"].create({"name": "zqxSecret", **secret})
        line = {"product_id": self.pump.id, "unit_ids": [(6, 0, self.unit.ids)]}
        order = {"partner_id": self.partner.id, "product_id": self.product.id}
        for model, vals in (
            ("rental.unit", {"product_id": product.id, "serial_number": "1"}),
            ("rental.stock", {"product_id": product.id, "quantity": 1}),
            ("rental.order", {**order, "partner_id": partner.id}),
            ("rental.order", {**order, "delivery_partner_id": partner.id}),
            ("rental.order", {**order, "product_id": product.id}),
            ("rental.order", {"partner_id": self.partner.id, "line_ids": [(0, 0, line)]}),
        ):
            self.refused(r"\A((?!zqx)[\s\S])*\Z", self.create(model, self.spy, **vals), AccessError)

    def test_no_company_takes_what_others_rent_out(self):
        """Their people could not open their own rentals any more."""
        contact = self.env["res.partner"].create({"name": "Contact"})
        self.order(contact_partner_id=contact.id)
        vals = {"company_id": self.theirs.id}
        for product in (self.product, self.pump):
            template = product.product_tmpl_id.with_user(self.spy)
            self.refused("Another company rents out", lambda t=template: t.write(vals))
        for partner in (self.partner, contact):
            with self.subTest(partner=partner.name):
                own = partner.with_user(self.spy)
                self.refused("in rentals of another company", lambda p=own: p.write(vals))
        # Its own company may have it alone, and another one what nobody uses.
        self.partner.company_id = self.env.company
        self.product.company_id = self.env.company
        template = self.env["product.template"].create({"name": "New", "rental_ok": True})
        template.with_user(self.spy).write(vals)
