"""Photos: the file stays with the rental, its hash in the event."""

import base64
import hashlib
from io import BytesIO

from PIL import Image

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.testing import rejected, scenario
from odoo.addons.rental_event_sourcing import photos
from odoo.addons.test_event_sourcing.common import make_user

from .test_rental_order import USER, RentalCase

MEGABYTE = 1024 * 1024


def picture(padding=0):
    """Return a PNG, followed by so many bytes that no viewer looks at."""
    file = BytesIO()
    Image.new("RGB", (4, 4), "red").save(file, "PNG")
    return file.getvalue() + b"\0" * padding


class TestPhotos(RentalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = make_user(cls.env, "photo-clerk", USER)

    def attachment(self, content, name="lens.png"):
        vals = {"name": name, "raw": content, "res_model": "rental.movement.wizard"}
        return self.env["ir.attachment"].with_user(self.clerk).create(vals)

    def confirmed(self):
        order = self.order()
        order._apply_event("RentalConfirmed")
        return order

    def dialog(self, order, event_type, **answers):
        action = order.with_user(self.clerk)._ask(event_type)
        wizard = self.env[action["res_model"]].with_user(self.clerk)
        wizard = wizard.with_context(**action["context"])
        return wizard.create({**wizard.default_get(list(wizard._fields)), **answers})

    def last(self, order):
        domain = [("aggregate_id", "=", order.name)]
        return self.store.search(domain, order="version desc", limit=1)

    def test_of_a_delivery_a_damage_and_a_return(self):
        order, content = self.confirmed(), picture()
        digest = hashlib.sha256(content).hexdigest()
        for event_type, answers in (
            ("EquipmentDelivered", {}),
            ("DamageReported", {"description": "Lens"}),
            ("EquipmentReturned", {}),
        ):
            photo = self.attachment(content)
            answers["photo_ids"] = [(6, 0, photo.ids)]
            self.dialog(order, event_type, **answers).action_record()
            event = self.last(order)
            self.assertEqual((event.event_type, event.outcome), (event_type, "applied"))
            self.assertEqual(event.payload["photos"], [{"name": "lens.png", "sha256": digest}])
            self.assertEqual((photo.res_model, photo.res_id), ("rental.order", order.id))
        self.assertNotIn("photos", order._current_state())

    def test_of_several_rentals_each_has_the_file(self):
        orders = self.confirmed() + self.confirmed()
        orders._apply_event("EquipmentDelivered")
        photo = self.attachment(picture())
        answers = {"description": "Hail", "photo_ids": [(6, 0, photo.ids)]}
        self.dialog(orders, "DamageReported", **answers).action_record()
        domain = [("res_model", "=", "rental.order"), ("res_id", "in", orders.ids)]
        found = self.env["ir.attachment"].search(domain)
        self.assertEqual(set(found.mapped("res_id")), set(orders.ids))
        self.assertEqual(found.mapped("raw"), [photo.raw] * 2)

    def test_one_that_is_evidence_of_another_rental_stays_there(self):
        first, second = self.confirmed(), self.confirmed()
        photo = self.attachment(picture())
        for order in (first, second):
            answers = {"photo_ids": [(6, 0, photo.ids)]}
            self.dialog(order, "EquipmentDelivered", **answers).action_record()
        self.assertEqual(photo.res_id, first.id)
        domain = [("res_model", "=", "rental.order"), ("res_id", "=", second.id)]
        self.assertEqual(self.env["ir.attachment"].search(domain).raw, photo.raw)

    def test_one_of_20_mb_is_refused_with_a_sentence(self):
        order = self.confirmed()
        photo = self.attachment(picture(20 * MEGABYTE))
        dialog = self.dialog(order, "EquipmentDelivered", photo_ids=[(6, 0, photo.ids)])
        with self.assertRaisesRegex(UserError, "lens.png has 20.0 MB; at most 10 MB"):
            dialog.action_record()
        self.assertEqual(order.status, "confirmed")
        self.assertEqual(self.last(order).event_type, "RentalConfirmed")

    def test_the_limit_itself_fits(self):
        content = picture(photos.MAX_BYTES - len(picture()))
        self.assertEqual(len(content), photos.MAX_BYTES)
        photo = self.attachment(content)
        self.dialog(
            self.confirmed(), "EquipmentDelivered", photo_ids=[(6, 0, photo.ids)]
        ).action_record()
        self.assertEqual(photo.res_model, "rental.order")

    def test_what_is_none_or_too_many(self):
        text = self.attachment(b"to whom it may concern", "letter.txt")
        many = self.env["ir.attachment"].union(
            *(self.attachment(picture()) for _n in range(photos.MAX_COUNT + 1))
        )
        for files, sentence in ((text, "letter.txt is no photo"), (many, "At most 20 photos")):
            dialog = self.dialog(
                self.confirmed(), "EquipmentDelivered", photo_ids=[(6, 0, files.ids)]
            )
            with self.assertRaisesRegex(UserError, sentence):
                dialog.action_record()

    def test_a_file_in_the_event_is_refused(self):
        order = self.confirmed()
        content = base64.b64encode(b"\0" * 20 * MEGABYTE).decode()
        with self.assertRaisesRegex(UserError, "keep files as attachments"):
            self.store.append(
                "rental",
                order.name,
                "EquipmentDelivered",
                {"photos": [{"name": "a.png", "sha256": content}]},
            )
        self.assertEqual(order.status, "confirmed")

    def test_without_a_hash_it_is_no_photo(self):
        rental = scenario(self.env, "rental").given("RentalPlanned", "RentalConfirmed")
        for photo, sentence in (
            ({"name": "a.png"}, "SHA-256"),
            ({"name": "a.png", "sha256": "abc"}, "64 hexadecimal digits"),
        ):
            rental.when(("EquipmentDelivered", {"photos": [photo]})).then(rejected(sentence))
