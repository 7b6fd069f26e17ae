"""What every suite shares: pytest-odoo on top of a tree that lies outside the addons."""

import os

import pytest

try:
    from odoo.tests.common import BaseCase
except ImportError:  # the suite of the tooling needs no Odoo
    BaseCase = None

# Classes outside an addon's own tests are not tagged by Odoo.
if BaseCase is not None and not hasattr(BaseCase, "test_tags"):
    BaseCase.test_tags = {"standard", "at_install"}


@pytest.fixture(scope="session")
def odoo_server():
    """Start real Odoo processes on a copy of the test database; all end with the session.

    ::

        def test_something(odoo_server):
            server = odoo_server(workers=2)
            uid, call = server.login("admin", "admin")
            call("event.store", "append", "counter", "C1", "Added", {"amount": 1})
            server.kill()      # kill -9, with its workers
            server.start()
    """
    from support.server import OdooServer

    started = []

    def start(**options):
        server = OdooServer(os.environ["ES_LIVE_DATABASE"], **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()
