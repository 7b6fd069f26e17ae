from odoo import _, models
from odoo.exceptions import ValidationError

from ..networks import AddressRefused, check_address, parse_networks

NETWORKS = "event_sourcing_delivery.allowed_networks"


class EventDestinationNetworks(models.Model):
    """Where destinations may be: on the Internet, and in networks that Settings allow."""

    _inherit = "event.destination"

    def _allowed_networks(self):
        return parse_networks(self.env["ir.config_parameter"].sudo().get_param(NETWORKS))

    def _check_host(self, host, encrypted):
        """Refuse an address inside the network, unless it is allowed.

        :param str host: numbers; what a name stands for is looked at whenever it is connected to
        :param bool encrypted: whether TLS is spoken
        :raise ValidationError: with a sentence
        """
        try:
            check_address(host, self._allowed_networks(), encrypted)
        except AddressRefused as error:
            raise ValidationError(
                _(
                    "This address is inside the network, or not encrypted. An administrator can"
                    " allow it under Settings, Event Sourcing, Delivery."
                )
            ) from error
        except ValueError:
            return  # a name
