import base64
import binascii
from functools import partial
from urllib.parse import urlsplit

import requests

from odoo import _, fields, models
from odoo.exceptions import UserError, ValidationError

from ..sender import WebhookSender, WebhookSettings

PREFIX = "whsec_"
# Bytes of a secret, as Standard Webhooks say.
LEAST, MOST = 24, 64


class EventDestination(models.Model):
    """Destinations to which events are posted."""

    _inherit = "event.destination"

    kind = fields.Selection(selection_add=[("webhook", "Webhook")], ondelete={"webhook": "cascade"})

    def _check_address_webhook(self, address):
        try:
            parts = urlsplit(address)
            known = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
            requests.Request("POST", address).prepare()  # as it will be sent
            (parts.hostname or "").encode("idna")  # as it will be looked up
        except ValueError:  # of requests, too
            known = False
        if not known or not address.isprintable() or " " in address:
            raise ValidationError(
                _("The address of a webhook begins with https:// and names a server.")
            )
        self._check_host(parts.hostname, parts.scheme == "https")

    def _check_secret_webhook(self, secret):
        key = b""
        if secret.startswith(PREFIX):
            try:
                key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
            except (binascii.Error, ValueError):
                key = b""
        if not LEAST <= len(key) <= MOST:
            raise UserError(
                _(
                    "The secret of a webhook is %(prefix)s and the Base64 of %(least)s to"
                    " %(most)s random bytes; the command “openssl rand -base64 32” makes such.",
                    prefix=PREFIX,
                    least=LEAST,
                    most=MOST,
                )
            )

    def _secret_audience_webhook(self):
        return self.kind  # it signs, and is told to nobody

    def _sender_webhook(self):
        secrets = tuple(filter(None, self._secrets()))
        if not secrets:
            raise UserError(
                _("Enter the secret first with which %(name)s is signed.", name=self.name)
            )
        settings = WebhookSettings(self.address.strip(), secrets, self._allowed_networks())
        return partial(WebhookSender, settings)
