"""An Odoo without a server: its registry, for those that are measured inside it."""

import os
import sys
from contextlib import contextmanager

os.environ["TZ"] = "UTC"

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

DATABASE, OPTIONS = sys.argv[1], sys.argv[2:]


def load():
    """Load the registry of the database that was named on the command line."""
    config.parse_config([f"--database={DATABASE}", "--log-level=warn", *OPTIONS])
    return Registry(DATABASE)


@contextmanager
def as_admin(registry):
    """Give an environment of the administrator, in a transaction that is rolled back.

    Not the superuser: what a person costs, rights and rules included, is to be measured.
    """
    with registry.cursor() as cr:
        superuser = api.Environment(cr, api.SUPERUSER_ID, {})
        admin = superuser.ref("base.user_admin")
        yield api.Environment(cr, admin.id, {"lang": "en_US"})
        cr.rollback()
