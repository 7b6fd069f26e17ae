"""Exchanges of RabbitMQ as managers set them up. What is published: tests/concurrency."""

from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_delivery.message import UNAVAILABLE, Message
from odoo.addons.event_sourcing_delivery.models.event_destination_networks import NETWORKS
from odoo.addons.test_event_sourcing.common import EventCase

from ..address import Address, address_of
from ..sender import RabbitSender, RabbitSettings


class TestRabbitmq(EventCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param(NETWORKS, False)

    def create(self, **vals):
        return self.env["event.destination"].create(
            {
                "name": "Exchange",
                "kind": "rabbitmq",
                "address": "amqps://rabbit.example.com",
                **vals,
            }
        )

    def test_only_servers_of_rabbitmq_are_taken(self):
        for address in (
            *("amqps://rabbit.example.com:5671", "amqp://rabbit.example.com/"),
            *("amqps://a.example.com, amqps://b.example.com:5673", "amqps://a.example.com/shop"),
            *("amqps://a.example.com/%2F?exchange=events", "amqps://a.example.com/貸出"),
        ):
            self.create(address=address)
        for address in (
            *("rabbit.example.com", "https://rabbit.example.com", "amqps://", "amqps://:1", ","),
            *("amqps://a.example.com:99999", "amqps://a.example.com:0", "amqps://10.0.0.1"),
            *("amqps://a.example.com,amqp://b.example.com", "amqp://93.184.216.34"),
            *("amqps://a.example.com,amqps://b.example.com/shop", "amqps://a.example.com/a/b"),
            *("amqps://user:pw@a.example.com", "amqps://a.example.com?password=pw"),
            *("amqps://a.example.com?exchange=", "amqps://a.example.com?exchange=a&exchange=b"),
            *("amqps://a.example.com#a", "amqps://a.example.com/%FF", "amqps://a/\u200b"),
            f"amqps://a.example.com?exchange={'x' * 128}",
        ):
            with self.subTest(address=address), self.assertRaises(ValidationError):
                self.create(address=address)

    def test_an_address_inside_is_taken_once_it_is_allowed(self):
        self.env["ir.config_parameter"].set_param(NETWORKS, "10.0.0.0/8")
        self.create(address="amqp://10.0.0.1 amqp://10.0.0.2:5673")

    def test_what_an_address_says(self):
        self.assertEqual(
            address_of("amqps://a.example.com,amqps://B.example.com:5673"),
            Address((("a.example.com", 5671), ("b.example.com", 5673)), True, "/", "odoo"),
        )
        self.assertEqual(
            address_of("amqp://[::1]/shop%2F1?exchange=a%20b"),
            Address((("::1", 5672),), False, "shop/1", "a b"),
        )

    def test_the_secret_is_a_user_and_a_password(self):
        made = self.create(secret="odoo:p:w")
        self.assertEqual(made._secrets(), ("odoo:p:w", None))
        for secret in ("s3cr3t", ":s3cr3t", "s3cr3t:"):
            with self.assertRaises(UserError) as caught:
                made.secret = secret
            self.assertNotIn("s3cr3t", str(caught.exception))
        self.assertFalse(made.read(["secret"])[0]["secret"])

    def test_it_needs_a_secret(self):
        made = self.create()
        with self.assertRaises(UserError):
            made.action_start()
        made.secret = "odoo:pw"
        made.action_start()
        self.assertEqual(made.state, "running")

    def test_settings_do_not_name_their_secrets(self):
        settings = RabbitSettings(address_of("amqp://a"), "db", ("odoo:pw",))
        self.assertNotIn("pw", repr(settings))


class TestNobodyThere(EventCase):
    def test_a_server_that_is_not_there_is_away(self):
        for url, said in (
            ("amqps://rabbit.invalid", "rabbit.invalid cannot be reached"),
            ("amqps://[::1]:9", "inside the network"),
        ):
            sender = RabbitSender(RabbitSettings(address_of(url), "db", ("odoo:pw",)))
            result = sender.send(Message("1", "counter", "Added", "A", "odoo:x", b"{}"))
            sender.close()
            self.assertEqual(result.state, UNAVAILABLE)
            self.assertIn(said, result.answer)
            self.assertTrue(result.pause)
