from odoo import _, fields, models

# Who may see how the store is, beyond the figures of own companies.
WATCHERS = "event_sourcing.event_store_group_manager,event_sourcing.event_store_group_auditor"


class EventOverview(models.Model):
    """How the event store is: one row, read when it is looked at."""

    _name = "event.overview"
    _description = "Event Sourcing Overview"
    _inherit = "event.catalogue"
    _auto = False
    _rec_name = "name"

    name = fields.Char(readonly=True)
    check_id = fields.Many2one(
        "event.job", string="Last Check", compute="_compute_jobs", groups=WATCHERS
    )
    checked_on = fields.Datetime(compute="_compute_jobs", groups=WATCHERS)
    drift_count = fields.Integer(
        string="Differences Found", compute="_compute_jobs", groups=WATCHERS
    )
    problem_count = fields.Integer(string="Replay Errors", compute="_compute_jobs", groups=WATCHERS)
    job_count = fields.Integer(string="Jobs Under Way", compute="_compute_jobs", groups=WATCHERS)
    verified_on = fields.Datetime(
        string="Seals Verified On", compute="_compute_jobs", groups=WATCHERS
    )
    verify_problem = fields.Text(
        string="Verification Result", compute="_compute_jobs", groups=WATCHERS
    )
    seal_id = fields.Many2one(
        "event.seal", string="Newest Seal", compute="_compute_seal", groups=WATCHERS
    )
    sealed_on = fields.Datetime(compute="_compute_seal", groups=WATCHERS)
    error_count = fields.Integer(string="Open Errors", compute="_compute_errors")

    def _catalogue_rows(self):
        return [{"id": 1, "name": _("Overview")}]

    def _compute_jobs(self):
        jobs = self.env["event.job"]  # with the user's rights: figures of own companies
        done = [("state", "=", "done"), ("model_name", "=", False)]
        check = jobs.search([("kind", "=", "check"), *done], limit=1)
        verify = jobs.search([("kind", "=", "verify"), *done], limit=1)
        under_way = jobs.search_count([("state", "in", ("waiting", "running"))])
        for overview in self:
            overview.check_id = check
            overview.checked_on = check.ended_on
            overview.drift_count = check.drift_count
            overview.problem_count = check.problem_count
            overview.job_count = under_way
            overview.verified_on = verify.ended_on
            overview.verify_problem = verify.message

    def _compute_seal(self):
        seal = self.env["event.seal"].sudo().search([("state", "=", "sealed")], limit=1)
        for overview in self:
            overview.seal_id = seal
            overview.sealed_on = seal.sealed_on

    def _compute_errors(self):
        count = self.env["event.error"].search_count([("state", "=", "open")])
        for overview in self:
            overview.error_count = count

    def action_open_check(self):
        """Open the last check, or start the first one."""
        if self.check_id:
            return self.check_id._open()
        return self.env["event.job"].action_check_all()

    def action_open_errors(self):
        """Open the error inbox."""
        return self.env["ir.actions.act_window"]._for_xml_id("event_sourcing.event_error_action")

    def action_open_seals(self):
        """Open the seals."""
        return self.env["ir.actions.act_window"]._for_xml_id("event_sourcing.event_seal_action")

    def action_open_jobs(self):
        """Open the jobs."""
        return self.env["ir.actions.act_window"]._for_xml_id("event_sourcing.event_job_action")

    def action_check(self):
        """Check all snapshots now."""
        return self.env["event.job"].action_check_all()

    def action_verify(self):
        """Verify all seals now."""
        return self.env["event.seal"].action_verify()
