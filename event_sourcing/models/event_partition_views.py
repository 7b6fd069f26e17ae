from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class EventPartitionViews(models.AbstractModel):
    """Views on the store: they would follow the table that is renamed."""

    _inherit = "event.partition"

    @api.model
    def _drop_views(self):
        """Drop the views for BI tools, and refuse where somebody else made others."""
        for view in self._bi_views():
            below = SQL.identifier(view._table)
            self._execute(SQL("DROP VIEW IF EXISTS %s CASCADE", below))
        others = self._fetch(
            "SELECT DISTINCT ev_class::regclass::text FROM pg_depend"
            " JOIN pg_rewrite ON pg_rewrite.oid = objid"
            " WHERE refobjid = 'event_store'::regclass AND classid = 'pg_rewrite'::regclass"
        )
        if others:
            raise UserError(
                _(
                    "%(views)s look at the event store and would show a part of it only. Drop"
                    " them, and create them again afterwards.",
                    views=", ".join(name for (name,) in others),
                )
            )

    @api.model
    def _make_views(self):
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
