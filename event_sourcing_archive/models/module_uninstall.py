from odoo import _, models
from odoo.exceptions import UserError

ENGINE = "event_sourcing"
ADDON = "event_sourcing_archive"


class IrModule(models.Model):
    _inherit = "ir.module.module"

    def _check_history_is_given_up(self):
        """Refuse to leave a store in partitions without what looks after them.

        :raise UserError: when this addon is to go and the engine is to stay
        """
        names = set(self.mapped("name"))
        if ADDON in names and ENGINE not in names and self.env["event.partition"]._partitioned():
            raise UserError(
                _(
                    "The event store lies in partitions, which this addon makes and looks after:"
                    " it can only be uninstalled together with Event Sourcing itself."
                )
            )
        return super()._check_history_is_given_up()
