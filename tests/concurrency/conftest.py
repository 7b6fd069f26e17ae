"""What the tests share that really commit."""

import os

import pytest

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry


@pytest.fixture
def env():
    """Give an environment in a transaction of its own, for each time it is called."""
    opened = []

    def new():
        cr = Registry(os.environ["ES_DB"]).cursor()
        opened.append(cr)
        return api.Environment(cr, SUPERUSER_ID, {})

    yield new
    for cr in opened:
        if not cr.closed:
            cr.rollback()
            cr.close()
