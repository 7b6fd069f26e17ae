"""What the ORM cannot clean up by itself when the addon is uninstalled."""

from contextlib import suppress

from odoo.exceptions import UserError

from .models.event_bi_view import SCHEMA


def uninstall_hook(env):
    """Drop what BI tools read, and the database user that reads it."""
    with suppress(UserError):  # a role of that name that was not made here is left alone
        env["event.bi.reader"]._close()
    env.cr.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
