from odoo import fields, models


class RentalUtilisation(models.Model):
    """A read model: how much a product was out in a month, and what it brought.

    Rows stay when nothing is left of them: which months were ever touched is then the same in
    whatever order rentals came. The screens leave them out.
    """

    _name = "rental.utilisation"
    _inherit = ["access.first.mixin", "rental.totals.mixin"]
    _description = "Utilisation of Rental Products"
    _order = "month desc, product_id"
    _rec_name = "product_id"
    _log_access = False
    _export_text_as_text = True

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    # A product with rentals cannot be deleted; another one has but rows without days.
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    rentals_begun = fields.Integer(readonly=True, help="Rentals whose first day is in the month.")
    unit_days = fields.Float(
        string="Days Out (Units × Days)",
        digits=(20, 0),
        readonly=True,
        help="Days in the month, first and last one included, times pieces: as planned from the"
        " confirmation on, and as it was once delivered and returned.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    revenue = fields.Monetary(
        readonly=True, help="What was invoiced in the month, less what was credited in it."
    )
    last_event_on = fields.Datetime(
        string="Last Event", readonly=True, help="The last event that changed the row."
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_utilisation_uniq"
            " ON rental_utilisation (company_id, product_id, month)"
        )


class RentalUtilisationShare(models.Model):
    """What is known of a rental, so that its next event can correct what it added so far."""

    _name = "rental.utilisation.share"
    _inherit = "access.first.mixin"
    _description = "Rental in the Utilisation"
    _order = "company_id, aggregate_id"
    _rec_name = "aggregate_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    aggregate_id = fields.Char(string="Rental", required=True, readonly=True)
    counted = fields.Boolean(string="Its Days Count", readonly=True)
    # As the events say: ids of products are no more than numbers, whatever became of them.
    lines = fields.Json(readonly=True)
    planned_start = fields.Date(readonly=True)
    planned_end = fields.Date(readonly=True)
    movements = fields.Json(string="Deliveries and Returns", readonly=True)
    invoiced = fields.Json(string="Invoiced per Month", readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_utilisation_share_uniq"
            " ON rental_utilisation_share (company_id, aggregate_id)"
        )
