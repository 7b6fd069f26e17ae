"""Streams of NATS as managers set them up. What is published: tests/concurrency."""

from urllib.parse import unquote

from odoo.exceptions import UserError, ValidationError

from odoo.addons.event_sourcing_delivery.message import UNAVAILABLE, Message
from odoo.addons.event_sourcing_delivery.models.event_destination_networks import NETWORKS
from odoo.addons.event_sourcing_delivery.subject import subject_of, token
from odoo.addons.test_event_sourcing.common import EventCase

from ..login import login_of
from ..models.event_destination import servers_of
from ..sender import NatsSender, NatsSettings

JWT = f"eyJ0eXAi.eyJqdGki.{'x-_' * 28}xy"
SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
CREDS = (
    f"-----BEGIN NATS USER JWT-----{JWT}------END NATS USER JWT------ notes"
    f" -----BEGIN USER NKEY SEED-----{SEED}------END USER NKEY SEED------"
)


class TestNats(EventCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param(NETWORKS, False)

    def create(self, **vals):
        return self.env["event.destination"].create(
            {"name": "Stream", "kind": "nats", "address": "tls://nats.example.com", **vals}
        )

    def test_only_servers_of_nats_are_taken(self):
        for address in (
            *("tls://nats.example.com:4222", "nats://nats.example.com"),
            *("tls://a.example.com, tls://b.example.com:4223", "tls://a.example.com/"),
        ):
            self.create(address=address)
        for address in (
            *("nats.example.com", "https://nats.example.com", "tls://", "tls://:4222", ","),
            *("tls://a.example.com:99999", "tls://a.example.com/odoo", "tls://10.0.0.1"),
            *("tls://a.example.com,nats://b.example.com", "nats://93.184.216.34"),
            *("tls://a.example.com,tls://[::1]:4222", "tls://user:pw@a.example.com"),
        ):
            with self.subTest(address=address), self.assertRaises(ValidationError):
                self.create(address=address)

    def test_an_address_inside_is_taken_once_it_is_allowed(self):
        self.env["ir.config_parameter"].set_param(NETWORKS, "10.0.0.0/8")
        made = self.create(address="nats://10.0.0.1:4222 nats://10.0.0.2:4222")
        self.assertEqual(servers_of(made.address), ("nats://10.0.0.1:4222", "nats://10.0.0.2:4222"))

    def test_credentials_that_are_none_are_refused_without_naming_them(self):
        made = self.create(secret=CREDS)
        self.assertEqual(made._secrets(), (CREDS, None))
        with self.assertRaises(UserError) as caught:
            made.secret = CREDS.replace(SEED, "SUABC")
        self.assertNotIn("SUABC", str(caught.exception))

    def test_it_needs_no_secret(self):
        made = self.create()
        made.action_start()
        self.assertEqual(made.state, "running")


class TestLogin(EventCase):
    def said(self, secret):
        return {name: say() for name, say in login_of(secret, bool).items()}

    def test_a_secret_is_a_user_with_a_password_or_a_token(self):
        self.assertEqual(self.said("writer:p:w"), {"user": "writer", "password": "p:w"})
        self.assertEqual(self.said("s3cr3t"), {"token": "s3cr3t"})

    def test_credentials_sign_what_the_server_asks(self):
        for text in (CREDS, CREDS.replace("-----", "-----\n")):
            login = login_of(text, bool)
            self.assertEqual(login["user_jwt_cb"](), JWT.encode())
            self.assertEqual(len(login["signature_cb"]("nonce")), 88)

    def test_nothing_is_said_where_that_is_not_allowed(self):
        def refuse():
            raise PermissionError

        for secret in ("writer:pw", "s3cr3t", CREDS):
            for say in login_of(secret, refuse).values():
                values = ("nonce",) if say.__code__.co_argcount else ()
                with self.assertRaises(PermissionError):
                    say(*values)

    def test_settings_do_not_name_their_secrets(self):
        self.assertNotIn("pw", repr(NatsSettings(("tls://a",), "db", ("writer:pw",))))


class TestSubjects(EventCase):
    def message(self, model_name, event_type, body=b"{}"):
        return Message("1", model_name, event_type, "A", "odoo:x", body)

    def test_a_subject_has_four_tokens(self):
        self.assertEqual(
            subject_of("demo.17", self.message("library.book", "BookLent")),
            "odoo.demo%2E17.library%2Ebook.BookLent",
        )

    def test_names_that_differ_have_tokens_that_differ(self):
        names = ["a.b", "a%2Eb", "a_b", "a b", "a*", "a>", "a", "貸出", "a\r\nPUB x", "%"]
        tokens = [token(name) for name in names]
        self.assertEqual(len(set(tokens)), len(names))
        self.assertEqual([unquote(one) for one in tokens], names)
        for one in tokens:
            self.assertTrue(one.isascii() and one.isprintable())
            self.assertFalse(set(one) & set(". *>"))


class TestNobodyThere(EventCase):
    def test_a_server_that_is_not_there_is_away(self):
        for address, said in (
            ("tls://nats.invalid:4222", "nats.invalid cannot be reached"),
            ("tls://[::1]:9", "inside the network"),
        ):
            sender = NatsSender(NatsSettings((address,), "db"))
            result = sender.send(Message("1", "counter", "Added", "A", "odoo:x", b"{}"))
            sender.close()
            self.assertEqual(result.state, UNAVAILABLE)
            self.assertIn(said, result.answer)
            self.assertTrue(result.pause)
