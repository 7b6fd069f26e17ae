from psycopg2 import errors, extensions, sql

from odoo import _, api, models
from odoo.exceptions import UserError

from ..bi_role import excess_privileges, role_name, script_of
from .event_bi_view import SCHEMA

SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "5min",
    "search_path": SCHEMA,
}
MAX_CONNECTIONS = 10
MARK = "Reads the BI views of the Odoo database "


class EventBiReader(models.AbstractModel):
    """The database role that reads the BI views of this database, and nothing else."""

    _name = "event.bi.reader"
    _description = "Reader of the BI Views"

    @api.model
    def _role_name(self):
        """Return the role's name: roles are the cluster's, so it holds the database's."""
        return role_name(self.env.cr.dbname)

    @api.model
    def _status(self):
        """Return a dict: ``exists``, ``ours`` (made for this database), ``reads`` (it may
        use the schema), ``may_create`` (Odoo's own role may create roles)."""
        self.env.cr.execute(
            """
            SELECT role.oid IS NOT NULL,
                   shobj_description(role.oid, 'pg_authid') IS NOT DISTINCT FROM %s,
                   EXISTS (SELECT FROM pg_namespace AS place, aclexplode(place.nspacl) AS acl
                            WHERE place.nspname = %s AND acl.grantee = role.oid),
                   own.rolsuper OR own.rolcreaterole
              FROM pg_roles AS own LEFT JOIN pg_roles AS role ON role.rolname = %s
             WHERE own.rolname = current_user
            """,
            [self._mark(), SCHEMA, self._role_name()],
        )
        return dict(
            zip(("exists", "ours", "reads", "may_create"), self.env.cr.fetchone(), strict=True)
        )

    @api.model
    def _open(self, password):
        """Create the role, or give it a new password.

        The password reaches neither the database nor a log: PostgreSQL is sent what SCRAM
        derives from it.

        :return: "" when that is done, else the SQL that a database administrator has to run
        :raise UserError: when the name is taken, or the role could do more than read
        """
        status = self._checked_status()
        statements = self._opening(password, status["exists"])
        try:
            with self.env.cr.savepoint():
                for statement in statements:
                    self.env.cr.execute(statement, log_exceptions=False)
        except errors.InsufficientPrivilege:
            return script_of(self.env.cr.dbname, statements)
        findings = self._findings()
        if findings:
            raise UserError(
                _(
                    "Access was not given, because the database user could do more than read the"
                    " BI views: %(findings)s. Ask your database administrator to revoke that,"
                    " from PUBLIC or from this user, then try again.",
                    findings=", ".join(findings),
                )
            )
        return ""

    @api.model
    def _close(self):
        """Take the role's rights away and drop it.

        :return: "" when it is gone, else the SQL that a database administrator has to run
        """
        status = self._checked_status()
        for name in self._readers(made_here=True):
            # Also those that a copied database still names.
            self._execute("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}", role=name)
            self._execute("REVOKE ALL ON SCHEMA {schema} FROM {role}", role=name)
        if not status["exists"]:
            return ""
        if not self._public_connects():
            self._execute("REVOKE CONNECT ON DATABASE {database} FROM {role}")
        drop = self._composed("DROP ROLE {role}")
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(drop, log_exceptions=False)
        except errors.DependentObjectsStillExist:
            if self._drop_with_belongings(drop):
                return ""
            # A copy of this database still names it: it goes when that has let go of it.
            self._execute("ALTER ROLE {role} NOLOGIN PASSWORD NULL")
            return script_of(self.env.cr.dbname, [drop])
        except errors.InsufficientPrivilege:
            return script_of(self.env.cr.dbname, [drop])
        return ""

    @api.model
    def _drop_with_belongings(self, drop):
        """Drop the role with what it made for itself here; return whether it is gone.

        Every role may make large objects, which PostgreSQL lets nobody but its administrator
        forbid; they belong to the role, and would keep it from being dropped.

        :param str drop: the statement that drops the role
        """
        try:
            with self.env.cr.savepoint():
                for template in (
                    "ALTER ROLE {role} NOLOGIN",
                    "GRANT {role} TO CURRENT_USER",
                    "DROP OWNED BY {role}",
                ):
                    self._execute(template)
                self.env.cr.execute(drop, log_exceptions=False)
        except (errors.DependentObjectsStillExist, errors.InsufficientPrivilege):
            return False
        return True

    @api.model
    def _grant_again(self, view):
        """Let the readers of the schema read a view that was made anew.

        :param str view: its name in the schema
        """
        for name in self._readers():
            self._execute("GRANT SELECT ON {schema}.{view} TO {role}", view=view, role=name)

    @api.model
    def _readers(self, made_here=False):
        """Return the names of the roles that may use the schema.

        :param bool made_here: only those made by this addon, in this database or, where
            this one is a copy, in the one that it was copied from
        """
        self.env.cr.execute(
            """
            SELECT DISTINCT role.rolname
              FROM pg_namespace AS place, aclexplode(place.nspacl) AS acl
              JOIN pg_roles AS role ON role.oid = acl.grantee
             WHERE place.nspname = %s AND acl.privilege_type = 'USAGE'
               AND acl.grantee != place.nspowner
               AND (NOT %s OR starts_with(shobj_description(role.oid, 'pg_authid'), %s))
             ORDER BY role.rolname
            """,
            [SCHEMA, made_here, MARK],
        )
        return [name for (name,) in self.env.cr.fetchall()]

    @api.model
    def _findings(self):
        """Return what the role could do beyond reading the views, as a list of words."""
        words = {
            "relation": _("read or write %(name)s"),
            "schema": _("create tables in the schema %(name)s"),
            "database": _("create schemas"),
            "function": _("run %(name)s with its owner's rights"),
            "member": _("act as %(name)s"),
            "cluster": _("administer the server"),
        }
        found = excess_privileges(self.env.cr, self._role_name(), SCHEMA)
        return [words[kind] % {"name": name} for kind, name in found]

    def _checked_status(self):
        status = self._status()
        if status["exists"] and not status["ours"]:
            raise UserError(
                _(
                    "There is a database user %(role)s already that was not made here;"
                    " ask your database administrator to rename or drop it.",
                    role=self._role_name(),
                )
            )
        return status

    def _opening(self, password, exists):
        name = self._role_name()
        verifier = extensions.encrypt_password(password, name, self.env.cr._cnx, "scram-sha-256")
        login = "{verb} ROLE {role} LOGIN NOINHERIT CONNECTION LIMIT {limit} PASSWORD {verifier}"
        verb = sql.SQL("ALTER" if exists else "CREATE")
        limit = sql.Literal(MAX_CONNECTIONS)
        statements = [
            self._composed(login, verb=verb, limit=limit, verifier=sql.Literal(verifier)),
            self._composed("COMMENT ON ROLE {role} IS {mark}", mark=sql.Literal(self._mark())),
        ]
        for setting, value in SETTINGS.items():
            statements.append(
                self._composed(
                    "ALTER ROLE {role} SET {setting} = {value}",
                    setting=setting,
                    value=sql.Literal(value),
                )
            )
        if not self._public_connects():
            statements.append(self._composed("GRANT CONNECT ON DATABASE {database} TO {role}"))
        self.env.cr.execute("SELECT current_user, to_regnamespace(%s) IS NULL", [SCHEMA])
        owner, missing = self.env.cr.fetchone()
        if missing:
            create = "CREATE SCHEMA {schema} AUTHORIZATION {owner}"
            statements.append(self._composed(create, owner=owner))
        return [
            *statements,
            self._composed("GRANT USAGE ON SCHEMA {schema} TO {role}"),
            self._composed("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"),
        ]

    def _public_connects(self):
        self.env.cr.execute(
            "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
        )
        return self.env.cr.fetchone()[0]

    def _execute(self, template, **parts):
        self.env.cr.execute(self._composed(template, **parts))

    def _composed(self, template, **parts):
        """Return a statement as text; a part that is a string is a name."""
        parts = {
            "role": self._role_name(),
            "schema": SCHEMA,
            "database": self.env.cr.dbname,
            **parts,
        }
        named = {k: sql.Identifier(v) if isinstance(v, str) else v for k, v in parts.items()}
        return sql.SQL(template).format(**named).as_string(self.env.cr._obj)

    def _mark(self):
        return MARK + self.env.cr.dbname
