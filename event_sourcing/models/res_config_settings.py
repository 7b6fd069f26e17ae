from odoo import fields, models

from .snapshot_handler_entry import POLICY_NAMES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    event_sourcing_invalid_policy = fields.Selection(
        POLICY_NAMES,
        string="When an Event Breaks a Rule",
        default="record",
        config_parameter="event_sourcing.invalid_policy",
        help="For handlers that choose no policy of their own.",
    )
    event_sourcing_error_policy = fields.Selection(
        POLICY_NAMES,
        string="When a Technical Fault Stops an Event",
        default="record",
        config_parameter="event_sourcing.error_policy",
        help="For handlers that choose no policy of their own.",
    )
