from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.names import MAX_NAME
from odoo.addons.event_sourcing_base.zones import find_zone


class EventStoreZone(models.Model):
    """In which time zone people read and write times."""

    _inherit = "event.store"

    @api.model
    def _user_zone(self):
        """Return the time zone in which the user reads and writes times.

        :raise UserError: for one that is unknown on this machine
        """
        name = self.env.context.get("tz") or self.env.user.tz or "UTC"
        return self._known_zone(name)

    @api.model
    def _known_zone(self, name):
        """Return a time zone by its name.

        :raise UserError: for one that is unknown on this machine
        """
        zone = find_zone(name)
        if zone is None:
            raise UserError(
                _(
                    "The time zone %(zone)s is unknown on this machine; choose another one, in"
                    " your preferences or in the dialog.",
                    zone=repr(name)[:MAX_NAME],
                )
            )
        return zone
