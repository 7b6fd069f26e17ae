"""What the ORM cannot clean up by itself when the addon is uninstalled."""

from contextlib import suppress

from odoo.exceptions import UserError

from .functions import drop_functions
from .models.event_bi_view import SCHEMA

FUNCTIONS = (
    "event_store_refuse_change",
    "event_seal_refuse_change",
    "event_store_note_key",
    "event_store_key_refuse_change",
)


def uninstall_hook(env):
    """Drop functions and what BI tools read; tables go with the models."""
    with suppress(UserError):  # a role of that name that was not made here is left alone
        env["event.bi.reader"]._close()
    env.cr.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    if env["event.partition"]._partitioned():
        # Odoo drops ordinary tables only.
        env.cr.execute("DROP TABLE event_store, event_store_key CASCADE")
    env.cr.execute("DROP TABLE IF EXISTS event_archive_stream")
    for name in FUNCTIONS:
        env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
    drop_functions(env.cr)
