from odoo import fields, models


class EventStoreReference(models.Model):
    """Who ever recorded an event in which company: neither can be deleted any more.

    Stands for the foreign keys of the events themselves. A check per event would take
    longer than writing it; here it is made once, when somebody records the first one.
    """

    _name = "event.store.reference"
    _inherit = "access.first.mixin"
    _description = "Recorder of Events"
    _holds_history = True
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_store_reference_user_company_uniq"
            " ON event_store_reference (user_id, company_id)"
        )
