"""What a shop has is rented once: units, quantities, and what stands in the way of a rental."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.event_sourcing.testing import lint_boundary, rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_limits import without_limits

START, END = "2026-03-10", "2026-03-20"


class BoundaryCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Boundary Ltd"})
        products = cls.env["product.product"]
        cls.chair = products.create({"name": "Garden chair"})
        cls.drone = products.create({"name": "Drone", "rental_counting": "serial"})
        cls.today = cls.store._business_today(cls.env.company.id, fields.Datetime.now())

    def day(self, number):
        return str(self.today + timedelta(days=number))

    def own(self, quantity):
        return self.env["rental.stock"].create({"product_id": self.chair.id, "quantity": quantity})

    def acquire(self, *serials):
        vals = [{"product_id": self.drone.id, "serial_number": serial} for serial in serials]
        return self.env["rental.unit"].create(vals)

    def order(self, first=1, last=10, product=None, **vals):
        named = {"partner_id": self.partner.id, "product_id": (product or self.chair).id}
        dates = {"planned_start": self.day(first), "planned_end": self.day(last)}
        return self.env["rental.order"].create({**named, **dates, **vals})

    def rent(self, *units, first=1, last=10, lines=()):
        """Return a rental of units, with further lines."""
        own = {"product_id": units[0].product_id.id, "quantity": len(units)}
        own["unit_ids"] = [(6, 0, [unit.id for unit in units])]
        return self.env["rental.order"].create(
            {
                "partner_id": self.partner.id,
                "planned_start": self.day(first),
                "planned_end": self.day(last),
                "line_ids": [(0, 0, line) for line in (own, *lines)],
            }
        )

    def told(self, record, event_type, payload=None, **options):
        """Record an event; return its outcome and the reason."""
        event = record._apply_event(event_type, payload, policy="record", **options)
        return event.outcome, event.error_message or ""

    def done(self, record, *event_types):
        for event_type in event_types:
            self.assertEqual(self.told(record, event_type), ("applied", ""))

    def refused(self, record, event_type, sentence, payload=None, rule="not_free"):
        event = record._apply_event(event_type, payload, policy="record")
        self.assertEqual(event.outcome, "rejected")
        self.assertRegex(event.error_message, sentence)
        self.assertEqual(event.broken_rule, f"{event_type}/{rule}")

    def known(self, product=None):
        key = (product or self.chair).id
        return self.env["event.boundary"].state_at("rental.stock", key)["state"]


class TestQuantities(BoundaryCase):
    def test_never_more_are_confirmed_than_there_are(self):
        self.own(5)
        first, second = self.order(1, 10, quantity=3), self.order(5, 12, quantity=3)
        self.done(first, "RentalConfirmed")
        self.refused(
            second,
            "RentalConfirmed",
            rf"Garden chair: 3 wanted, only 2 free: {first.name} has 3 from .+ to"
            r" .+\. Free for as many days from ",
        )
        self.assertEqual(second.status, "draft")
        self.done(self.order(5, 12, quantity=2), "RentalConfirmed")
        self.done(self.order(11, 15, quantity=3), "RentalConfirmed")

    def test_the_next_free_day_is_right(self):
        self.own(1)
        self.done(self.order(3, 6), "RentalConfirmed")
        self.done(self.order(9, 12), "RentalConfirmed")
        short, longer = self.order(5, 6), self.order(5, 9)
        for order, free in ((short, 7), (longer, 13)):
            _outcome, reason = self.told(order, "RentalConfirmed")
            expected = fields.Date.to_date(self.day(free)).strftime("%m/%d/%Y")
            self.assertIn(f"Free for as many days from {expected}.", reason)

    def test_more_than_are_owned(self):
        self.own(5)
        sentence = "Garden chair: 6 wanted, only 5 in order."
        self.refused(self.order(quantity=6), "RentalConfirmed", sentence)

    def test_of_what_nothing_is_recorded_nothing_is_limited(self):
        for _turn in range(3):
            self.done(self.order(quantity=100), "RentalConfirmed", "EquipmentDelivered")

    def test_drafts_and_demos_hold_nothing(self):
        self.own(1)
        self.order()
        self.done(self.order(), "DemoStarted")
        self.done(self.order(), "RentalConfirmed")

    def test_what_ends_is_free_again(self):
        self.own(1)
        for steps in (
            ("RentalConfirmed", "RentalCancelled"),
            ("RentalConfirmed", "EquipmentDelivered", "EquipmentReturned"),
            ("RentalConfirmed", "EquipmentDelivered", "EquipmentReturned", "RentalClosed"),
        ):
            self.done(self.order(0, 10), *steps)
        self.assertEqual(self.known()["bookings"], {})

    def test_a_confirmed_plan_that_changes_is_decided_too(self):
        self.own(2)
        first, second = self.order(1, 5), self.order(8, 12, quantity=2)
        self.done(first, "RentalConfirmed")
        self.done(second, "RentalConfirmed")
        later = {"planned_end": self.day(8)}
        self.refused(first, "RentalExtended", f"{second.name} has 2", later)
        self.refused(first, "PlanChanged", f"{second.name} has 2", later)
        self.refused(first, "PlanChanged", "only 2 in order", {"quantity": 3})
        self.assertEqual(self.told(first, "RentalExtended", {"planned_end": self.day(7)})[1], "")
        self.assertEqual(self.told(first, "PlanChanged", {"quantity": 2})[1], "")
        other = self.env["product.product"].create({"name": "Bench"})
        self.assertEqual(self.told(first, "PlanChanged", {"product_id": other.id})[1], "")
        self.assertEqual(list(self.known()["bookings"]), [second.name])

    def test_what_makes_nothing_worse_is_not_refused(self):
        stock = self.own(2)
        first, second = self.order(1, 10), self.order(1, 10)
        self.done(first, "RentalConfirmed")
        self.done(second, "RentalConfirmed")
        # Lost is a fact, whatever is booked; sold would be a decision.
        self.refused(
            stock,
            "QuantityChanged",
            f"Garden chair is booked by {first.name}",
            stock._change(-1, "sold"),
            rule="still_booked",
        )
        self.assertEqual(self.told(stock, "QuantityChanged", stock._change(-1, "lost"))[1], "")
        self.assertEqual(self.told(first, "PlanChanged", {"planned_end": self.day(9)})[1], "")
        self.done(second, "EquipmentDelivered")
        self.refused(self.order(10, 11), "RentalConfirmed", "only 0 free")

    def test_what_is_late_is_out_until_today(self):
        self.own(1)
        late = self.order(-9, -2)
        self.done(late, "RentalConfirmed")
        self.assertEqual(
            self.told(late, "EquipmentDelivered", {"delivered_on": self.day(-9)})[0], "applied"
        )
        due = fields.Date.to_date(self.day(-2)).strftime("%m/%d/%Y")
        sentence = f"only 0 free: {late.name} still has 1, to be back on {due}"
        now, later = self.order(0, 4), self.order(5, 6)
        self.refused(now, "RentalConfirmed", sentence)
        self.done(later, "RentalConfirmed")
        # What is not there does not go out, however early or late it is wanted.
        for day in (-1, 0):
            there = {"delivered_on": self.day(day)}
            self.refused(later, "EquipmentDelivered", f"{late.name} still has 1", there)
        self.refused(later, "EquipmentDelivered", f"{late.name} .+ 1")
        self.done(late, "EquipmentReturned")
        self.done(now, "RentalConfirmed", "EquipmentDelivered")

    def test_what_is_not_there_does_not_go_out(self):
        self.own(1)
        late, waiting = self.order(0, 3), self.order(4, 6)
        self.done(late, "RentalConfirmed", "EquipmentDelivered")
        self.done(waiting, "RentalConfirmed")
        # On the day on which it is to go out the other one is not back.
        moment = f"{self.day(4)} 10:00:00"
        event = {"event_type": "EquipmentDelivered", "payload": {}, "timestamp": moment}
        answer = self.store.append("rental", waiting.name, policy="record", **event)
        self.assertRegex(answer["message"], f"only 0 free: {late.name} has 1 from")
        self.done(late, "EquipmentReturned")
        self.assertEqual(
            self.store.append("rental", waiting.name, **event)["outcome"],
            "applied",
        )

    def test_what_is_fetched_after_its_days_is_there_for_others(self):
        self.own(1)
        late, second = self.order(-9, -5), self.order(-2, 3)
        self.done(late, "RentalConfirmed")
        self.done(second, "RentalConfirmed")
        self.refused(late, "EquipmentDelivered", f"{second.name} has 1 from")
        self.done(second, "RentalCancelled")
        self.done(late, "EquipmentDelivered")
        days = [self.day(-9), self.day(0), 1]
        self.assertEqual(self.known()["bookings"], {late.name: days})

    def test_the_night_in_which_the_clocks_change(self):
        """What is to be back on a day is late from midnight on, where the shop is."""
        self.own(1)
        without_limits(self.env)
        zone = {"timezone": "Europe/Paris"}

        def next_day(day):
            return str(fields.Date.to_date(day) + timedelta(days=1))

        def told(name, event_type, moment, **payload):
            return self.store.append(
                *("rental", name, event_type, payload), timestamp=moment, policy="record", **zone
            )

        def plan(name, first, last, moment):
            days = {"planned_start": first, "planned_end": last}
            told(name, "RentalPlanned", moment, product_id=self.chair.id, quantity=1, **days)

        for number, (last, before, after) in enumerate(
            (
                ("2026-03-28", "2026-03-28 22:59:00", "2026-03-28 23:00:00"),
                ("2026-03-29", "2026-03-29 21:59:00", "2026-03-29 22:00:00"),  # an hour less
                ("2026-10-24", "2026-10-24 21:59:00", "2026-10-24 22:00:00"),
                ("2026-10-25", "2026-10-25 22:59:00", "2026-10-25 23:00:00"),  # an hour more
            )
        ):
            late, waiting = f"N{number}a", f"N{number}b"
            plan(late, last, last, before)
            told(late, "RentalConfirmed", before)
            told(late, "EquipmentDelivered", before)
            plan(waiting, next_day(last), "2026-12-02", before)
            self.assertEqual(told(waiting, "RentalConfirmed", before)["outcome"], "applied")
            told(waiting, "RentalCancelled", before)
            plan(f"N{number}c", next_day(last), "2026-12-02", after)
            self.assertIn(
                f"{late} still has 1", told(f"N{number}c", "RentalConfirmed", after)["message"]
            )
            told(late, "EquipmentReturned", after)

    def test_companies_have_quantities_of_their_own(self):
        self.own(1)
        self.done(self.order(), "RentalConfirmed")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids += other
        orders = self.env["rental.order"].with_company(other)
        vals = {"planned_start": self.day(1), "planned_end": self.day(2), "quantity": 9}
        order = orders.create({**vals, "partner_id": self.partner.id, "product_id": self.chair.id})
        self.done(order, "RentalConfirmed")

    def test_the_reason_in_japanese(self):
        self.own(1)
        self.done(self.order(), "RentalConfirmed")
        self.env["res.lang"]._activate_lang("ja_JP")
        order = self.order().with_context(lang="ja_JP")
        reason = self.told(order, "RentalConfirmed")[1]
        self.assertIn("空き", reason)
        self.assertNotIn("wanted", reason)

    def test_every_rule_has_words(self):
        for rule in ("not_free", "still_booked"):
            label = self.env["snapshot.handler.registry"]._rule_label(
                "rental_unit", f"UnitRetired/{rule}"
            )
            self.assertTrue(label)


class TestUnitsCounted(BoundaryCase):
    """Products with serial numbers, of which no unit is assigned yet: units in order count."""

    def test_as_many_as_are_in_order(self):
        units = self.acquire("D1", "D2")
        self.done(self.order(product=self.drone), "RentalConfirmed")
        self.done(units[0], "MaintenanceStarted")
        self.refused(
            self.order(product=self.drone), "RentalConfirmed", "only 0 free: .+ has 1 from"
        )
        self.done(units[0], "MaintenanceEnded")
        self.done(self.order(product=self.drone), "RentalConfirmed")
        self.refused(
            units[1], "UnitRetired", "is booked by", {"reason": "Broken"}, rule="still_booked"
        )

    def test_until_a_repair_is_done(self):
        (unit,) = self.acquire("D1")
        payload = {"expected_end": self.day(5)}
        self.assertEqual(self.told(unit, "MaintenanceStarted", payload)[1], "")
        sentence = "only 0 free: one is in maintenance since"
        self.refused(self.order(5, 6, product=self.drone), "RentalConfirmed", sentence)
        self.done(self.order(6, 7, product=self.drone), "RentalConfirmed")

    def test_retired_ones_are_gone(self):
        units = self.acquire("D1", "D2")
        self.assertEqual(self.told(units[0], "UnitRetired", {"reason": "Broken"})[1], "")
        order = self.order(product=self.drone, quantity=2)
        self.refused(order, "RentalConfirmed", "only 1 in order")


class TestWhilePlanning(BoundaryCase):
    """What the form of a rental says while it is planned; nothing is kept for it yet."""

    def said(self, order):
        return [(line.availability, line.is_short) for line in order.line_ids], order.shortage

    def test_what_is_free(self):
        self.own(5)
        self.done(self.order(1, 10, quantity=3), "RentalConfirmed")
        order = self.order(5, 12, quantity=2)
        self.assertEqual(self.said(order), ([("2 of 5", False)], False))
        order.line_ids.quantity = 3
        self.assertEqual(self.said(order)[0], [("2 of 5", True)])
        self.assertRegex(order.shortage, "^Garden chair: 3 wanted, only 2 free")
        order.write({"planned_start": self.day(11), "planned_end": self.day(12)})
        self.assertEqual(self.said(order), ([("5 of 5", False)], False))

    def test_for_who_has_no_more_than_rentals(self):
        self.own(5)
        other = self.order(1, 10, quantity=3)
        self.done(other, "RentalConfirmed")
        clerk = make_user(self.env, "clerk", "rental_event_sourcing.rental_order_group_user")
        order = self.order(5, 12, quantity=3).with_user(clerk)
        self.env.invalidate_all()
        self.assertEqual(self.said(order)[0], [("2 of 5", True)])
        self.assertIn(other.name, order.shortage)

    def test_line_by_line(self):
        self.own(5)
        units = self.acquire("D1", "D2")
        self.done(self.rent(units[0]), "RentalConfirmed")
        order = self.rent(units[0], lines=[{"product_id": self.chair.id, "quantity": 3}] * 2)
        self.assertEqual(
            self.said(order)[0], [("1 of 2", True), ("5 of 5", True), ("5 of 5", True)]
        )
        self.assertRegex(order.shortage, "Garden chair: 6 wanted")
        self.assertRegex(order.shortage, "\nThe unit D1 is booked by")

    def test_in_a_form_before_it_is_saved(self):
        self.own(5)
        self.done(self.order(1, 10, quantity=3), "RentalConfirmed")
        form = Form(self.env["rental.order"])
        form.partner_id = self.partner
        with form.line_ids.new() as line:
            line.product_id, line.quantity = self.chair, 4
        self.assertFalse(form.shortage)
        form.planned_start, form.planned_end = self.day(9), self.day(10)
        self.assertIn("only 2 free", form.shortage)
        form.planned_start = self.day(11)
        self.assertFalse(form.shortage)  # it would end before it begins
        form.planned_end = self.day(12)
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.availability, line.is_short), ("5 of 5", False))
            line.quantity = 6
        self.assertIn("only 5 in order", form.shortage)

    def test_of_what_nothing_is_recorded_nothing_is_said(self):
        self.assertEqual(self.said(self.order(quantity=7)), ([(False, False)], False))

    def test_confirmed_ones_need_no_warning(self):
        self.own(1)
        order = self.order()
        self.done(order, "RentalConfirmed")
        self.assertEqual(self.said(order), ([(False, False)], False))

    def test_states_of_former_rules_are_folded_anew(self):
        self.own(5)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE event_boundary_state SET rules = 'old', state = NULL WHERE key = %s",
            [str(self.chair.id)],
        )
        self.assertEqual(self.said(self.order())[0], [("5 of 5", False)])

    def test_a_boundary_that_does_not_count_says_nothing(self):
        self.own(1)
        status = self.env["event.boundary.status"].search([("boundary", "=", "rental.stock")])
        status.state = "reading"
        self.assertEqual(self.said(self.order(quantity=7)), ([(False, False)], False))


class TestUnits(BoundaryCase):
    """A unit that is assigned is with one customer at a time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vals = [{"product_id": cls.drone.id, "serial_number": f"D{n}"} for n in range(1, 5)]
        cls.units = cls.env["rental.unit"].create(vals)

    def test_a_unit_is_not_rented_twice(self):
        first = self.rent(self.units[0])
        self.done(first, "RentalConfirmed")
        second = self.rent(self.units[0], first=10, last=12)
        sentence = (
            f"The unit D1 is booked by {first.name} from .+ to .+\\. Free for as many days from "
        )
        self.refused(second, "RentalConfirmed", sentence)
        self.done(self.rent(self.units[1], first=10, last=12), "RentalConfirmed")
        self.done(self.rent(self.units[0], first=11, last=12), "RentalConfirmed")

    def test_assigned_later(self):
        first, second = self.rent(self.units[0]), self.order(product=self.drone)
        self.done(first, "RentalConfirmed")
        self.done(second, "RentalConfirmed")
        taken = {"lines": {"1": {"unit_ids": [self.units[0].name]}}}
        self.refused(second, "UnitsAssigned", f"booked by {first.name}", taken)
        other = {"lines": {"1": {"unit_ids": [self.units[1].name]}}}
        self.assertEqual(self.told(second, "UnitsAssigned", other)[1], "")
        self.assertEqual(
            self.told(first, "UnitsAssigned", {"lines": {"1": {"unit_ids": []}}})[1], ""
        )
        self.assertEqual(self.told(second, "UnitsAssigned", taken)[1], "")

    def test_what_is_booked_is_not_retired(self):
        rental = self.rent(self.units[0])
        self.done(rental, "RentalConfirmed")
        reason = {"reason": "Broken"}
        sentence = f"The unit D1 is booked by {rental.name} .+ once the rental has another unit"
        self.refused(self.units[0], "UnitRetired", sentence, reason, rule="still_booked")
        self.done(rental, "EquipmentDelivered")
        self.refused(self.units[0], "UnitRetired", sentence, reason, rule="still_booked")
        self.done(rental, "EquipmentReturned")
        self.assertEqual(self.told(self.units[0], "UnitRetired", reason)[1], "")
        again = self.rent(self.units[0])
        self.refused(again, "RentalConfirmed", "The unit D1 is retired.")

    def test_what_is_repaired_is_not_booked(self):
        self.done(self.units[0], "MaintenanceStarted")
        self.refused(
            self.rent(self.units[0]), "RentalConfirmed", "The unit D1 is in maintenance since"
        )
        expected = {"expected_end": self.day(4)}
        self.assertEqual(self.told(self.units[1], "MaintenanceStarted", expected)[1], "")
        self.refused(
            self.rent(self.units[1], first=4),
            "RentalConfirmed",
            "in maintenance from .+ to .+ Free",
        )
        self.done(self.rent(self.units[1], first=5), "RentalConfirmed")
        # One that breaks while it is booked does not go out before it is repaired.
        rental = self.rent(self.units[2], first=0)
        self.done(rental, "RentalConfirmed")
        self.done(self.units[2], "MaintenanceStarted")
        self.refused(rental, "EquipmentDelivered", "D3 is in maintenance since")
        self.done(self.units[2], "MaintenanceEnded")
        self.done(rental, "EquipmentDelivered")

    def test_one_comes_back_before_the_other(self):
        rental = self.rent(*self.units[:2], first=0)
        self.done(rental, "RentalConfirmed", "EquipmentDelivered")
        back = {"lines": {"1": {"unit_ids": [self.units[0].name]}}}
        self.assertEqual(self.told(rental, "EquipmentReturned", back)[1], "")
        other = self.rent(self.units[0], first=0)
        self.done(other, "RentalConfirmed", "EquipmentDelivered")
        self.refused(self.rent(self.units[1]), "RentalConfirmed", f"D2 is booked by {rental.name}")
        # The return did not happen after all; but who would have the unit then?
        wrong = {"reason": "Counted wrongly"}
        self.refused(rental, "ReturnCorrected", f"D1 is booked by {other.name}", wrong)
        self.done(other, "EquipmentReturned")
        self.assertEqual(self.told(rental, "ReturnCorrected", wrong)[1], "")

    def test_another_one_goes_out(self):
        rental = self.rent(self.units[0], first=0)
        self.done(rental, "RentalConfirmed")
        went = {"lines": {"1": {"unit_ids": [self.units[1].name]}}}
        self.assertEqual(self.told(rental, "EquipmentDelivered", went)[1], "")
        self.done(self.rent(self.units[0], first=0), "RentalConfirmed")
        self.refused(self.rent(self.units[1]), "RentalConfirmed", f"D2 is booked by {rental.name}")

    def test_exchanged_for_another(self):
        bench = self.env["product.product"].create({"name": "Bench", "rental_counting": "serial"})
        unit = self.env["rental.unit"].create({"product_id": bench.id, "serial_number": "B1"})
        rental = self.rent(self.units[0])
        self.done(rental, "RentalConfirmed")
        change = {"line": "1", "product_id": bench.id, "unit_ids": [unit.name]}
        taken = self.rent(unit)
        self.done(taken, "RentalConfirmed")
        self.refused(rental, "ProductExchanged", f"{taken.name}", change)
        self.done(taken, "RentalCancelled")
        self.assertEqual(self.told(rental, "ProductExchanged", change)[1], "")
        self.done(self.rent(self.units[0]), "RentalConfirmed")
        self.refused(self.rent(unit), "RentalConfirmed", rental.name)

    def test_a_shorter_rental_frees_the_rest(self):
        rental = self.rent(self.units[0], first=1, last=10)
        self.done(rental, "RentalConfirmed")
        self.assertEqual(self.told(rental, "RentalShortened", {"planned_end": self.day(5)})[1], "")
        other = self.rent(self.units[0], first=6, last=10)
        self.done(other, "RentalConfirmed")
        longer = {"planned_end": self.day(7)}
        self.refused(rental, "RentalExtended", f"D1 is booked by {other.name}", longer)

    def test_as_of_a_moment(self):
        rental = self.rent(self.units[0])
        self.done(rental, "RentalConfirmed", "RentalCancelled")
        at = self.env["event.boundary"].state_at("rental.unit", self.units[0].name, version=2)
        days = [self.day(1), self.day(10), 1]
        self.assertEqual(at["state"]["bookings"], {rental.name: days})
        at = self.env["event.boundary"].state_at("rental.unit", self.units[0].name)
        self.assertEqual(at["state"]["bookings"], {})


