from odoo import fields, models


class EventReactionSkip(models.TransientModel):
    """Ask why a reaction is to do without events."""

    _name = "event.reaction.skip"
    _inherit = "access.first.mixin"
    _description = "Skip Dead Letters"

    task_ids = fields.Many2many("event.reaction.task", string="Dead Letters", required=True)
    reason = fields.Char(required=True, help="Kept with what is skipped, for whoever asks later.")

    def action_confirm(self):
        """Skip them."""
        self.ensure_one()
        self.task_ids._skip(self.reason)
        return {"type": "ir.actions.act_window_close"}
