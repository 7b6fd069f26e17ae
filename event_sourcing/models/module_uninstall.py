from odoo import _, api, models
from odoo.tools import format_date
from odoo.tools.misc import formatLang


class IrModule(models.Model):
    _inherit = "ir.module.module"

    @api.model
    def _last_event(self):
        self.env.cr.execute("SELECT coalesce(max(id), 0) FROM event_store")
        return self.env.cr.fetchone()[0]


class EventStoreLoss(models.Model):
    _inherit = "event.store"

    @api.model
    def _history_loss(self):
        """Return in a sentence what goes with the store when it is uninstalled."""
        self.env.cr.execute("SELECT count(*), min(create_date) FROM event_store")
        count, since = self.env.cr.fetchone()
        return _(
            "All events that were recorded since %(day)s are destroyed (%(count)s), and cannot be"
            " brought back.",
            count=formatLang(self.env, count, digits=0),
            day=format_date(self.env, since),
        )
