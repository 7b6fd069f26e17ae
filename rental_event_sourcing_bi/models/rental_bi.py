from odoo import models
from odoo.tools import SQL


class RentalBiSnapshot(models.AbstractModel):
    """``event_bi.bi_rental_snapshot``: what is true of each rental now, with names."""

    _name = "rental.bi.snapshot"
    _description = "Rentals for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_rental_snapshot"

    def _bi_query(self):
        return SQL(
            """
            SELECT snapshot.id AS snapshot_id,
                   snapshot.aggregate_id AS rental,
                   snapshot.version,
                   snapshot.status,
                   snapshot.partner_id AS customer_id,
                   customer.name AS customer,
                   snapshot.product_id,
                   template.name ->> 'en_US' AS product,
                   snapshot.quantity,
                   snapshot.planned_start,
                   snapshot.planned_end,
                   snapshot.demo_end,
                   snapshot.delivered_on,
                   snapshot.returned_on,
                   snapshot.monthly_price,
                   snapshot.invoiced_amount,
                   snapshot.damage_count,
                   snapshot.damage_cost,
                   snapshot.damage_charged,
                   snapshot.credited_amount,
                   snapshot.late_fee_amount,
                   snapshot.damage_billed,
                   snapshot.owed_amount,
                   snapshot.deposit_held,
                   snapshot.last_damage,
                   snapshot.cancel_reason,
                   snapshot.last_event_type AS last_event,
                   snapshot.last_event_date AS last_event_on,
                   company.name AS company,
                   currency.name AS currency
              FROM rental_snapshot AS snapshot
              LEFT JOIN res_partner AS customer ON customer.id = snapshot.partner_id
              LEFT JOIN product_product AS product ON product.id = snapshot.product_id
              LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
              LEFT JOIN res_company AS company ON company.id = snapshot.company_id
              LEFT JOIN res_currency AS currency ON currency.id = company.currency_id
            """
        )


class RentalBiAttempt(models.AbstractModel):
    """Whose rental, and of what, an attempt was about: as the rental is now."""

    _inherit = "event.bi.attempt"

    def _bi_columns(self):
        return {
            **super()._bi_columns(),
            "customer": SQL("customer.name"),
            "product": SQL("template.name ->> 'en_US'"),
        }

    def _bi_tables(self):
        return [
            *super()._bi_tables(),
            SQL(
                """
                LEFT JOIN rental_snapshot AS rental
                       ON rental.model_name = event.model_name
                      AND rental.aggregate_id = event.aggregate_id
                      AND rental.company_id = event.company_id
                LEFT JOIN res_partner AS customer ON customer.id = rental.partner_id
                LEFT JOIN product_product AS product ON product.id = rental.product_id
                LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
                """
            ),
        ]
