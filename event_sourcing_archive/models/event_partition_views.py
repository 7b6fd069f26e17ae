from odoo import _, api, models
from odoo.exceptions import UserError


class EventPartitionViews(models.AbstractModel):
    """Views on the store: they would follow the table that is renamed."""

    _inherit = "event.partition"

    @api.model
    def _drop_views(self):
        """Drop the views of our addons, and refuse where somebody else made others."""
        self.env["event.store"]._drop_dependent_views()
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
