import hashlib

from psycopg2 import errors

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing.groups import AUDITOR, MANAGER
from odoo.addons.event_sourcing_base.arguments import listed, shown
from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.event_sourcing_base.compat import asks_for_true, check_access
from odoo.addons.event_sourcing_base.fields import NO_SUM, JsonDocument
from odoo.addons.event_sourcing_base.from_code import without_defaults

from ..job_kind import JobKind

ACTIVE_STATES = ("waiting", "running")


class EventJob(models.Model):
    """Long work over the history, done in chunks that are committed one by one.

    An addon adds a kind by an entry of ``kind``, one of :meth:`_job_kinds`, and methods that
    end with its name (see :meth:`_of_kind`; how they are run: ``event_job_run``):

    - ``_read_<kind>()``: look at the next chunk without locking anything
    - ``_write_<kind>(chunk)``: store what came of it, return what it counts, by field
    - ``_finish_<kind>()``: after the last chunk; optional, like what follows
    - ``_count_<kind>()``: settle what the work is, return how much there is of it
    - ``_title_<kind>()``: in words, what the job is about
    - ``_companies_of_<kind>()``: the companies that a new job is about
    - ``_steps_<kind>()``, ``_progress_<kind>(progress)``: how far it is
    - ``_outcome_<kind>(state, message)``: how it ends, ``_forget_<kind>()``: what is then left
    - ``_download_<kind>()``: the address of its file
    - ``_update_alert_<kind>()``: raise or clear alerts
    """

    _name = "event.job"
    _inherit = "aggregate.label.mixin"
    _description = "Job over the History"
    _order = "id desc"

    kind = fields.Selection(
        [
            ("rebuild", "Rebuild"),
            ("check", "Check"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    model_name = fields.Char(
        string="Technical Record Type", readonly=True, help="Empty: all that have a handler."
    )
    aggregate_ids = JsonDocument(
        string="Selected Records", readonly=True, help="Empty: all of the record type."
    )
    moment = fields.Datetime(readonly=True, help="What is looked at: what was true then.")
    date_from = fields.Datetime(
        string="Earlier Moment", readonly=True, help="What a comparison begins with."
    )
    options = JsonDocument(readonly=True, help="What was asked for, and for whom.")
    progress_data = JsonDocument(readonly=True, help="How far the work is.")
    report_name = fields.Char(readonly=True, help="The file that it made.")
    private = fields.Boolean(
        compute="_compute_facts", store=True, help="Its result belongs to whoever asked."
    )
    owner_only = fields.Boolean(
        compute="_compute_facts", store=True, help="Nobody but its owner sees it."
    )
    scope_key = fields.Char(readonly=True, help="What two jobs that do the same have in common.")
    position = fields.Integer(readonly=True, help="Where the next chunk begins.", **NO_SUM)
    done = fields.Integer(
        readonly=True,
        help="What was looked at: records, events under seals, or rows of a file.",
    )
    total = fields.Integer(readonly=True, help="What is to be looked at.")
    changed_count = fields.Integer(
        string="Replaced", readonly=True, help="Snapshots that were written anew."
    )
    drift_count = fields.Integer(
        string="Differences Found",
        readonly=True,
        help="Values stored otherwise than their events say.",
    )
    problem_count = fields.Integer(
        string="Problems", readonly=True, help="Records that could not be replayed."
    )
    seconds = fields.Float(string="Duration", readonly=True, digits=(16, 1))
    ended_on = fields.Datetime(readonly=True)
    message = fields.Text(readonly=True)
    create_uid = fields.Many2one("res.users", string="Started By", readonly=True)
    create_date = fields.Datetime(string="Started On", readonly=True)
    company_ids = fields.Many2many(
        "res.company",
        "event_job_company_rel",
        "job_id",
        "company_id",
        string="Companies",
        readonly=True,
        context={"active_test": False},
        help="What it is about, and whose managers see and cancel it; empty: all companies.",
    )
    within_companies = fields.Boolean(
        compute="_compute_within_companies",
        search="_search_within_companies",
        help="Whether the reader may read all companies that the job is about.",
    )
    worker = fields.Char(
        readonly=True,
        groups="base.group_system",
        help="Who works on it: a connection and when its transaction began.",
    )
    deaths = fields.Integer(
        readonly=True,
        groups="base.group_system",
        help="How many processes ended in its next chunk.",
        **NO_SUM,
    )
    conflicts = fields.Integer(
        readonly=True,
        groups="base.group_system",
        help="How many times in a row its next chunk met a conflict.",
        **NO_SUM,
    )
    served_on = fields.Datetime(string="Last Worked On", readonly=True)
    difference_ids = fields.One2many(
        "event.snapshot.drift", "job_id", string="Differences", readonly=True
    )

    @api.depends("kind")
    def _compute_facts(self):
        kinds = self._job_kinds()
        for job in self:
            facts = kinds.get(job.kind, JobKind())
            job.private, job.owner_only = facts.private, facts.owner_only

    @api.depends("company_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_within_companies(self):
        within = self.filtered_domain(self._search_within_companies("=", True))
        for job in self:
            job.within_companies = job in within

    @api.model
    def _search_within_companies(self, operator, value):
        """Return the jobs of which no company is closed to the user, or all others."""
        foreign = [("company_ids", "in", self._other_companies(archived=True).ids)]
        if self._other_companies():
            foreign = ["|", ("company_ids", "=", False), *foreign]
        found = self.sudo().search(foreign).ids
        return [("id", "not in" if asks_for_true(operator, value) else "in", found)]

    @api.model
    def _other_companies(self, companies=None, archived=False):
        """Return all companies but some, by default but those that are open to the user."""
        if companies is None:
            companies = self.env.companies
        others = companies.sudo().with_context(active_test=not archived)
        return others.search([("id", "not in", companies.ids)])

    @api.model
    def _every_company(self):
        """Return all companies, archived ones, too."""
        return self._other_companies(self.env["res.company"], archived=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_job_under_way_uniq"
            " ON event_job (scope_key) WHERE state IN ('waiting', 'running')"
        )

    @api.depends("kind", "model_name", "create_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for job in self:
            job.display_name = f"{kinds.get(job.kind, '')}: {job._scope_name()}"

    def _of_kind(self, name, *args):
        """Call the method of this kind of job, ``_<name>_<kind>``, or ``_<name>_default``."""
        default = getattr(self, f"_{name}_default")
        return getattr(self, f"_{name}_{self.kind}", default)(*args)

    @api.model
    def _job_kinds(self):
        """Return the kinds of jobs, a dict of ``JobKind`` by name; addons add theirs."""
        return {
            "rebuild": JobKind((MANAGER,), startable=True, folds=True),
            "check": JobKind((MANAGER, AUDITOR), startable=True, folds=True),
        }

    def _scope_name(self):
        """Return in words what the job is about."""
        return self._of_kind("title")

    def _title_default(self):
        if not self.model_name:
            return _("everything")
        if self.aggregate_ids is not False and self.aggregate_ids is not None:
            return _(
                "%(count)s of %(aggregate)s",
                count=len(self.aggregate_ids),
                aggregate=self.model_name,
            )
        return self.model_name

    # ------------------------------------------------------------------
    # Starting and stopping
    # ------------------------------------------------------------------

    @api.model
    def start(self, kind, model_name=False, aggregate_ids=False):
        """Start a rebuild or a check, or what an addon adds; also over RPC.

        :param str kind: ``rebuild`` (Managers), ``check`` (Managers and Auditors); with
            seals, ``verify`` (likewise)
        :param str model_name: an aggregate type, or False for all
        :param list aggregate_ids: some aggregates of that type, or False for all
        :return: dict with ``id``, and ``under_way``: whether the same was already asked
            for and is not done yet; then that job goes on and no second one is started
        :raise UserError: for bad input, or when no handler folds the aggregate type
        """
        kinds = [name for name, kind in self._job_kinds().items() if kind.startable]
        if not isinstance(kind, str) or kind not in kinds:
            raise UserError(
                _(
                    "%(kind)s is no job; start one of: %(kinds)s.",
                    kind=shown(kind),
                    kinds=", ".join(kinds),
                )
            )
        self._check_may_run(kind)
        self = self.env["event.store"]._with_user_lang().env["event.job"]
        if model_name:
            model_name = self.env["event.store"]._clean_model_name(model_name)
            self.env["snapshot.handler.registry"]._check_can_fold(model_name)
        aggregate_ids = listed(self.env, "aggregate_ids", aggregate_ids)
        if aggregate_ids:
            store = self.env["event.store"]
            if not model_name:
                raise UserError(_("Say of which aggregate type these are: give model_name."))
            aggregate_ids = sorted(
                {store._clean_name("aggregate_id", value) for value in aggregate_ids}
            )
        job, under_way = self._start(
            kind, model_name=model_name or False, aggregate_ids=aggregate_ids or None
        )
        return {"id": job.id, "under_way": under_way}

    @api.model
    def _start(self, kind, companies=None, **vals):
        """Return ``(job, under_way)``: a new job, or the same one that is not done yet.

        :param companies: what it is about, by default see :meth:`_companies_of`
        """
        if companies is None:
            companies = self._companies_of(kind)
        whose = self.env.uid if self._job_kinds()[kind].private else sorted(companies.ids) or ""
        scope = canonical([kind, whose, *(str(vals[name] or "") for name in sorted(vals))])
        key = hashlib.sha256(scope.encode()).hexdigest()  # an index takes no long texts
        # What a job says comes from its work, never from a default that a caller sent.
        jobs = self.sudo().with_context(without_defaults(self.env.context))
        domain = [("scope_key", "=", key), ("state", "in", ACTIVE_STATES)]
        found = jobs.search(domain, limit=1)
        if found:
            return found.with_env(self.env), True
        self._check_room(kind)
        try:
            with self.env.cr.savepoint():
                job = jobs.create(
                    {
                        "kind": kind,
                        "scope_key": key,
                        "company_ids": [(6, 0, companies.ids)],
                        **vals,
                    }
                )
        except errors.UniqueViolation:
            raise UserError(
                _("The same is just being started by somebody else; look at the list of jobs.")
            ) from None
        job.total = job._count()
        job._split()
        self.env.ref("event_sourcing_job.event_job_cron").sudo()._trigger()
        return job.with_env(self.env), False

    @api.model
    def _companies_of(self, kind):
        """Return the companies that a new job is about; none stands for all there are.

        Auditors read all of them.
        """
        chosen, everything = self.env.companies, self.env["res.company"]
        if self.env.su or self.env.user.has_group(AUDITOR):
            return everything
        if self._job_kinds()[kind].folds and not self._other_companies(chosen):
            return everything
        return getattr(self, f"_companies_of_{kind}", lambda: chosen)()

    def _count(self):
        """Settle what the work is; return how much there is to look at."""
        return self._of_kind("count")

    def _count_default(self):
        """Return how many aggregates the job folds."""
        domain = [("model_name", "in", self._model_names())]
        if self.aggregate_ids:
            domain.append(("aggregate_id", "in", self.aggregate_ids))
        companies = self._asked_companies()
        if companies is not None:
            domain.append(("company_id", "in", companies))
        return self.env["event.stream"].sudo().search_count(domain)

    def _tells_figures(self):
        """Whether the job may say how much it looked at; a hook."""
        return True

    def _asked_companies(self):
        """Return the ids of the companies that a job is about; None for all.

        Those that its asker may read: a total of all would tell what happens in the others.
        """
        if self._job_kinds()[self.kind].folds:
            return self.company_ids.ids or None
        asker = self.create_uid
        if not self.private or self._reads_all(asker):
            return None
        return asker.company_ids.ids

    def _asker(self):
        """Return the environment of whoever asked, with their rights alone."""
        user = self.create_uid or self.env.user
        return self.env(user=user.id, su=False, context=self.options["context"])

    def _model_names(self):
        """Return the aggregate types of the job that a handler folds in memory."""
        if self.model_name:
            return [self.model_name]
        return self.env["snapshot.handler.registry"]._foldable()

    @api.model
    def _check_may_run(self, kind):
        groups = self._job_kinds()[kind].groups
        if not self.env.su and not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(
                _("Only an Event Sourcing manager may do this; ask yours to start it.")
            )

    def cancel(self):
        """Stop the jobs that are not done yet; what they replaced so far stays right."""
        check_access(self, "read")
        for job in self:
            job._check_may_run(job.kind)
            if job.state in ACTIVE_STATES:
                job.sudo().write({"state": "cancelled", "ended_on": fields.Datetime.now()})
                job.sudo()._of_kind("forget")
                job.sudo()._look_again()
        return True

    def _forget_default(self):
        """Drop what only the work needed; a hook."""

    def action_download(self):
        """Download the file that the job made."""
        self.ensure_one()
        check_access(self, "read")
        if not self.report_name:
            raise UserError(_("This file is not ready yet; wait until the job is done."))
        return {
            "type": "ir.actions.act_url",
            "url": getattr(self, f"_download_{self.kind}")(),
            "target": "self",
        }
