from odoo import fields, models


class EventExport(models.TransientModel):
    """Ask for the events of a period as a file that can be imported again."""

    _name = "event.export"
    _inherit = "access.first.mixin"
    _description = "Export of Events"

    entry_ids = fields.Many2many("event.handler", string="Record Types", help="Empty: all.")
    period = fields.Selection(
        [("recorded", "When they were recorded"), ("happened", "When they happened")],
        string="Events by",
        required=True,
        default="recorded",
        help="What was recorded late may be missing from a period by when it happened; such a"
        " file is good for reading, and may leave holes when it is imported.",
    )
    date_from = fields.Date(string="From", help="Empty: from the beginning.")
    date_to = fields.Date(string="To", help="Empty: until now.")

    def action_export(self):
        """Start the export, and show how far it is."""
        self.ensure_one()
        job, under_way = self.env["event.job"]._request_export(
            self.entry_ids.mapped("model_name"), self.date_from, self.date_to, self.period
        )
        return job._open(under_way)
