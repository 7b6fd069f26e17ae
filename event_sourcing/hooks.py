"""What the ORM cannot clean up by itself when the addon is uninstalled."""

from .sql_functions import drop_functions

FUNCTIONS = (
    "event_store_refuse_change",
    "event_seal_refuse_change",
    "event_store_note_key",
    "event_store_key_refuse_change",
)


def uninstall_hook(env):
    """Drop functions; tables go with the models."""
    if env["event.partition"]._partitioned():
        # Odoo drops ordinary tables only.
        env.cr.execute("DROP TABLE event_store, event_store_key CASCADE")
    env.cr.execute("DROP TABLE IF EXISTS event_archive_stream")
    for name in FUNCTIONS:
        env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
    drop_functions(env.cr)
