"""What the ORM cannot clean up by itself when the addon is uninstalled."""


def uninstall_hook(env):
    """Drop the function that refuses changes of seals; their table goes with the model."""
    env.cr.execute("DROP FUNCTION IF EXISTS event_seal_refuse_change() CASCADE")
