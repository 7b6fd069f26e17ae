"""What the ORM cannot clean up by itself when the addon is uninstalled."""


def uninstall_hook(env):
    """Drop the trigger functions; the tables and triggers go with the models."""
    for name in ("event_store_refuse_change", "event_seal_refuse_change"):
        env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
