from functools import partial

from odoo import _, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_delivery.loop_senders import LoopSenders

from ..address import address_of
from ..sender import RabbitSender, RabbitSettings


class EventDestination(models.Model):
    """Destinations that are exchanges of RabbitMQ."""

    _inherit = "event.destination"

    kind = fields.Selection(
        selection_add=[("rabbitmq", "RabbitMQ")], ondelete={"rabbitmq": "cascade"}
    )

    def _check_address_rabbitmq(self, address):
        try:
            found = address_of(address)
        except ValueError as error:
            raise ValidationError(
                _(
                    "The address of RabbitMQ is amqps:// and the name of a server, such as"
                    " amqps://rabbit.example.com/vhost?exchange=events; several of a cluster are"
                    " separated by commas and differ in the server alone."
                )
            ) from error
        for host, _port in found.servers:
            self._check_host(host, found.encrypted)

    def _check_secret_rabbitmq(self, secret):
        login, _colon, password = secret.partition(":")
        if not login or not password:
            raise UserError(
                _("The secret of RabbitMQ is a user and a password with a colon between them.")
            )

    def _sender_rabbitmq(self):
        secrets = tuple(filter(None, self._secrets()))
        if not secrets:
            raise UserError(
                _(
                    "Enter the secret first with which %(name)s is logged in to: a user and a"
                    " password with a colon between them.",
                    name=self.name,
                )
            )
        settings = RabbitSettings(
            address_of(self.address), self.env.cr.dbname, secrets, self._allowed_networks()
        )
        return partial(RabbitSender, settings)

    def _senders_rabbitmq(self):
        return LoopSenders(self._sender())
