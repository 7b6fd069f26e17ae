"""Webhooks as managers set them up. What is sent: tests/concurrency."""

from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_delivery.models.event_destination_networks import NETWORKS
from odoo.addons.test_event_sourcing.common import EventCase

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


class TestWebhook(EventCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param(NETWORKS, False)

    def create(self, **vals):
        return self.env["event.destination"].create(
            {"name": "Hook", "kind": "webhook", "address": "https://example.com/", **vals}
        )

    def test_only_addresses_of_the_web_are_taken(self):
        self.create(address="https://example.com:8443/events?token=1")
        for address in (
            *("example.com", "ftp://example.com/", "https://", "https://:80/", "https://a b/"),
            *("https://example.com:99999/", "http://127.0.0.1/", "https://10.0.0.1/"),
            *("https://[::1]/", "https://user:pw@example.com/", "javascript:alert(1)"),
            *("https://.example.com/", "https://*.example.com/", f"https://{'ä' * 64}.example/"),
        ):
            with self.subTest(address=address), self.assertRaises(ValidationError):
                self.create(address=address)

    def test_an_address_inside_is_taken_once_it_is_allowed(self):
        self.env["ir.config_parameter"].set_param(NETWORKS, "10.0.0.0/8")
        self.create(address="http://10.0.0.1:8080/")

    def test_a_secret_is_one_of_standard_webhooks(self):
        made = self.create(secret=SECRET)
        self.assertEqual(made._secrets(), (SECRET, None))
        for secret in ("plain", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", "C2FVsBQIhrs"):
            with self.subTest(secret=secret), self.assertRaises(UserError) as caught:
                made.secret = secret
            self.assertNotIn(secret.removeprefix("whsec_") or "none", str(caught.exception))

    def test_it_signs_for_another_address_too(self):
        made = self.create(secret=SECRET)
        made.address = "https://other.example.com/"
        self.assertEqual(made._secrets(), (SECRET, None))

    def test_it_is_not_started_without_a_secret(self):
        made = self.create()
        with self.assertRaises(UserError):
            made.action_start()
        made.secret = SECRET
        made.action_start()
        self.assertEqual(made.state, "running")
