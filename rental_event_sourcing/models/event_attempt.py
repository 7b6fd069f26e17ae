from odoo import fields, models
from odoo.tools import SQL


class EventAttempt(models.Model):
    """Who breaks which rule with which product, and for which customer."""

    _inherit = "event.attempt"

    product_id = fields.Many2one("rental.product", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)

    def _attempt_columns(self):
        return {
            **super()._attempt_columns(),
            "product_id": SQL("rental.product_id"),
            "partner_id": SQL("rental.partner_id"),
        }

    def _attempt_tables(self):
        return [
            *super()._attempt_tables(),
            SQL(
                """
                LEFT JOIN rental_snapshot AS rental
                       ON rental.model_name = event.model_name
                      AND rental.aggregate_id = event.aggregate_id
                """
            ),
        ]
