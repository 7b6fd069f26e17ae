from odoo import _, models


class EventOverview(models.Model):
    _inherit = "event.overview"

    def _health(self):
        destinations = self.env["event.destination"].sudo().search([], limit=None)
        foreign = destinations.filtered(lambda d: d.state == "running" and d.is_foreign)
        problem = ""
        if foreign:
            problem = _("Some destinations are sent nothing, because the database is another one.")
        label = _("Destinations of another database")
        return [
            *super()._health(),
            {"label": label, "value": str(len(foreign)), "problem": problem},
        ]