class TestStories(BoundaryCase):
    """The boundaries as declared: pure, and the same in whatever way they are folded."""

    def rental(self, name, *event_types, quantity=1, start=START, end=END):
        payload = {"product_id": self.chair.id, "quantity": quantity}
        yield (
            f"rental/{name}",
            "RentalPlanned",
            {**payload, "planned_start": start, "planned_end": end},
        )
        for event_type in event_types:
            yield f"rental/{name}", event_type

    def owned(self, change=2, why="bought"):
        payload = {"product_id": self.chair.id, "change": change, "why": why}
        return f"rental_stock/P{self.chair.id}", "QuantityChanged", payload

    def test_a_story(self):
        key = str(self.chair.id)
        story = scenario(self.env, boundary="rental.stock")
        story.given(self.owned(), *self.rental("R1", "RentalConfirmed", quantity=2))
        story.given(*self.rental("R2"))
        story.when(("rental/R2", "RentalConfirmed")).then(rejected("R1 has 2 from"))
        story.when(("rental/R1", "RentalCancelled")).then({key: {"bookings": {}, "owned": 2}})
        story.when(("rental/R2", "RentalConfirmed"))
        story.then({key: {"bookings": {"R2": [START, END, 1]}, "out": {}}})

    def test_the_lint_has_nothing_to_say(self):
        history = [
            self.owned(),
            *self.rental("R1", "RentalConfirmed", "EquipmentDelivered", quantity=2),
            *self.rental("R2", "RentalConfirmed"),
            ("rental/R1", "EquipmentReturned"),
            ("rental/R2", "RentalConfirmed"),
            ("rental/R2", "PlanChanged", {"planned_end": "2026-04-01"}),
        ]
        self.assertEqual(lint_boundary(self.env, "rental.stock", [history]), [])
        self.assertEqual(lint_boundary(self.env, "rental.unit", [history]), [])


