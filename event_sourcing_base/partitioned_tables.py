"""Odoo looks for ordinary tables only and would create a partitioned one anew.

An update of any addon asks which tables exist, by the kinds that Odoo knows. Without this
``-u`` ends with "relation event_store already exists" once the store is partitioned. Both
series ask this one function. It stands here, because an update comes here before the addon
that makes partitions is loaded.
"""

import functools

from odoo.modules import registry
from odoo.tools import sql


def _with_partitioned(existing_tables):
    @functools.wraps(existing_tables)
    def existing_or_partitioned(cr, tablenames):
        found = existing_tables(cr, tablenames)
        missing = set(tablenames).difference(found)
        if missing:
            cr.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'p' AND relname = ANY(%s)"
                " AND relnamespace = current_schema::regnamespace",
                [list(missing)],
            )
            found += [name for (name,) in cr.fetchall()]
        return found

    existing_or_partitioned.sees_partitioned = True
    return existing_or_partitioned


def see_partitioned_tables():
    """Let Odoo's question which tables exist know partitioned ones, too."""
    # Odoo 17 asks by a name of its own in the registry's module.
    for module in (sql, registry):
        asked = getattr(module, "existing_tables", None)
        if asked is not None and not hasattr(asked, "sees_partitioned"):
            module.existing_tables = _with_partitioned(asked)


def is_partitioned(cr, table):
    """Whether a table is a partitioned one.

    :param str table: its name; it must exist
    """
    cr.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", [table])
    return cr.fetchone()[0]
