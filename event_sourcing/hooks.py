"""What the ORM cannot clean up by itself when the addon is uninstalled."""


def uninstall_hook(env):
    """Drop the trigger functions; the tables and triggers go with the models."""
    env.cr.execute("DROP FUNCTION IF EXISTS event_store_refuse_change() CASCADE")
