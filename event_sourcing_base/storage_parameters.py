"""How PostgreSQL keeps a table."""

from odoo.tools import SQL

from .partitioned_tables import is_partitioned


def set_storage_parameters(cr, table, settings):
    """Give a table its storage parameters; what somebody set by hand stays.

    A partitioned one holds no rows and takes none: its partitions have them.

    :param cr: cursor
    :param str table: its name
    :param dict settings: parameters with their values
    """
    if is_partitioned(cr, table):
        return
    cr.execute("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", [table])
    there = {option.partition("=")[0] for option in cr.fetchone()[0] or ()}
    missing = [
        SQL("%s = %s", SQL.identifier(name), value)
        for name, value in settings.items()
        if name not in there
    ]
    if missing:
        cr.execute(SQL("ALTER TABLE %s SET (%s)", SQL.identifier(table), SQL(", ").join(missing)))
