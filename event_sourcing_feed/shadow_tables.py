"""Tables in a schema beside the one that Odoo uses: made like its own, and put in their place.

Odoo writes names of tables without a schema. Where a schema stands first in ``search_path``, it
reads and writes the tables of that one.
"""

from contextlib import contextmanager

from odoo.tools import SQL


@contextmanager
def first(cr, schema):
    """Let names of tables mean those of a schema, where it has them, for a while."""
    cr.execute("SELECT current_setting('search_path')")
    before = cr.fetchone()[0]
    cr.execute("SELECT set_config('search_path', %s, true)", [f"{schema}, {before}"])
    yield
    # After an error the transaction ends, and the setting with it.
    cr.execute("SELECT set_config('search_path', %s, true)", [before])


def create(cr, schema, tables):
    """Create a schema with empty tables like those that Odoo uses, in one transaction.

    Their columns, constraints, foreign keys and indexes have the same names; ids come from the
    same sequences.
    """
    live = live_schema(cr)
    cr.execute(SQL("CREATE SCHEMA %s", SQL.identifier(schema)))
    for table in tables:
        cr.execute(
            SQL(
                "CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES)",
                _name(schema, table),
                _name(live, table),
            )
        )
    for table, name, definition, comment in _constraints(cr, live, tables):
        where = _text(cr, schema, table)
        for other in tables:
            # Among themselves they refer to the new ones.
            definition = definition.replace(
                f" REFERENCES {_text(cr, live, other)}(",
                f" REFERENCES {_text(cr, schema, other)}(",
            )
        # A plain text: whatever % is in it is meant so.
        cr.execute(" ".join(["ALTER TABLE", where, "ADD", definition]))
        if comment:
            own = SQL.identifier(name), _name(schema, table)
            cr.execute(SQL("COMMENT ON CONSTRAINT %s ON %s IS %s", *own, comment))
    for table, definition in _indexes(cr, live, tables):
        before, after = (f" ON {_text(cr, place, table)} " for place in (live, schema))
        cr.execute(definition.replace(before, after, 1))


def swap(cr, schema, tables):
    """Put the tables of a schema in the place of Odoo's, and these into the schema.

    Waits for whoever reads or writes Odoo's tables.
    """
    live, spare = live_schema(cr), f"{schema}_former"
    names = [_name(live, table) for table in tables]
    cr.execute(SQL("LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", SQL(", ").join(names)))
    cr.execute(SQL("CREATE SCHEMA %s", SQL.identifier(spare)))
    # A sequence goes along with the table that owns it, and is dropped with it.
    owned = _sequences(cr, live, tables)
    for sequence, _table, _column in owned:
        cr.execute(SQL("ALTER SEQUENCE %s OWNED BY NONE", _name(live, sequence)))
    for origin, target in ((live, spare), (schema, live)):
        for table in tables:
            move = SQL("ALTER TABLE %s SET SCHEMA %s", _name(origin, table), SQL.identifier(target))
            cr.execute(move)
    for sequence, table, column in owned:
        cr.execute(
            SQL(
                "ALTER SEQUENCE %s OWNED BY %s.%s",
                _name(live, sequence),
                _name(live, table),
                SQL.identifier(column),
            )
        )
    cr.execute(SQL("DROP SCHEMA %s", SQL.identifier(schema)))
    cr.execute(SQL("ALTER SCHEMA %s RENAME TO %s", SQL.identifier(spare), SQL.identifier(schema)))


def drop(cr, schema):
    """Drop a schema and its tables, if it is there."""
    cr.execute(SQL("DROP SCHEMA IF EXISTS %s CASCADE", SQL.identifier(schema)))


def referring(cr, tables):
    """Return what keeps Odoo's tables from being exchanged: names of tables and views.

    A foreign key and a view refer to the table itself, whatever its name and schema.
    """
    live = live_schema(cr)
    cr.execute(
        """
        WITH own AS (SELECT oid FROM pg_class
                      WHERE relnamespace = %s::regnamespace AND relname = ANY(%s))
        SELECT other::regclass::text
          FROM (SELECT conrelid AS other FROM pg_constraint
                 WHERE contype = 'f' AND confrelid IN (SELECT oid FROM own)
                 UNION
                SELECT rule.ev_class FROM pg_depend AS needs
                  JOIN pg_rewrite AS rule ON rule.oid = needs.objid
                 WHERE needs.classid = 'pg_rewrite'::regclass
                   AND needs.refclassid = 'pg_class'::regclass
                   AND needs.refobjid IN (SELECT oid FROM own)) AS found
         WHERE other NOT IN (SELECT oid FROM own)
         ORDER BY 1
        """,
        [live, list(tables)],
    )
    return [name for (name,) in cr.fetchall()]


