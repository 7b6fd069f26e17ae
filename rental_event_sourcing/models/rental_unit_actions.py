from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.arguments import shown
from odoo.addons.event_sourcing.compat import check_access

# What needs more than a click is asked for by the wizard.
ASKED = ("MaintenanceStarted", "UnitDamaged", "UnitRetired")


class RentalUnitActions(models.Model):
    """What a person can do with units, one or many at once."""

    _inherit = "rental.unit"

    def action_record_event(self, event_type):
        """Record an event about each unit of self, or ask for what it needs.

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
        if event_type in ASKED:
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
        """Return what the button says that records an event."""
        return {
            "MaintenanceStarted": _("Start maintenance"),
            "MaintenanceEnded": _("End maintenance"),
            "UnitDamaged": _("Report damage"),
            "UnitRetired": _("Retire unit"),
        }.get(event_type) or self.env["rental.unit.snapshot.handler"]._event_label(event_type)

    def _done_sentence(self, event_type, names):
        units = names[0] if len(names) == 1 else _("%(count)s units", count=len(names))
        done = {
            "MaintenanceStarted": _("Maintenance of %(units)s started", units=units),
            "MaintenanceEnded": _("Maintenance of %(units)s ended", units=units),
            "UnitDamaged": _("Damage of %(units)s recorded", units=units),
            "UnitRetired": _("%(units)s retired", units=units),
        }.get(event_type) or self.env["rental.unit.snapshot.handler"]._event_label(event_type)
        if len(names) == 1:
            return _("%(done)s.", done=done)
        return _("%(done)s: %(names)s.", done=done, names=self._listed(names))

    def _record_and_tell(self, event_type, payload=None):
        """Record an event about each unit, and say what became of each.

        One that is refused does not stop the others: it is kept as an attempt.
        """
        events = self._apply_event(event_type, payload, policy="record")
        done, refused = [], {}
        for unit, event in zip(self, events, strict=True):
            if event.outcome == "applied":
                done.append(unit.display_name)
            else:
                refused.setdefault(event.error_message, []).append(unit.display_name)
        sentence = self._done_sentence(event_type, done) if done else ""
        told = self.env["rental.order.words"]._told(sentence, refused, len(self))
        action = self._action_label(event_type)
        label = self.env["rental.unit.snapshot.handler"]._event_label(event_type)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": label if done else _("Not possible: %(action)s", action=action),
                "message": told,
                "className": "text-prewrap",
                "type": "warning" if refused else "success",
                "sticky": bool(refused),
                # Closes the wizard, if there is one, and loads the records anew.
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_start_maintenance(self):
        return self.action_record_event("MaintenanceStarted")

    def action_end_maintenance(self):
        return self.action_record_event("MaintenanceEnded")

    def action_report_damage(self):
        return self.action_record_event("UnitDamaged")

    def action_retire(self):
        return self.action_record_event("UnitRetired")
