from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class EventReport(models.TransientModel):
    """Ask for an Excel workbook: snapshots, events and misoperations of a period."""

    _name = "event.report"
    _description = "Excel Report"

    entry_ids = fields.Many2many(
        "snapshot.handler.entry",
        string="Aggregate Types",
        default=lambda self: self._default_entries(),
        domain=lambda self: [("model_name", "in", self._known_names())],
        help="Each gets a sheet with its snapshots as they are now.",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: fields.Date.context_today(self) + relativedelta(day=31),
    )

    @api.model
    def _known_names(self):
        return self.env["event.report.content"]._model_names()

    @api.model
    def _default_entries(self):
        """Return the aggregate type that the menu is about, or all that can be shown."""
        known = self._known_names()
        wanted = self.env.context.get("default_model_name")
        names = [wanted] if wanted in known else known
        return self.env["snapshot.handler.entry"].search([("model_name", "in", names)])

    def action_report(self):
        """Download the workbook, or show how far it is."""
        self.ensure_one()
        known = set(self._known_names())
        names = [name for name in self.entry_ids.mapped("model_name") if name in known]
        return self.env["event.job"]._ask_report(names, self.date_from, self.date_to)
