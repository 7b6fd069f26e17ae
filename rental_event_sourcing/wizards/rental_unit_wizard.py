import base64
from hashlib import sha256

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.rental_unit_actions import ASKED


class RentalUnitWizard(models.TransientModel):
    """Asks for what an event needs, for one unit or many."""

    _name = "rental.unit.wizard"
    _inherit = "access.first.mixin"
    _description = "Record What Happened to Units"

    event_type = fields.Selection(selection="_selection_event_type", required=True, readonly=True)
    event_help = fields.Char(compute="_compute_event_help")
    unit_ids = fields.Many2many("rental.unit", string="Units", required=True, readonly=True)
    reason = fields.Char()
    expected_end = fields.Date(
        help="Last day on which the unit cannot be rented, as far as is known."
    )
    description = fields.Char(string="What Is Damaged")
    photo = fields.Image(
        max_width=1920, max_height=1920, help="Kept with the unit; its hash is in the event."
    )

    def _selection_event_type(self):
        labels = self.env["rental.unit.snapshot.handler"]._event_labels()
        return [(name, labels[name]) for name in ASKED]

    @api.depends("event_type")
    @api.depends_context("lang")
    def _compute_event_help(self):
        words = self.env["rental.unit.snapshot.handler"]._event_help()
        for wizard in self:
            wizard.event_help = words.get(wizard.event_type, "")

    def action_record(self):
        """Record the event about each unit; refused ones are named afterwards."""
        self.ensure_one()
        if self.event_type == "UnitRetired" and not (self.reason or "").strip():
            raise UserError(_("Say why the unit is retired: sold, lost, beyond repair."))
        if self.event_type == "UnitDamaged" and not (self.description or "").strip():
            raise UserError(_("Say what is damaged."))
        photo = base64.b64decode(self.photo) if self.photo else b""
        payload = {
            "MaintenanceStarted": {
                "reason": self.reason,
                "expected_end": fields.Date.to_string(self.expected_end),
            },
            "UnitDamaged": {
                "description": self.description,
                "photo_hash": photo and sha256(photo).hexdigest(),
            },
            "UnitRetired": {"reason": self.reason},
        }[self.event_type]
        told = self.unit_ids._record_and_tell(
            self.event_type, {key: value for key, value in payload.items() if value}
        )
        if photo and self.event_type == "UnitDamaged":
            self._keep_photo(photo)
        return told

    def _keep_photo(self, photo):
        self.env["ir.attachment"].create(
            [
                {
                    "name": _("Damage of %(unit)s", unit=unit.display_name),
                    "raw": photo,
                    "res_model": unit._name,
                    "res_id": unit.id,
                }
                for unit in self.unit_ids
                if unit.last_damage == self.description
            ]
        )
