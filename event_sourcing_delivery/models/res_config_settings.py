from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.event_sourcing_base.arguments import shown

from ..networks import parse_networks
from .event_destination_networks import NETWORKS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    event_sourcing_delivery_networks = fields.Char(
        string="Networks That Destinations May Be In",
        config_parameter=NETWORKS,
        help="Such as 10.20.0.0/16, 192.168.1.5. Without them destinations are only on the"
        " Internet, and only encrypted.",
    )

    @api.constrains("event_sourcing_delivery_networks")
    def _check_delivery_networks(self):
        for settings in self:
            text = settings.event_sourcing_delivery_networks
            try:
                parse_networks(text)
            except ValueError as error:
                raise ValidationError(
                    _(
                        "%(text)s is not a list of networks; write it like 10.20.0.0/16,"
                        " 192.168.1.5.",
                        text=shown(text),
                    )
                ) from error
