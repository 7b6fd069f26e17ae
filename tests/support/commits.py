"""What tests that really commit do with the store."""

from odoo import SUPERUSER_ID, api
from odoo.tools import config


def database():
    """Return the name of the database of the tests."""
    name = config["db_name"]
    return name[0] if isinstance(name, list) else name


def store(cr):
    return api.Environment(cr, SUPERUSER_ID, {})["event.store"]


def add(cr, key, amount=1, **options):
    return store(cr).append("counter", key, "Added", {"amount": amount}, **options)
