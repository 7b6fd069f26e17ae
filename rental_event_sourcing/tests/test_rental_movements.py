"""What goes out and comes back, in parts; and what was recorded by a slip."""

import io
from hashlib import sha256

from freezegun import freeze_time
from PIL import Image

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.event_sourcing.testing import rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_rental_lines import DAYS, LineCase
from .test_rental_order import USER

LINES = {
    "1": {"product_id": 7, "quantity": 3, "unit_ids": ["7/A", "7/B"]},
    "2": {"product_id": 8, "quantity": 1},
}
PLANNED = ("RentalPlanned", {**DAYS, "lines": LINES})


def out(day="2026-02-01", **lines):
    return _movement("EquipmentDelivered", "delivered_on", day, lines)


def back(day="2026-02-20", **lines):
    return _movement("EquipmentReturned", "returned_on", day, lines)


def _movement(event_type, key, day, lines):
    said = {name.strip("l"): line for name, line in lines.items()}
    return (event_type, {key: day, **({"lines": said} if said else {})})


class TestMovements(EventCase):
    def confirmed(self, *more):
        return scenario(self.env, "rental").given(PLANNED, "RentalConfirmed", *more)

    def line(self, rental, key="1"):
        line = rental._state["lines"][key]
        return line["delivered"], line["returned"], line["out"]

    def test_all_that_is_open_goes_out_with_the_units_that_were_assigned(self):
        rental = self.confirmed().when("EquipmentDelivered").then({"status": "active"})
        self.assertEqual(self.line(rental), (3, 0, ["7/A", "7/B"]))
        rental.when("EquipmentDelivered").then(rejected("Everything is delivered already"))
        rental.when("EquipmentReturned").then({"status": "returned"})
        self.assertEqual(self.line(rental), (3, 3, []))

    def test_parts_go_out_and_come_back(self):
        rental = self.confirmed().when(out(l1={"quantity": 2})).then({"status": "active"})
        self.assertEqual(self.line(rental), (2, 0, ["7/A", "7/B"]))
        rental.when(out("2026-02-03", l1={"unit_ids": ["7/C"]}))
        rental.then({"status": "active", "delivered_on": "2026-02-01"})
        self.assertEqual(self.line(rental)[2], ["7/A", "7/B", "7/C"])
        rental.when(back(l1={"unit_ids": ["7/B"]})).then({"status": "active"})
        self.assertNotIn("returned_on", rental._state)
        rental.when(back("2026-03-01")).then({"status": "returned", "returned_on": "2026-03-01"})
        self.assertEqual(self.line(rental), (3, 3, []))
        self.assertEqual(self.line(rental, "2"), (0, 0, []))

    def test_what_cannot_move_is_refused(self):
        rental = self.confirmed()
        for event, reason in (
            (back(), "cannot be returned"),
            (out(l1={"quantity": 4}), "of 3 pieces, 0 of them are delivered; 4 more cannot go out"),
            (out(l9={"quantity": 1}), "has no line 9"),
            (out(l2={"unit_ids": ["7/C"]}), "not of the product of line 2"),
            (out(l2={"unit_ids": ["8/A", "8/B"]}), "2 more cannot go out"),
            (out(l1={"quantity": 1, "unit_ids": ["7/A", "7/B"]}), "2 units for 1 pieces"),
            (out(l1={"unit_ids": ["7/A", "7/A"]}), "name each once"),
            (out(l1={"quantity": 0}), "Lines, 1: Quantity must be at least 1."),
            (("EquipmentDelivered", {"lines": {}}), "must have 1 or more entries"),
        ):
            rental.when(event).then(rejected(reason))
        rental.given(out(l1={"quantity": 2}))
        for event, reason in (
            (back(l1={"quantity": 3}), "2 pieces are out; 3 cannot come back"),
            (back(l2={"quantity": 1}), "0 pieces are out; 1 cannot come back"),
            (back(l1={"unit_ids": ["7/C"]}), "7/C is not out in line 1; out are: 7/A, 7/B"),
            (back(l1={"quantity": 1}), "Say which units of line 1 came back"),
            (back("2026-01-31", l1={"unit_ids": ["7/A"]}), "The return is before the delivery."),
            (out(l1={"unit_ids": ["7/A"]}), "is out already"),
        ):
            rental.when(event).then(rejected(reason))

    def test_a_delivery_is_corrected(self):
        wrong = ("DeliveryCorrected", {"reason": "stayed on the truck"})
        rental = self.confirmed(out(l1={"quantity": 1}), out("2026-01-30", l2={}))
        rental.when(wrong).then({"status": "active", "delivered_on": "2026-02-01"})
        rental.when(wrong).then({"status": "confirmed", "delivered_on": None})
        self.assertEqual(self.line(rental), (0, 0, []))
        rental.when(wrong).then(rejected("has no delivery to correct"))
        rental.when(("DeliveryCorrected", {})).then(rejected("no delivery"))
        rental.given(out(l1={"quantity": 1}))
        rental.when(("DeliveryCorrected", {})).then(rejected("Reason is missing"))
        named = ("DeliveryCorrected", {"reason": "x", "movement": 3})
        rental.when(named).then(rejected("no such movement to correct; known are: 9"))
        rental.given(back(l1={"unit_ids": ["7/A"]}))
        rental.when(wrong).then(rejected("has no delivery to correct"))

    def test_what_came_back_since_is_corrected_first(self):
        wrong = ("DeliveryCorrected", {"reason": "slip"})
        rental = self.confirmed(out(l1={"unit_ids": ["7/A"]}), out(l2={}))
        rental.given(back(l1={"unit_ids": ["7/A"]}))
        first = ("DeliveryCorrected", {"reason": "slip", "movement": 3})
        rental.when(first).then(rejected("back or exchanged already; correct that first"))
        # With the rest of what is out, the rental is over.
        rental.when(wrong).then({"status": "returned", "returned_on": "2026-02-20"})

    def test_a_return_is_corrected(self):
        wrong = ("ReturnCorrected", {"reason": "counted twice"})
        rental = self.confirmed(out(), back("2026-02-10", l1={}), back("2026-02-20"))
        rental.when(wrong).then({"status": "active", "returned_on": None})
        self.assertEqual(self.line(rental, "2"), (1, 0, []))
        rental.when(wrong).then({"status": "active"})
        self.assertEqual(self.line(rental), (3, 0, ["7/A", "7/B"]))
        rental.when(wrong).then(rejected("no such movement"))
        rental.when(back()).then({"status": "returned"})

    def test_condition_photos_and_what_is_missing_are_in_the_events(self):
        digest = "0f" * 32
        went = out(l1={"quantity": 2, "condition": "As new"})
        went[1]["photos"] = [{"name": "lift.png", "sha256": digest}]
        rental = self.confirmed().when(went).then({"status": "active"})
        movement = rental._state["movements"]["3"]["lines"]["1"]
        self.assertEqual(movement["condition"], "As new")
        came = back(l1={"condition": "Scratched", "missing": "Power cable", "quantity": 2})
        rental.when(came).then({"status": "returned"})
        movement = rental._state["movements"]["4"]["lines"]["1"]
        self.assertEqual((movement["condition"], movement["missing"]), ("Scratched", "Power cable"))
        self.assertEqual(rental._state["lines"]["1"]["missing"], "Power cable")
        rental.when(("ReturnCorrected", {"reason": "slip"})).then({"status": "active"})
        self.assertNotIn("missing", rental._state["lines"]["1"])


