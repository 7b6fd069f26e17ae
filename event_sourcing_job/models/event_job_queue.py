import logging
import time
from datetime import datetime

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_base.compat import check_access

from .event_job import ACTIVE_STATES, MANAGER
from .event_job_run import CRON_SECONDS

_logger = logging.getLogger(__name__)

# A job has its turn for so long, then the next one.
SLICE_SECONDS = 5
# Steps left up to which a job is short.
SHORT = 20_000
# After so many short ones a long one has its turn.
SHORT_TURNS = 3
MAX_WAITING = 20
KEPT_RESULTS = 50


class EventJobTurns(models.Model):
    """Whose turn it is: every user has a share, short jobs come first, long ones come, too."""

    _inherit = "event.job"

    @api.model
    def _work_on_waiting(self, domain):
        """Work on what is under way, as long as the scheduler should.

        :return: whether the time was used up
        """
        deadline, idle = time.monotonic() + CRON_SECONDS, set()
        while True:
            with self._own_cursor() as jobs:
                wanted = [*self._waiting_domain(), *domain, ("id", "not in", list(idle))]
                turns = jobs.search(wanted)._turns()[: SHORT_TURNS + 1].ids
            if not turns:
                return False
            for job in self.browse(turns):
                left = deadline - time.monotonic()
                if left <= 0:
                    return True
                if job._work_apart(min(left, SLICE_SECONDS)) is not True:
                    idle.add(job.id)  # somebody else has it, or it waits for somebody

    def _work_apart(self, seconds):
        """Work on the job; return False where that goes wrong: others have their turns, too."""
        try:
            return self._work(seconds)
        except Exception:
            _logger.exception("Job %s could not be worked on.", self.id)
            return False

    def _turns(self):
        """Return the jobs in the order in which they have their turns.

        Of each user the one that was served longest ago comes first, and users take turns.
        After a few short jobs a long one follows, however many short ones there are.
        """
        served = {job: job.served_on or datetime.min for job in self}
        ranks, rank, short, long = {}, {}, [], []
        for job in self.sorted(lambda job: (served[job], job.id)):
            own = short if job._is_short() else long
            key = (job.create_uid.id, own is short)
            rank[job] = ranks[key] = ranks.get(key, -1) + 1
            own.append(job)
        short.sort(key=lambda job: (rank[job], served[job], job.id))
        long.sort(key=lambda job: (served[job], rank[job], job.id))
        turns = []
        while short or long:
            turns += [*short[:SHORT_TURNS], *long[:1]]
            del short[:SHORT_TURNS], long[:1]
        return self.browse(job.id for job in turns)

    def _is_short(self):
        return self._job_kinds()[self.kind].short and self.total - self.done <= SHORT

    @api.model
    def _check_room(self, kind):
        """Refuse one more job of a user who has many waiting; forget old results of theirs."""
        if self.env.su:
            return
        own = [("create_uid", "=", self.env.uid)]
        jobs = self.sudo()
        waiting = jobs.search_count([*own, ("state", "in", ACTIVE_STATES)])
        if waiting >= MAX_WAITING:
            raise UserError(
                _(
                    "You have %(count)s jobs that wait or run. Wait until some of them are done,"
                    " or cancel some, and ask again.",
                    count=waiting,
                )
            )
        if self._job_kinds()[kind].private:
            ended = [*own, ("private", "=", True), ("state", "not in", ACTIVE_STATES)]
            # Little at a time: somebody waits for it.
            jobs.search(ended, order="id desc", offset=KEPT_RESULTS - 1, limit=5).unlink()


class EventJobQueue(models.Model):
    """What runs or waits, of any owner: who, since when and how far, and nothing of content."""

    _name = "event.job.queue"
    _inherit = "access.first.mixin"
    _description = "Jobs under Way"
    _auto = False
    _order = "id"
    _rec_name = "kind"

    kind = fields.Selection(selection="_kinds", readonly=True)
    state = fields.Selection(selection="_states", readonly=True)
    user_id = fields.Many2one("res.users", string="Started By", readonly=True)
    started_on = fields.Datetime(readonly=True)
    served_on = fields.Datetime(string="Last Worked On", readonly=True)
    company_ids = fields.Many2many(
        "res.company",
        "event_job_company_rel",
        "job_id",
        "company_id",
        string="Companies",
        readonly=True,
        context={"active_test": False},
    )
    within_companies = fields.Boolean(
        compute="_compute_within_companies",
        search="_search_within_companies",
        help="Whether the reader may read all companies that the job is about.",
    )

    @api.depends("company_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_within_companies(self):
        jobs = self.env["event.job"].browse(self.ids).sudo()
        within = {job.id: job.within_companies for job in jobs}
        for job in self:
            job.within_companies = within.get(job.id, False)

    @api.model
    def _search_within_companies(self, operator, value):
        return self.env["event.job"]._search_within_companies(operator, value)

    @property
    def _table_query(self):
        return (
            "SELECT id, kind, state, create_uid AS user_id, create_date AS started_on, served_on"
            "  FROM event_job"
        )

    @api.model
    def _kinds(self):
        return self.env["event.job"]._fields["kind"]._description_selection(self.env)

    @api.model
    def _states(self):
        return self.env["event.job"]._fields["state"]._description_selection(self.env)

    def action_cancel(self):
        """Stop jobs of one's companies and of no others, whoever started them."""
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(_("Only an Event Sourcing manager may cancel jobs of others."))
        check_access(self, "read")
        self.env["event.job"].sudo().browse(self.ids).exists().cancel()
        self.invalidate_recordset()
        return True