def other_columns(cr, schema, tables):
    """Return the tables whose columns are others in a schema than in Odoo's, or that lack there."""
    live = live_schema(cr)
    cr.execute(
        """
        SELECT rel.relnamespace = %s::regnamespace, rel.relname,
               array_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod))
                         ORDER BY attname)
          FROM pg_class AS rel JOIN pg_attribute ON attrelid = rel.oid
         WHERE rel.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN (%s, %s))
           AND rel.relname = ANY(%s) AND attnum > 0 AND NOT attisdropped
         GROUP BY 1, 2
        """,
        [live, live, schema, list(tables)],
    )
    found = {(is_live, table): columns for is_live, table, columns in cr.fetchall()}
    return [table for table in tables if found.get((True, table)) != found.get((False, table))]


def live_schema(cr):
    """Return the schema of Odoo's tables."""
    cr.execute("SELECT current_schema")
    return cr.fetchone()[0]


def _name(schema, table):
    return SQL("%s.%s", SQL.identifier(schema), SQL.identifier(table))


def _text(cr, schema, table):
    """Return a name as PostgreSQL writes it in definitions."""
    cr.execute("SELECT format('%%I.%%I', %s::text, %s::text)", [schema, table])
    return cr.fetchone()[0]


def _constraints(cr, live, tables):
    """Return ``(table, name, definition, comment)``, foreign keys last, names with schemas."""
    with _qualified(cr):
        cr.execute(
            """
            SELECT rel.relname, con.conname,
                   format('CONSTRAINT %%I %%s', conname, pg_get_constraintdef(con.oid)),
                   obj_description(con.oid, 'pg_constraint')
              FROM pg_constraint AS con JOIN pg_class AS rel ON rel.oid = con.conrelid
             WHERE rel.relnamespace = %s::regnamespace AND rel.relname = ANY(%s)
               AND con.contype IN ('p', 'u', 'x', 'f')
             ORDER BY con.contype = 'f', con.oid
            """,
            [live, list(tables)],
        )
        return cr.fetchall()


def _indexes(cr, live, tables):
    """Return ``(table, definition)`` of those that belong to no constraint."""
    with _qualified(cr):
        cr.execute(
            """
            SELECT rel.relname, pg_get_indexdef(idx.indexrelid)
              FROM pg_index AS idx JOIN pg_class AS rel ON rel.oid = idx.indrelid
             WHERE rel.relnamespace = %s::regnamespace AND rel.relname = ANY(%s)
               AND NOT EXISTS (SELECT FROM pg_constraint
                                WHERE conindid = idx.indexrelid AND contype IN ('p', 'u', 'x'))
             ORDER BY idx.indexrelid
            """,
            [live, list(tables)],
        )
        return cr.fetchall()


def _sequences(cr, live, tables):
    """Return ``(sequence, table, column)`` of the sequences that tables own."""
    cr.execute(
        """
        SELECT seq.relname, rel.relname, attname
          FROM pg_depend AS owns
          JOIN pg_class AS seq ON seq.oid = owns.objid AND seq.relkind = 'S'
          JOIN pg_class AS rel ON rel.oid = owns.refobjid
          JOIN pg_attribute ON attrelid = rel.oid AND attnum = owns.refobjsubid
         WHERE owns.classid = 'pg_class'::regclass AND owns.deptype = 'a'
           AND rel.relnamespace = %s::regnamespace AND rel.relname = ANY(%s)
        """,
        [live, list(tables)],
    )
    return cr.fetchall()


@contextmanager
def _qualified(cr):
    """Let PostgreSQL write every name with its schema."""
    cr.execute("SELECT current_setting('search_path')")
    before = cr.fetchone()[0]
    cr.execute("SET LOCAL search_path TO pg_catalog")
    yield
    cr.execute("SELECT set_config('search_path', %s, true)", [before])
