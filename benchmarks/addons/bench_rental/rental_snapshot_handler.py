from odoo import api, models

from odoo.addons.rental_event_sourcing.models.rental_adopted import Newcomers


class RentalSnapshotHandler(models.AbstractModel):
    """Lets streams that others begin stay without an order: the others make none."""

    _inherit = "rental.snapshot.handler"

    @api.model
    def _source_records(self, model_name, keys, heads):
        found = super()._source_records(model_name, keys, heads)
        return [records for records in found if not isinstance(records, Newcomers)]
