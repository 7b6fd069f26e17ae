import hashlib
import logging

import psycopg2

from odoo import api, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

SCHEMA = "event_bi"


class EventBiView(models.AbstractModel):
    """A view for BI tools, in a PostgreSQL schema of its own.

    A model that inherits this names its view in ``_bi_view`` and returns its query in
    ``_bi_query``; other addons may extend both. What readers see is ``event_bi.<_bi_view>``.
    Below it lies a view of the same columns in Odoo's own schema: where an update changes
    the type of a column, Odoo drops the views on it by their bare name, and would not find
    one in another schema.
    """

    _name = "event.bi.view"
    _description = "View for BI Tools"
    _bi_view = None

    def init(self):
        super().init()
        if self._bi_view:
            # When the tables of the whole addon are as they are to be.
            self.pool.post_init(self._ensure_view)

    def _register_hook(self):
        """Bring back a view that an update or the removal of another addon took away."""
        super()._register_hook()
        if not self._bi_view or self._view_definition() is not None:
            return
        try:
            with self.env.cr.savepoint():
                self._ensure_view()
        except psycopg2.Error as error:
            # Reports can wait, Odoo cannot: the next update of the addon tries again.
            _logger.warning("The BI view %s could not be made: %s", self._bi_view, error)

    def _bi_query(self):
        """Return the SELECT of the view as SQL; its columns have the names that readers see."""
        raise NotImplementedError

    def _ensure_view(self):
        """Make the view where it is missing or defined otherwise; readers stay readers."""
        query = self._bi_query()
        definition = hashlib.sha256(repr((query.code, query.params)).encode()).hexdigest()[:16]
        if self._view_definition() == definition or not self._ensure_schema():
            return
        shown = SQL("%s.%s", SQL.identifier(SCHEMA), SQL.identifier(self._bi_view))
        below = SQL.identifier(self._table)
        execute = self.env.cr.execute
        execute(SQL("DROP VIEW IF EXISTS %s CASCADE", shown))
        execute(SQL("DROP VIEW IF EXISTS %s CASCADE", below))
        execute(SQL("CREATE VIEW %s AS %s", below, query))
        execute(SQL("CREATE VIEW %s AS SELECT * FROM %s", shown, below))
        execute(SQL("COMMENT ON VIEW %s IS %s", shown, f"definition {definition}"))
        self.env["event.bi.reader"]._grant_again(self._bi_view)

    def _view_definition(self):
        """Return the mark of the view's definition, None where there is no view."""
        self.env.cr.execute(
            """
            SELECT coalesce(substr(obj_description(view.oid, 'pg_class'), 12), '')
              FROM pg_class AS view JOIN pg_namespace AS place ON place.oid = view.relnamespace
             WHERE place.nspname = %s AND view.relname = %s
            """,
            [SCHEMA, self._bi_view],
        )
        row = self.env.cr.fetchone()
        return row and row[0]

    def _ensure_schema(self):
        """Make the schema; return False where Odoo's own database role may not."""
        self.env.cr.execute(
            """
            SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s),
                   has_database_privilege(current_database(), 'CREATE')
            """,
            [SCHEMA],
        )
        there, allowed = self.env.cr.fetchone()
        if not there and allowed:
            self.env.cr.execute(SQL("CREATE SCHEMA %s", SQL.identifier(SCHEMA)))
        elif not there:
            _logger.warning(
                "There are no BI views: Odoo's database role may not create the schema %s.", SCHEMA
            )
        return there or allowed


class EventStore(models.Model):
    _inherit = "event.store"

    @api.model
    def _drop_dependent_views(self):
        super()._drop_dependent_views()
        for view in self._bi_views():
            self.env.cr.execute(SQL("DROP VIEW IF EXISTS %s CASCADE", SQL.identifier(view._table)))

    @api.model
    def _create_dependent_views(self):
        super()._create_dependent_views()
        for view in self._bi_views():
            view._ensure_view()

    @api.model
    def _bi_views(self):
        base = self.env.registry["event.bi.view"]
        return [
            self.env[name]
            for name, model in self.env.registry.items()
            if issubclass(model, base) and model._bi_view
        ]
