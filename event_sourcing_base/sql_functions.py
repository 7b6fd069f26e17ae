"""Functions in the database that an append calls.

PostgreSQL plans what is in a function once per session. As plain statements, planning the
few that store one event takes longer than running them.
"""

from hashlib import sha256

from odoo.tools import SQL

MARK = "event_sourcing"
# A plan that is kept must suit also when the tables have grown: the streams and snapshots
# of a batch are always looked up by their keys.
PLANS = (
    *("plan_cache_mode = force_generic_plan", "enable_seqscan = off"),
    *("enable_hashjoin = off", "enable_mergejoin = off"),
)


def ensure_function(cr, name, arguments, returns, body):
    """Create a function in the database, unless it is there just so.

    :param str arguments: names and types, such as ``rows json, moment timestamp``
    :param str returns: a type, ``void`` or ``TABLE (…)``
    :param str body: PL/pgSQL, what stands between BEGIN and END
    """
    settings = " ".join(f"SET {setting}" for setting in PLANS)
    text = f"""
        CREATE FUNCTION "{name}"({arguments}) RETURNS {returns} LANGUAGE plpgsql {settings}
        AS $function$
        #variable_conflict use_column
        BEGIN {body}
        END $function$
    """
    mark = f"{MARK} {sha256(text.encode()).hexdigest()[:16]}"
    if _mark_of(cr, name) == mark:
        return
    # Another process may be about to do the same. Any user of the database could hold an
    # advisory lock for ever; this one only the owner of the tables.
    cr.execute("LOCK TABLE ir_module_module IN SHARE UPDATE EXCLUSIVE MODE")
    if _mark_of(cr, name) == mark:
        return
    cr.execute(SQL("DROP FUNCTION IF EXISTS %s", SQL.identifier(name)))
    cr.execute(SQL(text.replace("%", "%%")))
    cr.execute(SQL("COMMENT ON FUNCTION %s IS %s", SQL.identifier(name), mark))


def drop_functions(cr):
    """Drop all functions that were made here."""
    cr.execute(
        """
        SELECT oid::regprocedure::text FROM pg_proc
         WHERE pronamespace = current_schema::regnamespace
           AND obj_description(oid, 'pg_proc') LIKE %s
        """,
        [f"{MARK} %"],
    )
    for (function,) in cr.fetchall():
        cr.execute(SQL(f"DROP FUNCTION {function}"))


def _mark_of(cr, name):
    cr.execute(
        """
        SELECT obj_description(oid, 'pg_proc') FROM pg_proc
         WHERE pronamespace = current_schema::regnamespace AND proname = %s
        """,
        [name],
    )
    row = cr.fetchone()
    return row and row[0]
