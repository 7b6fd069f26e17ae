from odoo import api, fields, models


class RentalEventHelp(models.AbstractModel):
    """Says in a dialog what the event means that it records. Inherit it with ``event_type``."""

    _name = "rental.event.help.mixin"
    _description = "What an Event Means"
    _help_of = "rental.snapshot.handler"

    event_help = fields.Char(compute="_compute_event_help")

    @api.depends(lambda self: () if self._abstract else ("event_type",))
    @api.depends_context("lang")
    def _compute_event_help(self):
        words = self.env[self._help_of]._event_help()
        for wizard in self:
            wizard.event_help = words.get(wizard.event_type, "")
