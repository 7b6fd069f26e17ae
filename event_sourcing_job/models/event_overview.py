from collections import Counter

from odoo import _, api, fields, models

from odoo.addons.event_sourcing.groups import AUDITOR, MANAGER

from .event_job import ACTIVE_STATES

# Who may see how the store is, beyond the figures of own companies.
WATCHERS = f"{MANAGER},{AUDITOR}"
# Checks among which the last one of each company is looked for.
MAX_CHECKS = 1000


class EventOverview(models.Model):
    """How the event store is: one row, read when it is looked at; addons add their figures."""

    _name = "event.overview"
    _description = "Event Sourcing Overview"
    _inherit = "handler.listing.mixin"
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

    def _catalogue_rows(self):
        return [{"id": 1, "name": _("Overview")}]

    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_jobs(self):
        jobs = self.env["event.job"]  # with the user's rights: figures of own companies
        checks, counts = self._last_checks()
        under_way = jobs.search_count([("state", "in", ACTIVE_STATES)])
        worst = max(checks, key=lambda check: counts[check].total(), default=checks)
        for overview in self:
            overview.check_id = worst
            overview.checked_on = min(checks.mapped("ended_on"), default=False)
            overview.drift_count = sum(count["drift"] for count in counts.values())
            overview.problem_count = sum(count["problem"] for count in counts.values())
            overview.job_count = under_way

    @api.model
    def _last_checks(self):
        """Return the last checks of everything in the companies of the reader.

        :return: jobs, and ``{job: Counter}`` of what they found in these companies, with
            ``drift`` and ``problem``; none where all seems well, and yet a company that has
            events was never checked
        """
        jobs, companies = self.env["event.job"], self.env.companies
        if jobs._reads_all(self.env.user):
            companies = jobs._every_company()
        done = [("kind", "=", "check"), ("state", "=", "done"), ("model_name", "=", False)]
        left, counts = companies, {}
        for check in jobs.search(done, limit=MAX_CHECKS).sudo():
            about = check.company_ids or companies
            if not left & about:
                continue
            counts[check] = Counter(drift=check.drift_count, problem=check.problem_count)
            if about - left:  # of some there is a later check
                counts[check] = check._counts_of(left & about)
            left -= about
            if not left:
                break
        streams = self.env["event.stream"].sudo()
        open_ones = (streams.search_count([("company_id", "=", one.id)], limit=1) for one in left)
        if not any(count.total() for count in counts.values()) and any(open_ones):
            return jobs, {}
        return jobs.sudo().union(*counts), counts

    def _health(self):
        """Return how the store is, in the reader's language, line by line; addons add theirs.

        :return: list of dicts with ``label`` and ``value``, and ``problem``: a sentence
            where people have to look, or an empty text
        """
        found = _("not checked yet")
        if self.checked_on:
            found = str(self.drift_count + self.problem_count)
        label = _("Snapshots that differ from their events")
        return [{"label": label, "value": found, "problem": ""}]

    def action_open_check(self):
        """Open the last check, or start the first one."""
        if self.check_id:
            return self.check_id._open()
        return self.env["event.job"].action_check_all()

    def action_open_jobs(self):
        """Open the jobs."""
        return self.env["ir.actions.act_window"]._for_xml_id("event_sourcing_job.event_job_action")

    def action_check(self):
        """Check all snapshots now."""
        return self.env["event.job"].action_check_all()


class EventAlert(models.AbstractModel):
    _inherit = "event.alert"

    @api.model
    def _where_to_look(self):
        return "event.overview", 1
