from odoo import _, api, fields, models
from odoo.tools import format_date

from odoo.addons.event_sourcing_job.models.event_metrics import Metric
from odoo.addons.event_sourcing_job.models.event_overview import WATCHERS


class EventOverviewSeals(models.Model):
    """Up to when events are sealed, and what the last verification found."""

    _inherit = "event.overview"

    verified_on = fields.Datetime(
        string="Seals Verified On", compute="_compute_verified", groups=WATCHERS
    )
    verify_problem = fields.Text(
        string="Verification Result", compute="_compute_verified", groups=WATCHERS
    )
    seal_id = fields.Many2one(
        "event.seal", string="Newest Seal", compute="_compute_seal", groups=WATCHERS
    )
    sealed_on = fields.Datetime(compute="_compute_seal", groups=WATCHERS)
    knows_all = fields.Boolean(
        compute="_compute_seal",
        groups=WATCHERS,
        help="Whether the reader may learn figures of the whole store, of all companies.",
    )

    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_verified(self):
        """Tell everyone who watches whether all is well; what is wrong, see the job."""
        jobs = self.env["event.job"]
        verify = jobs.sudo().search([("kind", "=", "verify"), ("state", "=", "done")], limit=1)
        problem = verify.message
        if not jobs._knows_all():
            wrong = bool(verify.problem_count)
            problem = wrong and self.env["event.seal"]._without_figures(False)
        for overview in self:
            overview.verified_on = verify.ended_on
            overview.verify_problem = problem

    @api.depends_context("uid")
    def _compute_seal(self):
        seal = self.env["event.seal"].sudo().search([("state", "=", "sealed")], limit=1)
        knows_all = self.env["event.job"]._knows_all()
        for overview in self:
            overview.knows_all = knows_all
            overview.seal_id = knows_all and seal
            overview.sealed_on = seal.sealed_on

    def _health(self):
        sealed = format_date(self.env, self.sealed_on) if self.sealed_on else "—"
        problem = self.verify_problem or ""
        return [
            *super()._health(),
            {"label": _("Last sealed"), "value": sealed, "problem": problem},
        ]

    @api.model
    def _metrics(self):
        waiting = self.env["event.seal"].sudo().search_count([("state", "=", "waiting")])
        text = "Ranges of events that wait for their seal."
        return [
            *super()._metrics(),
            Metric("event_sourcing_seals_waiting", "gauge", text, [({}, waiting)]),
        ]

    def action_open_seals(self):
        """Open the seals."""
        actions = self.env["ir.actions.act_window"]
        return actions._for_xml_id("event_sourcing_seal.event_seal_action")

    def action_verify(self):
        """Verify all seals now."""
        return self.env["event.seal"].action_verify()