class TestSwitchedOn(BoundaryCase):
    """A store that has events: what is read then is what appends gave."""

    def known(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT boundary, key, version, state FROM event_boundary_state"
            " WHERE version > 0 AND boundary LIKE 'rental.%' ORDER BY 1, 2"
        )
        states = self.env.cr.fetchall()
        self.env.cr.execute(
            "SELECT boundary, key, version, event_id, details FROM event_boundary_event"
            " WHERE boundary LIKE 'rental.%' ORDER BY 1, 2, 3"
        )
        return states, self.env.cr.fetchall()

    def test_over_the_demo_data(self):
        (unit,) = self.acquire("D1")
        live = self.known()
        self.assertGreater(len(live[1]), 50)
        for status in self.env["event.boundary.status"].search([("boundary", "like", "rental.")]):
            for table in ("event_boundary_event", "event_boundary_state"):
                self.env.cr.execute(f"DELETE FROM {table} WHERE boundary = %s", [status.boundary])
            status.write({"state": "reading", "position": 0})
            self.env.flush_all()
            with self.assertRaisesRegex(UserError, "does not count yet"):
                self.rent(unit)._apply_event("RentalConfirmed", {})
            while status.state in ("reading", "folding"):
                status._work()
            self.assertEqual((status.state, status.message), ("ready", False))
        self.assertEqual(self.known(), live)
