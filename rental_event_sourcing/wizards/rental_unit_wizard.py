import base64
from hashlib import sha256

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

from ..models.rental_unit_actions import ACTIONS


class RentalUnitWizard(models.TransientModel):
    """Asks for what an event needs, for one unit or many, and says what would become of it."""

    _name = "rental.unit.wizard"
    _inherit = ["access.first.mixin", "rental.event.forecast.mixin"]
    _help_of = "rental.unit.snapshot.handler"
    _event_types = ACTIONS
    _records_field = "unit_ids"
    _description = "Record What Happened to Units"

    unit_ids = fields.Many2many("rental.unit", string="Units", required=True, readonly=True)
    reason = fields.Char()
    expected_end = fields.Date(
        help="Last day on which the unit cannot be rented, as far as is known."
    )
    description = fields.Char(string="What Is Damaged")
    photo = fields.Image(
        max_width=1920, max_height=1920, help="Kept with the unit; its hash is in the event."
    )

    @api.depends("unit_ids", "reason", "expected_end", "description")
    def _compute_forecast(self):
        return super()._compute_forecast()

    def _lacks(self):
        """Return the sentence about what was not entered yet; None where nothing is missing."""
        if self.event_type == "UnitRetired" and not (self.reason or "").strip():
            return _("Say why the unit is retired: sold, lost, beyond repair.")
        if self.event_type == "UnitDamaged" and not (self.description or "").strip():
            return _("Say what is damaged.")
        return None

    def _payload(self):
        """Return what was entered as the payload of the event; of a photo, its hash comes last."""
        payload = {
            "MaintenanceStarted": {
                "reason": self.reason,
                "expected_end": fields.Date.to_string(self.expected_end),
            },
            "UnitDamaged": {"description": self.description},
            "UnitRetired": {"reason": self.reason},
        }.get(self.event_type, {})
        return {key: value for key, value in payload.items() if value}

    def action_record(self):
        """Record the event about each unit for which it is possible.

        :raise UserError: where it is possible for none, so that what was entered stays in the
            dialog and nothing is recorded
        """
        self.ensure_one()
        if not self.unit_ids:
            raise UserError(_("Select at least one unit first."))
        lacking = self._lacks()
        if lacking:
            raise UserError(lacking)
        check_access(self.unit_ids, "write")
        refusals = self._refusals()
        units = self.unit_ids.filtered(lambda unit: refusals[unit] is None)
        if not units:
            errors = list(refusals.values())
            one = len(errors) == 1
            raise errors[0] if one else UserError(self.unit_ids._forecast_sentence(refusals))
        payload, photo = self._payload(), b""
        if self.event_type == "UnitDamaged" and self.photo:
            photo = base64.b64decode(self.photo)
            self.env["rental.photos.mixin"]._check_photo_size(self.description, len(photo))
            payload["photo_hash"] = sha256(photo).hexdigest()
        told = units._record_and_tell(self.event_type, payload)
        if photo:
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
