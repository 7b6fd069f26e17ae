import secrets

from psycopg2.extensions import encrypt_password

from odoo import api, models
from odoo.tools import SQL

from .event_store import FAILURE_TYPES

SCHEMA = "event_bi"
CONNECTIONS = 20
TIMEOUT = "10min"


class EventBi(models.AbstractModel):
    """Views for BI tools, and the one role that reads them and nothing else.

    The views stand in a schema of their own. They run with the rights of Odoo's role and
    show all companies; their reader has no right on any table.
    """

    _name = "event.bi"
    _description = "Views for BI"

    # ------------------------------------------------------------------
    # Views
    # ------------------------------------------------------------------

    @api.model
    def _views(self):
        """Return ``{name: SELECT as SQL}``; other addons add theirs."""
        recorded = SQL(
            """
            LEFT JOIN res_users AS recorder ON recorder.id = event.create_uid
            LEFT JOIN res_partner AS recorder_partner ON recorder_partner.id = recorder.partner_id
            LEFT JOIN res_company AS company ON company.id = event.company_id
            """
        )
        return {
            "bi_event": SQL(
                """
                SELECT event.id AS event_id, event.model_name AS aggregate_type,
                       event.aggregate_id, event.version, event.event_type,
                       event.event_type IN %s AS is_failure_event,
                       event.timestamp AS happened_on, event.create_date AS recorded_on,
                       recorder_partner.name AS recorded_by, company.name AS company,
                       event.outcome, event.error_message AS reason, event.broken_rule,
                       event.payload, event.event_uuid, event.correlation_id,
                       event.causation_id, event.schema_version
                  FROM event_store AS event %s
                """,
                FAILURE_TYPES,
                recorded,
            ),
            "bi_misoperation": SQL(
                "SELECT %s FROM (%s) AS event %s %s",
                SQL(", ").join(
                    SQL("%s AS %s", expression, SQL.identifier(name))
                    for name, expression in self._misoperation_columns().items()
                ),
                self.env["event.attempt"]._attempt_events(),
                recorded,
                self._misoperation_tables(),
            ),
        }

    @api.model
    def _misoperation_columns(self):
        """Return ``{name: SQL}`` of the attempts; as in ``event.attempt``."""
        return {
            "event_id": SQL("event.id"),
            "happened_on": SQL("event.timestamp"),
            "week": SQL("date_trunc('week', event.timestamp)::date"),
            "aggregate_type": SQL("event.model_name"),
            "aggregate_id": SQL("event.aggregate_id"),
            "event_type": SQL("event.event_type"),
            "outcome": SQL("event.outcome"),
            "misoperation_rate": SQL("CASE event.outcome WHEN 'rejected' THEN 100.0 ELSE 0 END"),
            "system_error_rate": SQL("CASE event.outcome WHEN 'failed' THEN 100.0 ELSE 0 END"),
            "broken_rule": SQL("event.broken_rule"),
            "reason": SQL("event.error_message"),
            "recorded_by": SQL("recorder_partner.name"),
            "company": SQL("company.name"),
        }

    @api.model
    def _misoperation_tables(self):
        """Return what other addons join to the attempts, as SQL."""
        return SQL("")

    @api.model
    def _create_views(self):
        """Create the views as they are defined today; done by every update."""
        self.env.cr.execute(SQL("CREATE SCHEMA IF NOT EXISTS %s", SQL.identifier(SCHEMA)))
        for name, query in self._views().items():
            view = SQL("%s.%s", SQL.identifier(SCHEMA), SQL.identifier(name))
            self.env.cr.execute(SQL("DROP VIEW IF EXISTS %s", view))
            self.env.cr.execute(SQL("CREATE VIEW %s AS %s", view, query))
        if self._role_exists():
            for statement in self._grants():
                self.env.cr.execute(statement)

    # ------------------------------------------------------------------
    # The reader
    # ------------------------------------------------------------------

    @api.model
    def _role(self):
        """Return the name of the reader: roles are the cluster's, so it names the database."""
        return f"{self.env.cr.dbname}_bi"[:63]

    @api.model
    def _role_exists(self):
        self.env.cr.execute("SELECT FROM pg_roles WHERE rolname = %s", [self._role()])
        return bool(self.env.cr.rowcount)

    @api.model
    def _may_create_roles(self):
        self.env.cr.execute(
            "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _grants(self):
        """Return what lets the reader read the views, as a list of SQL."""
        role, schema = SQL.identifier(self._role()), SQL.identifier(SCHEMA)
        return [
            SQL("GRANT CONNECT ON DATABASE %s TO %s", SQL.identifier(self.env.cr.dbname), role),
            SQL("GRANT USAGE ON SCHEMA %s TO %s", schema, role),
            SQL("GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s", schema, role),
        ]

    @api.model
    def _limits(self):
        """Return what keeps the reader modest, as a list of SQL."""
        role = SQL.identifier(self._role())
        return [
            SQL("ALTER ROLE %s CONNECTION LIMIT %s", role, CONNECTIONS),
            SQL("ALTER ROLE %s SET default_transaction_read_only = on", role),
            SQL("ALTER ROLE %s SET statement_timeout = %s", role, TIMEOUT),
            SQL("ALTER ROLE %s SET search_path = %s", role, SCHEMA),
        ]

    @api.model
    def _create_reader(self):
        """Create the role, or give it a new password.

        :return: the password, which is stored nowhere: PostgreSQL gets its hash
        """
        password = secrets.token_urlsafe(24)
        connection = self.env.cr._cnx
        hashed = encrypt_password(password, self._role(), connection, "scram-sha-256")
        verb = SQL("ALTER") if self._role_exists() else SQL("CREATE")
        self.env.cr.execute(
            SQL(
                "%s ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %s",
                verb,
                SQL.identifier(self._role()),
                hashed,
            )
        )
        for statement in (*self._limits(), *self._grants()):
            self.env.cr.execute(statement)
        return password

    @api.model
    def _drop_reader(self):
        """Take away what the role may, and the role."""
        if not self._role_exists():
            return
        role, schema = SQL.identifier(self._role()), SQL.identifier(SCHEMA)
        database = SQL.identifier(self.env.cr.dbname)
        for statement in (
            SQL("REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %s", schema, role),
            SQL("REVOKE ALL ON SCHEMA %s FROM %s", schema, role),
            SQL("REVOKE ALL ON DATABASE %s FROM %s", database, role),
            SQL("DROP ROLE %s", role),
        ):
            self.env.cr.execute(statement)

    @api.model
    def _statements(self):
        """Return what an administrator of the database runs where Odoo may not, as text."""
        cursor = self.env.cr._obj
        statements = [
            SQL("CREATE ROLE %s LOGIN PASSWORD %s", SQL.identifier(self._role()), "…"),
            *self._limits(),
            *self._grants(),
        ]
        return "".join(
            cursor.mogrify(statement.code, statement.params).decode() + ";\n"
            for statement in statements
        )
