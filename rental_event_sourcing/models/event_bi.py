from odoo import api, models
from odoo.tools import SQL


class EventBi(models.AbstractModel):
    """Rentals for BI tools."""

    _inherit = "event.bi"

    @api.model
    def _views(self):
        return {
            **super()._views(),
            "bi_rental_snapshot": SQL(
                """
                SELECT rental.aggregate_id AS rental, rental.status, rental.version,
                       rental.partner_id AS customer_id, customer.name AS customer,
                       rental.product_id, product.code AS product_code,
                       product.name ->> 'en_US' AS product,
                       rental.quantity, rental.planned_start, rental.planned_end,
                       rental.demo_end, rental.delivered_on, rental.returned_on,
                       rental.monthly_price, rental.invoiced_amount, rental.damage_count,
                       rental.damage_cost, rental.damage_charged, rental.last_damage,
                       rental.cancel_reason, rental.last_event_type, rental.last_event_date,
                       company.name AS company
                  FROM rental_snapshot AS rental
                  LEFT JOIN res_partner AS customer ON customer.id = rental.partner_id
                  LEFT JOIN rental_product AS product ON product.id = rental.product_id
                  LEFT JOIN res_company AS company ON company.id = rental.company_id
                """
            ),
        }

    @api.model
    def _misoperation_columns(self):
        return {
            **super()._misoperation_columns(),
            "product": SQL("product.name ->> 'en_US'"),
            "customer": SQL("customer.name"),
        }

    @api.model
    def _misoperation_tables(self):
        return SQL(
            """
            %s
            LEFT JOIN rental_snapshot AS rental
                   ON rental.model_name = event.model_name
                  AND rental.aggregate_id = event.aggregate_id
            LEFT JOIN rental_product AS product ON product.id = rental.product_id
            LEFT JOIN res_partner AS customer ON customer.id = rental.partner_id
            """,
            super()._misoperation_tables(),
        )
