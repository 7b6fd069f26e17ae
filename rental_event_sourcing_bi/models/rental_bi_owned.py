from odoo import models
from odoo.tools import SQL


class RentalBiUnit(models.AbstractModel):
    """``event_bi.bi_rental_unit``: what is true of each unit now, with names."""

    _name = "rental.bi.unit"
    _description = "Units for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_rental_unit"

    def _bi_query(self):
        return SQL(
            """
            SELECT snapshot.id AS snapshot_id,
                   snapshot.aggregate_id AS unit,
                   snapshot.version,
                   snapshot.status,
                   snapshot.serial_number,
                   snapshot.product_id,
                   template.name ->> 'en_US' AS product,
                   snapshot.acquired_on,
                   snapshot.cost,
                   snapshot.maintenance_since,
                   snapshot.maintenance_until,
                   snapshot.maintenance_reason,
                   snapshot.damaged,
                   snapshot.damage_count,
                   snapshot.last_damage,
                   snapshot.damaged_on,
                   snapshot.retired_on,
                   snapshot.retire_reason,
                   snapshot.last_event_type AS last_event,
                   snapshot.last_event_date AS last_event_on,
                   company.name AS company,
                   currency.name AS currency
              FROM rental_unit_snapshot AS snapshot
              LEFT JOIN product_product AS product ON product.id = snapshot.product_id
              LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
              LEFT JOIN res_company AS company ON company.id = snapshot.company_id
              LEFT JOIN res_currency AS currency ON currency.id = company.currency_id
            """
        )


class RentalBiStock(models.AbstractModel):
    """``event_bi.bi_rental_stock``: how many are owned of each product now."""

    _name = "rental.bi.stock"
    _description = "Quantities for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_rental_stock"

    def _bi_query(self):
        return SQL(
            """
            SELECT snapshot.id AS snapshot_id,
                   snapshot.aggregate_id AS stock,
                   snapshot.version,
                   snapshot.product_id,
                   template.name ->> 'en_US' AS product,
                   snapshot.quantity,
                   snapshot.last_change,
                   snapshot.last_why,
                   snapshot.changed_on,
                   snapshot.last_event_date AS last_event_on,
                   company.name AS company
              FROM rental_stock_snapshot AS snapshot
              LEFT JOIN product_product AS product ON product.id = snapshot.product_id
              LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
              LEFT JOIN res_company AS company ON company.id = snapshot.company_id
            """
        )
