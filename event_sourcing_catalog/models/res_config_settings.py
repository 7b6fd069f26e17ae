from odoo import api, fields, models

from odoo.addons.event_sourcing_base.compat import check_access

POLICY_NAMES = [
    ("record", "Keep the event and record the reason"),
    ("reject", "Raise an error and store nothing"),
    ("reject_and_record", "Raise an error and record the attempt"),
]


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
        string="When a Failure Stops an Event",
        default="record",
        config_parameter="event_sourcing.error_policy",
        help="For handlers that choose no policy of their own.",
    )

    @api.model
    def default_get(self, fields_list):
        """Give the engine's settings to those who may change settings; Odoo gives them to all."""
        own = [name for name in fields_list or () if str(name).startswith("event_sourcing_")]
        if own:
            check_access(self.browse(), "create")
        return super().default_get(fields_list)
