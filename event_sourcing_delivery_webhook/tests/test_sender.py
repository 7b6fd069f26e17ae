"""Posting to a real server that speaks TLS: certificates, names, and addresses."""

import datetime
import os
import ssl
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.addons.event_sourcing_delivery.message import DONE, UNAVAILABLE, Message
from odoo.addons.event_sourcing_delivery.networks import parse_networks
from odoo.addons.test_event_sourcing.common import EventCase

from ..sender import WebhookSender, WebhookSettings

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
LOOPBACK = parse_networks("127.0.0.0/8 ::1")


class Handler(BaseHTTPRequestHandler):
    """Take everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.hosts.append(self.headers["Host"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        """Say nothing."""


def make_certificate(folder, name):
    """Return the path of a certificate for a name, with its key, that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = Path(folder) / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TestTls(EventCase):
    @contextmanager
    def serving(self, name):
        """Run a server with a certificate for a name; give ``(server, path of the file)``."""
        with tempfile.TemporaryDirectory() as folder:
            path = make_certificate(folder, name)
            server = HTTPServer(("127.0.0.1", 0), Handler)
            server.hosts = []
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *_args: None  # who does not trust it hangs up
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield server, str(path)
            finally:
                server.shutdown()
                server.server_close()
                thread.join()

    def post(self, server, networks=LOOPBACK):
        url = f"https://localhost:{server.server_port}/"
        sender = WebhookSender(WebhookSettings(url, (SECRET,), networks))
        try:
            return sender.send(Message("1", "counter", "Added", "A", "odoo:x", b"{}"))
        finally:
            sender.close()

    def test_a_certificate_that_is_trusted_is_taken(self):
        with self.serving("localhost") as (server, path):
            with patch.dict(os.environ, REQUESTS_CA_BUNDLE=path):
                result = self.post(server)
            self.assertEqual((result.state, result.answer), (DONE, "HTTP 200"))
            self.assertEqual(server.hosts, [f"localhost:{server.server_port}"])

    def test_one_that_nobody_vouches_for_is_not(self):
        with self.serving("localhost") as (server, _path):
            result = self.post(server)
            self.assertEqual(result.state, UNAVAILABLE)
            self.assertIn("certificate", result.answer)
            self.assertEqual(server.hosts, [])

    def test_nor_is_one_of_another_name(self):
        with self.serving("other.example") as (server, path):
            with patch.dict(os.environ, REQUESTS_CA_BUNDLE=path):
                result = self.post(server)
            self.assertIn("certificate", result.answer)
            self.assertEqual(server.hosts, [])

    def test_a_name_that_stands_for_an_address_inside_is_refused(self):
        with self.serving("localhost") as (server, path):
            with patch.dict(os.environ, REQUESTS_CA_BUNDLE=path):
                result = self.post(server, networks=())
            self.assertEqual(result.state, UNAVAILABLE)
            self.assertIn("inside the network", result.answer)
            self.assertEqual(server.hosts, [])
