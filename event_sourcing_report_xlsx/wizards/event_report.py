from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models


class EventReport(models.TransientModel):
    """Ask for an Excel workbook: snapshots, events and misoperations of a period."""

    _name = "event.report"
    _inherit = "access.first.mixin"
    _description = "Excel Report"

    entry_ids = fields.Many2many(
        "event.handler",
        string="Record Types",
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
    zone = fields.Char(
        string="Time Zone",
        compute="_compute_zone",
        help="Yours: the days of the period, and all times in the workbook, are of it.",
    )

    @api.depends("date_from", "date_to")
    @api.depends_context("tz", "uid")
    def _compute_zone(self):
        self.zone = self.env["event.report.content"]._zone().key

    @api.model
    def _known_names(self):
        return self.env["event.report.content"]._model_names()

    @api.model
    def _default_entries(self):
        """Return the aggregate type that the menu is about, or all that can be shown."""
        known = self._known_names()
        wanted = self.env.context.get("default_model_name")
        names = [wanted] if wanted in known else known
        return self.env["event.handler"].search([("model_name", "in", names)])

    def action_report(self):
        """Download the workbook, or show how far it is."""
        self.ensure_one()
        known = set(self._known_names())
        names = [name for name in self.entry_ids.mapped("model_name") if name in known]
        return self.env["event.job"]._request_report(names, self.date_from, self.date_to)

    def action_my_reports(self):
        """List the reports that the user asked for within the last day."""
        title = _("No reports found")
        kept = _("A report is kept for a day after it was asked for; then ask again.")
        rows = self.env.ref("event_sourcing_report_xlsx.event_report_job_view_list")
        cards = self.env.ref("event_sourcing_report_xlsx.event_report_job_view_kanban")
        return {
            "type": "ir.actions.act_window",
            "name": _("My Reports"),
            "res_model": "event.job",
            "view_mode": "list,kanban,form",
            "mobile_view_mode": "kanban",
            "views": [(rows.id, "list"), (cards.id, "kanban"), (False, "form")],
            "domain": [("kind", "=", "excel")],  # a rule leaves own ones alone
            "context": {"create": False},
            "help": f'<p class="o_view_nocontent_smiling_face">{title}</p><p>{kept}</p>',
        }


class SnapshotHandlerEntry(models.Model):
    _inherit = "event.handler"

    @api.depends("model_name")
    @api.depends_context("aggregate_label", "lang")
    def _compute_display_name(self):
        """Call aggregate types what people call them, where a screen asks for it."""
        registry = self.env["snapshot.handler.registry"]
        labelled = self.env.context.get("aggregate_label")
        for entry in self:
            label = registry._aggregate_label(entry.model_name) if labelled else entry.model_name
            entry.display_name = label
