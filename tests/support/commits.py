"""What tests that really commit do with the store."""

from odoo import SUPERUSER_ID, api
from odoo.tools import config


def database():
    """Return the name of the database of the tests."""
    name = config["db_name"]
    return name[0] if isinstance(name, list) else name


def env_of(cr):
    """Return an environment with all rights, which lives as long as its cursor.

    Odoo's transactions know theirs by weak references: where the collector of cycles has been
    there before a commit, nothing would flush what was assigned.
    """
    cr.environment = api.Environment(cr, SUPERUSER_ID, {})
    return cr.environment


def store(cr):
    return env_of(cr)["event.store"]


def add(cr, key, amount=1, **options):
    return store(cr).append("counter", key, "Added", {"amount": amount}, **options)
