from functools import partial
from urllib.parse import urlsplit

from odoo import _, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_delivery.loop_senders import LoopSenders

from ..login import login_of
from ..sender import NatsSender, NatsSettings

SCHEMES = ("tls", "nats")


class EventDestination(models.Model):
    """Destinations that are streams of NATS JetStream."""

    _inherit = "event.destination"

    kind = fields.Selection(
        selection_add=[("nats", "NATS JetStream")], ondelete={"nats": "cascade"}
    )

    def _check_address_nats(self, address):
        servers = servers_of(address)
        try:
            parts = [urlsplit(server) for server in servers]
            known = all(
                part.scheme in SCHEMES
                and part.hostname
                and part.port != 0
                and not (part.path.strip("/") or part.query or part.fragment)
                for part in parts
            )
        except ValueError:
            known = False
        if not known or not servers or not address.isprintable():
            raise ValidationError(
                _(
                    "The address of NATS is tls:// and the name of a server, such as"
                    " tls://nats.example.com:4222; several of a cluster are separated by commas."
                )
            )
        if len({part.scheme for part in parts}) > 1:
            raise ValidationError(
                _("Either all servers of a cluster are reached with tls://, or none is.")
            )
        for part in parts:
            self._check_host(part.hostname, part.scheme == "tls")

    def _check_secret_nats(self, secret):
        try:
            login_of(secret, bool)
        except ValueError as error:
            raise UserError(
                _(
                    "The secret of NATS is a user and a password with a colon between them, a"
                    " token, or the whole text of a .creds file."
                )
            ) from error

    def _sender_nats(self):
        settings = NatsSettings(
            servers_of(self.address),
            self.env.cr.dbname,
            tuple(filter(None, self._secrets())),
            self._allowed_networks(),
        )
        return partial(NatsSender, settings)

    def _senders_nats(self):
        return LoopSenders(self._sender())


def servers_of(address):
    """Return the URLs that an address lists, separated by commas or white space."""
    return tuple((address or "").replace(",", " ").split())
