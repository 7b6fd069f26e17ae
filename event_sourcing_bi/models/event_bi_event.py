from odoo import models
from odoo.tools import SQL

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES


class EventBiEvent(models.AbstractModel):
    """``event_bi.bi_event``: every stored event, failure events included and marked."""

    _name = "event.bi.event"
    _description = "Events for BI Tools"
    _inherit = "event.bi.view"
    _bi_view = "bi_event"

    def _bi_query(self):
        return SQL(
            """
            SELECT event.id AS event_id,
                   event.model_name AS aggregate_type,
                   event.aggregate_id,
                   event.version,
                   event.event_type,
                   event.event_type IN %s AS is_failure,
                   event.failed_event_id,
                   event.timestamp AS happened_on,
                   event.create_date AS recorded_on,
                   person.name AS recorded_by,
                   company.name AS company,
                   event.outcome,
                   event.error_message AS reason,
                   event.broken_rule,
                   event.payload,
                   event.event_uuid,
                   event.correlation_id,
                   event.causation_id,
                   event.schema_version
              FROM event_store AS event
              LEFT JOIN res_users AS account ON account.id = event.create_uid
              LEFT JOIN res_partner AS person ON person.id = account.partner_id
              LEFT JOIN res_company AS company ON company.id = event.company_id
            """,
            FAILURE_TYPES,
        )
