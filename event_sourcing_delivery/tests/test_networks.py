"""Which addresses may be connected to."""

from odoo.exceptions import ValidationError

from odoo.addons.test_event_sourcing.common import EventCase

from ..models.event_destination_networks import NETWORKS
from ..networks import AddressRefused, check_address, parse_networks


class TestNetworks(EventCase):
    def is_refused(self, text, allowed="", encrypted=True):
        try:
            check_address(text, parse_networks(allowed), encrypted)
        except AddressRefused:
            return True
        return False

    def test_what_is_inside_the_network_is_refused(self):
        for text in (
            *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
            *("100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1"),
            *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
            # Addresses that stand for others: mapped, 6to4, and NAT64.
            *("::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::10.0.0.1"),
            # In ways of one network (RFC 8215, RFC 6145), compatible, and formerly private.
            *("64:ff9b:1::10.0.0.1", "::ffff:0:10.0.0.1", "::10.0.0.1", "fec0::1", "5f00::1"),
        ):
            with self.subTest(address=text):
                self.assertTrue(self.is_refused(text))

    def test_the_internet_is_reached_encrypted_alone(self):
        internet = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::93.184.216.34")
        for text in internet:
            self.assertFalse(self.is_refused(text))
            self.assertTrue(self.is_refused(text, encrypted=False))

    def test_what_is_allowed_is_reached(self):
        self.assertFalse(self.is_refused("10.1.2.3", "10.0.0.0/8, 192.168.1.5", encrypted=False))
        self.assertFalse(self.is_refused("::ffff:10.1.2.3", "10.0.0.0/8"))
        self.assertTrue(self.is_refused("10.1.2.3", "192.168.0.0/16"))
        self.assertTrue(self.is_refused("::1", "0.0.0.0/0"))

    def test_networks_are_checked_when_they_are_entered(self):
        settings = self.env["res.config.settings"]
        settings.create({"event_sourcing_delivery_networks": "10.0.0.0/8, ::1"}).execute()
        self.assertEqual(self.env["ir.config_parameter"].get_param(NETWORKS), "10.0.0.0/8, ::1")
        with self.assertRaises(ValidationError):
            settings.create({"event_sourcing_delivery_networks": "10.0.0.0/8; elsewhere"})
