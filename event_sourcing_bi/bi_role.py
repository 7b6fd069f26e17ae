"""A database role for BI tools: its name, its script, and what it must not be able to do."""

import hashlib

MAX_NAME = 63  # bytes; PostgreSQL would cut the rest without a word

TOO_MUCH = """
    WITH place AS (
        SELECT oid, nspname FROM pg_namespace
         WHERE nspname NOT LIKE 'pg\\_%%' AND nspname != 'information_schema'
    ), relation AS (
        SELECT class.oid, class.relkind, place.nspname, format('%%I.%%I', nspname, relname) AS name
          FROM pg_class AS class JOIN place ON place.oid = class.relnamespace
         WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
           AND NOT EXISTS (SELECT FROM pg_depend
                            WHERE classid = 'pg_class'::regclass AND objid = class.oid
                              AND deptype = 'e')
    )
    SELECT 'relation', name FROM relation
     WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege(%(role)s, oid, 'USAGE, UPDATE')
                WHEN nspname = %(schema)s THEN
                     has_table_privilege(%(role)s, oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                ELSE has_table_privilege(%(role)s, oid, 'SELECT, DELETE, TRUNCATE, TRIGGER')
                     OR has_any_column_privilege(
                            %(role)s, oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                END
    UNION ALL
    SELECT 'schema', quote_ident(nspname) FROM place
     WHERE has_schema_privilege(%(role)s, oid, 'CREATE')
    UNION ALL
    SELECT 'database', '' WHERE has_database_privilege(%(role)s, current_database(), 'CREATE')
    UNION ALL
    SELECT 'function', code.oid::regprocedure::text
      FROM pg_proc AS code JOIN place ON place.oid = code.pronamespace
     WHERE code.prosecdef AND has_function_privilege(%(role)s, code.oid, 'EXECUTE')
       AND has_schema_privilege(%(role)s, place.oid, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_depend
                        WHERE classid = 'pg_proc'::regclass AND objid = code.oid AND deptype = 'e')
    UNION ALL
    SELECT 'member', quote_ident(owner.rolname)
      FROM pg_auth_members AS member JOIN pg_roles AS owner ON owner.oid = member.roleid
     WHERE member.member = %(role)s::regrole
    UNION ALL
    SELECT 'cluster', '' FROM pg_roles
     WHERE oid = %(role)s::regrole
       AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
     LIMIT 6
"""


def role_name(database):
    """Return the name of the role for a database, never longer than PostgreSQL keeps."""
    name = f"{database}_bi"
    if len(name.encode()) <= MAX_NAME:
        return name
    return f"bi_{hashlib.sha256(database.encode()).hexdigest()[:32]}"


def script_of(database, statements):
    """Return statements as a script for psql, to be run in that database."""
    quoted = database.replace("\\", "\\\\").replace("'", "\\'")
    lines = [f"\\connect -reuse-previous=on \"dbname='{quoted}'\"", "BEGIN", *statements, "COMMIT"]
    return "\n".join([lines[0], *(f"{line};" for line in lines[1:])])


def excess_privileges(cr, role, schema):
    """Return what a role can do beyond reading a schema's views, a few examples at most.

    Each is a pair of its kind (``relation``, ``schema``, ``database``, ``function``,
    ``member`` or ``cluster``) and a name.

    What PostgreSQL lets every role do (read its catalogue, make temporary tables) and
    what belongs to an extension does not count.
    """
    cr.execute("SELECT quote_ident(%s)", [role])
    (quoted,) = cr.fetchone()
    cr.execute(
        TOO_MUCH.replace("%(role)s::regrole", "%(quoted)s::regrole"),
        {"role": role, "quoted": quoted, "schema": schema},
    )
    return cr.fetchall()