@freeze_time("2026-02-01 03:00:00")
class TestMovementWizard(LineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crane.rental_counting = "serial"
        cls.units = cls.env["rental.unit"].create(
            [
                {"product_id": cls.crane.id, "serial_number": serial, "barcode": f"49-{serial}"}
                for serial in ("CR-1", "CR-2", "CR-3", "CR-4")
            ]
        )

    def open(self, order, method):
        action = getattr(order, method)()
        self.assertEqual(action["res_model"], "rental.movement.wizard")
        return Form(self.env[action["res_model"]].with_context(**action["context"]))

    def test_everything_open_is_proposed_and_recorded_by_line(self):
        order = self.two(**DAYS)
        order._apply_event("RentalConfirmed")
        form = self.open(order, "action_deliver")
        self.assertEqual(str(form.day), "2026-02-01")
        self.assertEqual([line["quantity"] for line in form.line_ids._records], [3, 1])
        with form.line_ids.edit(0) as line:
            line.quantity = 2
        form.scan = "49-CR-2"
        self.assertFalse(form.scan)
        form.save().action_record()
        self.assertEqual(order.status, "active")
        payload = self.last(order).payload
        crane = {"quantity": 1, "unit_ids": [self.units[1].name]}
        self.assertEqual(
            payload, {"delivered_on": "2026-02-01", "lines": {"1": {"quantity": 2}, "2": crane}}
        )
        self.assertEqual(order.line_ids[1].out_unit_ids, self.units[1])
        self.assertEqual(self.units.mapped("rental_id"), order)
        self.assertEqual(self.units[1].rental_partner_id, order.partner_id)
        self.assertEqual(self.units[1].rental_end, order.planned_end)
        self.assertFalse(self.units[0].rental_id)
        self.assertEqual((order.to_deliver, order.pieces_out), (1, 3))
        form = self.open(order, "action_return")
        self.assertEqual([line["quantity"] for line in form.line_ids._records], [2, 1])
        form.save().action_record()
        self.assertEqual(order.status, "returned")

    def test_what_is_scanned_goes_to_its_line_or_is_refused(self):
        order = self.two(**DAYS)
        order._apply_event("RentalConfirmed")
        wizard = self.open(order, "action_assign_units").save()
        for serial, sentence in (
            ("CR-1", None),
            ("CR-2", "CR-2 is none of what is open here."),  # one crane is planned
            ("XX", "There is no unit XX; add it first."),
            ("  ", None),
        ):
            wizard.scan = serial
            warning = (wizard._onchange_scan() or {}).get("warning", {}).get("message")
            self.assertEqual(warning, sentence)
        wizard.action_record()
        self.assertEqual(order.line_ids[1].unit_ids, self.units[0])
        self.assertEqual(self.last(order).event_type, "UnitsAssigned")

    def photo(self, *size):
        """Return a photo that was uploaded, and how large its file was."""
        stream = io.BytesIO()
        Image.effect_noise(size, 90).save(stream, "PNG", compress_level=1)
        file = stream.getvalue()
        return self.env["ir.attachment"].create({"name": "lift.png", "raw": file}), len(file)

    def test_photos_are_kept_with_the_rental_and_their_hashes_in_the_event(self):
        order = self.order(quantity=2, **DAYS)
        order._apply_event("RentalConfirmed")
        wizard = self.open(order, "action_deliver_part").save()
        (small, _size), (large, size) = self.photo(8, 8), self.photo(5000, 4500)
        self.assertGreater(size, 20_000_000)
        self.assertLess(len(large.raw), 5_000_000)  # Odoo keeps what a screen can show
        wizard.photo_ids = small + large
        wizard.line_ids.condition = "  As new "
        wizard.action_record()
        payload = self.last(order).payload
        self.assertEqual(
            [photo["sha256"] for photo in payload["photos"]],
            [sha256(photo.raw).hexdigest() for photo in (small, large)],
        )
        self.assertEqual(payload["lines"]["1"]["condition"], "As new")
        for photo in (small, large):
            self.assertEqual((photo.res_model, photo.res_id), ("rental.order", order.id))

    def test_what_does_not_move_is_said_before(self):
        order = self.two(**DAYS)
        order._apply_event("RentalConfirmed")
        form = self.open(order, "action_deliver")
        self.assertFalse(form.remains)
        with form.line_ids.edit(0) as line:
            line.quantity = 1
        product = order.line_ids[0].product_id.display_name
        self.assertEqual(form.remains, f"Still to go out afterwards: 2 × {product}")
        form.save().action_record()
        form = self.open(order, "action_return")
        with form.line_ids.edit(0) as line:
            line.quantity = 0
        self.assertEqual(form.remains, f"Still out afterwards: 1 × {product}")

    def test_closing_is_asked_for_first(self):
        order = self.order(**DAYS)
        for event_type in ("RentalConfirmed", "EquipmentDelivered", "EquipmentReturned"):
            order._apply_event(event_type)
        for action in (
            order.action_ask_close(),
            order.action_choose("RentalClosed"),
            order.action_move_to("closed"),
        ):
            self.assertEqual(action["res_model"], "rental.event.wizard")
            self.assertEqual(order.status, "returned")
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"])).save()
        self.assertIn("cannot be undone", wizard.event_help)
        wizard.action_record()
        self.assertEqual(order.status, "closed")

    def test_a_barcode_of_something_else_is_said_to_be_that(self):
        self.crane.write({"barcode": "4012345000018", "default_code": "CRA"})
        company = self.env["res.company"].create({"name": "Lyon"})
        self.env.user.company_ids += company
        there = self.env["rental.unit"].with_company(company)
        there.create({"product_id": self.crane.id, "serial_number": "LY-1", "barcode": "49-LY"})
        order = self.two(**DAYS)
        order._apply_event("RentalConfirmed")
        wizard = self.open(order, "action_assign_units").save()
        for text in ("4012345000018", "CRA"):
            wizard.scan = text
            message = wizard._onchange_scan()["warning"]["message"]
            self.assertIn(f"{text} stands for [CRA] Crane, not for one piece of it", message)
        for text in ("LY-1", "49-LY"):
            wizard.scan = text
            message = wizard._onchange_scan()["warning"]["message"]
            self.assertIn(f"{text} is a unit of Lyon, and the rental one of", message)
        # Who has no right to that company is told nothing of it.
        clerk = make_user(self.env, "scanner", USER)
        self.assertFalse(wizard.line_ids.unit_ids)
        theirs = wizard.with_user(clerk).with_context(allowed_company_ids=self.env.company.ids)
        message = theirs._scan_refusal("LY-1", self.units.browse())
        self.assertEqual(message, "There is no unit LY-1; add it first.")

    def test_a_refusal_keeps_the_dialog_and_records_nothing(self):
        order = self.two(**DAYS)
        order._apply_event("RentalConfirmed")
        history = self.history(order)
        wizard = self.open(order, "action_deliver_part").save()
        for quantity, sentence in ((4, "4 more cannot go out"), (0, "Nothing is entered")):
            wizard.line_ids.quantity = quantity
            with self.assertRaisesRegex(UserError, sentence):
                wizard.action_record()
        self.assertEqual(self.history(order), history)

    def test_a_rental_of_one_product_is_delivered_at_once(self):
        order = self.order(quantity=2, **DAYS)
        order._apply_event("RentalConfirmed")
        self.assertEqual(order.action_deliver()["params"]["type"], "success")
        form = self.open(order, "action_return_part")
        with form.line_ids.edit(0) as line:
            line.quantity = 1
        form.save().action_record()
        self.assertEqual((order.status, order.pieces_out), ("active", 1))

    def test_corrections_and_exchanges_are_asked_for(self):
        clerk = make_user(self.env, "moves-clerk", USER)
        order = self.two(**DAYS).with_user(clerk)
        order._apply_event("RentalConfirmed")
        order._apply_event("EquipmentDelivered")
        for method, values in (
            ("action_correct_delivery", {"reason": "stayed here"}),
            ("action_shorten", {"planned_end": "2026-03-30"}),
            (
                "action_exchange_product",
                {"line_id": order.line_ids[0].id, "product_id": self.crane.id},
            ),
        ):
            action = getattr(order, method)()
            wizard = self.env["rental.event.wizard"].with_user(clerk)
            wizard = wizard.with_context(**action["context"])
            given = {**wizard.default_get(list(wizard._fields)), **values}
            answer = wizard.create(given).action_record()
            self.assertEqual(answer["params"]["type"], "success", answer)
        self.assertEqual(order.status, "confirmed")
        self.assertEqual(str(order.planned_end), "2026-03-30")
        self.assertEqual(order.line_ids[0].product_id, self.crane)
        with self.assertRaisesRegex(UserError, "Choose one rental"):
            (order + self.two()).action_choose("ProductExchanged")

    def test_the_price_of_one_line_is_changed(self):
        order = self.two(**DAYS)
        context = order.action_change_price()["context"]
        wizard = self.env["rental.event.wizard"].with_context(**context)
        wizard = wizard.create({**wizard.default_get(list(wizard._fields)), "monthly_price": 30})
        self.assertEqual(wizard.line_count, 2)
        with self.assertRaisesRegex(UserError, "several lines"):
            wizard.action_record()
        wizard.line_id = order.line_ids[1]
        wizard.action_record()
        self.assertEqual(order.line_ids.mapped("price"), [500, 30])
