from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    event_digest = fields.Boolean(
        string="Weekly Event Digest",
        copy=False,
        help="A mail every week: what was attempted in the last one, and which rules were broken.",
    )
    event_digest_asked_on = fields.Datetime(
        string="Event Digest Requested On", copy=False, readonly=True, groups="base.group_system"
    )
    event_digest_sent_on = fields.Date(copy=False, readonly=True)
