from odoo import fields, models


class EventStorePolicyWizard(models.TransientModel):
    """The manager's own choice beside those for the whole database."""

    _inherit = "event.store.policy.wizard"

    event_digest = fields.Boolean(
        string="Send Me a Weekly Digest",
        default=lambda self: self.env.user.sudo().event_digest,
        help="A mail every week: what was attempted in the last one, and which rules were broken.",
    )

    def action_save(self):
        result = super().action_save()
        self.env.user.sudo().event_digest = self.event_digest
        return result

    def action_send_digest(self):
        """Send the digest of last week to whoever asks, now."""
        self.ensure_one()
        return self.env["event.digest"]._send_now(self.env.user)
