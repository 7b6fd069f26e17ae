from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import RuleViolation

from .. import photos

TAKEN_WITH = ("EquipmentDelivered", "EquipmentReturned", "DamageReported")


class RentalSnapshotHandler(models.AbstractModel):
    """Photos are named by the hash of their file, which an event is too small for."""

    _inherit = "rental.snapshot.handler"

    @api.model
    def _check_new(self, event):
        super()._check_new(event)
        for photo in event.payload.get("photos") or []:
            if not photos.SHA256.fullmatch(photo["sha256"]):
                message = _(
                    "The photo %(photo)s needs the SHA-256 of its file, 64 hexadecimal digits.",
                    photo=photo["name"],
                )
                raise RuleViolation(message, "photo_hash")

    def _payload_labels(self):
        return {
            **super()._payload_labels(),
            "photos": _("Photos"),
            "name": _("Name"),
            "sha256": _("SHA-256 of the file"),
        }

    def _payload_help(self):
        return {
            **super()._payload_help(),
            "photos": _("Each with its name and the SHA-256 of its file, not the file."),
        }

    def _rule_labels(self):
        return {**super()._rule_labels(), "photo_hash": _("A photo is named by its SHA-256.")}


class RentalPhotosMixin(models.AbstractModel):
    """Takes photos in a dialog; what is recorded keeps them at the rental."""

    _name = "rental.photos.mixin"
    _description = "Photos of Equipment"

    photo_ids = fields.Many2many(
        "ir.attachment",
        string="Photos",
        help="The files stay with the rental, their hashes in its history; 10 MB each at most.",
    )

    def _photos(self):
        """Return what the payload says of the photos: nothing without any.

        :raise UserError: for what is no photo, too large, or too many of them
        """
        if len(self.photo_ids) > photos.MAX_COUNT:
            raise UserError(
                _("At most %(count)s photos can be added at once.", count=photos.MAX_COUNT)
            )
        for photo in self.photo_ids:
            if not (photo.mimetype or "").startswith("image/"):
                raise UserError(_("%(name)s is no photo; remove it.", name=photo.name))
            self._check_photo_size(photo.name, photo.file_size)
        known = [photos.said(photo.name, photo.raw) for photo in self.photo_ids]
        return {"photos": known} if known else {}

    @api.model
    def _check_photo_size(self, name, size):
        """Refuse a photo that is too large.

        :param int size: in bytes
        """
        if size > photos.MAX_BYTES:
            raise UserError(
                _(
                    "The photo %(name)s has %(size)s MB; at most %(limit)s MB are possible."
                    " Make it smaller, or take it with a lower resolution.",
                    name=name,
                    size=round(size / 1024 / 1024, 1),
                    limit=photos.MAX_BYTES // 1024 // 1024,
                )
            )

    def _keep_photos(self, orders):
        """Let the photos be attachments of rentals, each of all of them.

        One that belongs to another record, as its evidence maybe, stays there.
        """
        for photo in self.photo_ids:
            is_new = not photo.res_id and not photo.res_field
            for order in orders[1:] if is_new else orders:
                photo.copy({"res_model": order._name, "res_id": order.id, "res_field": False})
            if is_new:
                photo.write({"res_model": orders._name, "res_id": orders[:1].id})
