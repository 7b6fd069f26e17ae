"""What the ORM cannot clean up by itself when the addon is uninstalled."""


def uninstall_hook(env):
    """Drop the trigger functions and BI views; tables and triggers go with the models."""
    env["event.bi"]._drop_reader()
    env.cr.execute("DROP SCHEMA IF EXISTS event_bi CASCADE")
    for name in ("event_store_refuse_change", "event_seal_refuse_change"):
        env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
