from odoo import api, models


class BadReaction(models.AbstractModel):
    """One that the lint has something to say about; it subscribes to what nobody records."""

    _name = "bad.reaction"
    _inherit = "event.reaction"
    _description = "Bad Reaction"
    _subscribes = {"nothing": ("NeverHappens",)}

    @api.model
    def _react(self, event):
        self.env.cr.commit()
