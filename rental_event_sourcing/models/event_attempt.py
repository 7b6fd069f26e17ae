from odoo import fields, models
from odoo.tools import SQL


class EventAttempt(models.Model):
    """Who breaks which rule with which product, and for which customer."""

    _inherit = "event.attempt"

    product_id = fields.Many2one("product.product", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)

    def _attempt_columns(self):
        # Looked up rather than joined: most figures do not ask for them.
        return {
            **super()._attempt_columns(),
            **{
                name: SQL(
                    """
                    (SELECT rental.%s FROM rental_snapshot AS rental
                      WHERE rental.model_name = event.model_name
                        AND rental.aggregate_id = event.aggregate_id
                        AND rental.company_id = event.company_id)
                    """,
                    SQL.identifier(name),
                )
                for name in ("product_id", "partner_id")
            },
        }
