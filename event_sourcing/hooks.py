"""What the ORM cannot clean up by itself when the addon is uninstalled."""

from odoo.addons.event_sourcing_base.sql_functions import drop_functions


def uninstall_hook(env):
    """Drop functions; tables go with the models."""
    env.cr.execute("DROP FUNCTION IF EXISTS event_store_refuse_change() CASCADE")
    drop_functions(env.cr)
