"""What the ORM cannot clean up by itself when the addon is uninstalled."""


def uninstall_hook(env):
    """Drop what only archives and partitions use.

    A store in partitions goes with the engine alone: see ``ir.module.module`` here.
    """
    if env["event.partition"]._partitioned():
        # Odoo drops ordinary tables only.
        env.cr.execute("DROP TABLE event_store, event_store_key CASCADE")
    env.cr.execute("DROP TABLE IF EXISTS event_archive_stream")
    for name in ("event_store_note_key", "event_store_key_refuse_change"):
        env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
