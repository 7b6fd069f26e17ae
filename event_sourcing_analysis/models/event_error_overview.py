from odoo import _, api, fields, models


class EventOverviewErrors(models.Model):
    """How many problems nobody has decided about yet."""

    _inherit = "event.overview"

    error_count = fields.Integer(string="Open Errors", compute="_compute_errors")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_errors(self):
        count = self.env["event.error"].search_count([("state", "=", "open")])
        for overview in self:
            overview.error_count = count

    def _health(self):
        errors = {"label": _("Open errors"), "value": str(self.error_count), "problem": ""}
        return [errors, *super()._health()]

    def action_open_errors(self):
        """Open the error inbox."""
        actions = self.env["ir.actions.act_window"]
        return actions._for_xml_id("event_sourcing_analysis.event_error_action")
