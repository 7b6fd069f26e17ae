"""What every suite shares: pytest-odoo on top of a tree that lies outside the addons."""

import os

import pytest
from hypothesis import HealthCheck, settings

try:
    from odoo.tests.common import BaseCase
except ImportError:  # the suite of the tooling needs no Odoo
    BaseCase = None

# How long a loaded machine takes for an example says nothing about the code.
settings.register_profile("patient", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Classes outside an addon's own tests are not tagged by Odoo.
if BaseCase is not None and not hasattr(BaseCase, "test_tags"):
    BaseCase.test_tags = {"standard", "at_install"}


def pytest_collection_modifyitems(items):
    """Let those come last that fill a database: others read all that is in it."""
    items.sort(key=lambda item: bool(item.get_closest_marker("fills")))


@pytest.fixture(scope="session")
def odoo_server():
    """Start real Odoo processes on a copy of the test database; all end with the session.

    There is one for each number of workers, and PATH: the next test finds it running, or started
    again.

    ::

        def test_something(odoo_server):
            server = odoo_server(workers=2)
            uid, call = server.login("admin", "admin")
            call("event.store", "append", "counter", "C1", "Added", {"amount": 1})
            server.kill()      # kill -9, with its workers
            server.start()
    """
    from support.server import OdooServer

    servers = {}

    def start(workers=0, path=os.environ["PATH"]):
        key = workers, path
        if key not in servers:
            environment = {**os.environ, "PATH": path}
            servers[key] = OdooServer(os.environ["ES_LIVE_DATABASE"], workers, environment)
        server = servers[key]
        return server if server.runs() else server.start()

    yield start
    for server in servers.values():
        server.kill()
