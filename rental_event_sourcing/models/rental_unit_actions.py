from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.arguments import shown
from odoo.addons.event_sourcing_base.compat import check_access

# What needs more than a click is asked for by the wizard.
WITH_DIALOG = ("MaintenanceStarted", "UnitDamaged", "UnitRetired")
ACTIONS = (*WITH_DIALOG, "MaintenanceEnded")


class RentalUnitActions(models.Model):
    """What a person can do with units, one or many at once."""

    _inherit = "rental.unit"

    def action_record_event(self, event_type):
        """Record an event about each unit of self, or ask for what it needs.

        Of many it is said first for how many it is possible: what was recorded stays recorded.

        :param str event_type: one of the handler's
        :return: an action: the wizard, or a notification that counts and names
        :raise UserError: without a unit, or for an event that units do not know
        """
        check_access(self, "write")
        known = self.env["rental.unit.snapshot.handler"]._event_labels()
        if not isinstance(event_type, str) or event_type not in known:
            raise UserError(
                _(
                    "Units know no event %(type)s; use one of: %(known)s.",
                    type=shown(event_type),
                    known=", ".join(known),
                )
            )
        if not self:
            raise UserError(_("Select at least one unit first."))
        if event_type in WITH_DIALOG or len(self) > 1:
            return self._ask(event_type)
        return self._record_and_tell(event_type)

    def _ask(self, event_type):
        return {
            "type": "ir.actions.act_window",
            "name": self._action_label(event_type),
            "res_model": "rental.unit.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_event_type": event_type,
                "default_unit_ids": [(6, 0, self.ids)],
            },
        }

    def _action_label(self, event_type):
        return {
            "MaintenanceStarted": _("Start maintenance"),
            "MaintenanceEnded": _("End maintenance"),
            "UnitDamaged": _("Report damage"),
            "UnitRetired": _("Retire unit"),
        }.get(event_type) or self._event_label(event_type)

    def _done_sentence(self, event_type, names):
        units = names[0] if len(names) == 1 else _("%(count)s units", count=len(names))
        done = {
            "MaintenanceStarted": _("Maintenance of %(units)s started", units=units),
            "MaintenanceEnded": _("Maintenance of %(units)s ended", units=units),
            "UnitDamaged": _("Damage of %(units)s recorded", units=units),
            "UnitRetired": _("%(units)s retired", units=units),
        }.get(event_type) or self._event_label(event_type)
        if len(names) == 1:
            return _("%(done)s.", done=done)
        return _("%(done)s: %(names)s.", done=done, names=self._listed(names))

    def action_start_maintenance(self):
        return self.action_record_event("MaintenanceStarted")

    def action_end_maintenance(self):
        return self.action_record_event("MaintenanceEnded")

    def action_report_damage(self):
        return self.action_record_event("UnitDamaged")

    def action_retire(self):
        return self.action_record_event("UnitRetired")
