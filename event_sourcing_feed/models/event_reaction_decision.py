from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

from .event_subscription import MANAGER

OPEN = ("waiting", "behind", "dead")
MOST_AT_ONCE = 5000


class EventReactionDecision(models.Model):
    """What managers are told about dead letters, and what they decide."""

    _inherit = "event.reaction.task"

    event_label = fields.Char(string="Event in Words", compute="_compute_event_label")
    behind_count = fields.Integer(
        string="Waiting behind It",
        compute="_compute_behind_count",
        help="Later events of the record that the reaction meets once this one is done or skipped.",
    )
    reason = fields.Char(readonly=True, help="Why it was skipped.")
    decided_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_on = fields.Datetime(readonly=True)

    @api.depends("event_type", "model_name")
    @api.depends_context("lang")
    def _compute_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        for task in self:
            task.event_label = registry._event_label(task.model_name, task.event_type)

    @api.depends("event_type", "model_name", "aggregate_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for task in self:
            task.display_name = f"{task.event_label} ({task.aggregate_id})"

    @api.depends("state")
    def _compute_behind_count(self):
        for task in self:
            task.behind_count = self.search_count(task._behind_domain()) if task.id else 0

    def _behind_domain(self):
        return [
            ("subscription_id", "=", self.subscription_id.id),
            ("company_id", "=", self.company_id.id),
            ("line", "=", self.line),
            ("state", "in", OPEN),
            ("event_id", ">", self.event_id.id),
        ]

    def action_open_behind(self):
        """Open what waits behind it."""
        self.ensure_one()
        check_access(self, "read")
        return {
            "type": "ir.actions.act_window",
            "name": _("Waiting behind %(event)s", event=self.display_name),
            "res_model": self._name,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": self._behind_domain(),
        }

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    def action_retry(self):
        """Let the reaction meet these events again at once; those behind them follow.

        :raise UserError: where none of them waits for a try
        """
        tasks = self._to_decide("waiting", "dead")
        tasks.write({"state": "waiting", "next_try": self.env.cr.now()})
        return True

    def action_skip(self):
        """Ask for the reason why the reaction is to do without these events."""
        tasks = self._to_decide(*OPEN)
        return {
            "type": "ir.actions.act_window",
            "name": _("Skip"),
            "res_model": "event.reaction.skip",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_task_ids": [(6, 0, tasks.ids)]},
        }

    def _skip(self, reason):
        """Do without these events, and keep why; those behind them go on."""
        tasks = self._to_decide(*OPEN)
        former = tasks._alert_keys()
        lines = {(task.subscription_id.id, task.company_id.id, task.line) for task in tasks}
        tasks.write(
            {
                "state": "skipped",
                "next_try": False,
                "reason": reason,
                "decided_by": self.env.uid,
                "decided_on": fields.Datetime.now(),
            }
        )
        tasks._move_up(lines)
        # A page that runs now may put more behind them.
        su = tasks.browse()
        self.env.cr.postcommit.add(lambda: su._move_up_apart(lines))
        tasks._update_alerts(former)

    def _to_decide(self, *states):
        """Return those in these states, with full rights, for a manager who may read all."""
        if not self.env.user.has_group(MANAGER):
            raise UserError(_("Only managers of the event store may do this."))
        check_access(self, "read")
        tasks = self.sudo().filtered(lambda task: task.state in states)
        if not tasks:
            raise UserError(_("None of these waits for a try."))
        if len(tasks) > MOST_AT_ONCE:
            raise UserError(_("Choose at most %(count)s at once.", count=MOST_AT_ONCE))
        return tasks

    # ------------------------------------------------------------------
    # Alerts: one per cause and company
    # ------------------------------------------------------------------

    def _alert_keys(self):
        """Return ``{(fingerprint, company id)}`` of these."""
        return {(task.fingerprint, task.company_id.id) for task in self if task.fingerprint}

    def _update_alerts(self, former):
        """Tell managers of dead letters among these, and clear alerts of which none is left.

        :param set former: what :meth:`_alert_keys` gave before
        """
        alert = self.env["event.alert"]
        for task in self.exists().filtered(lambda t: t.state == "dead"):
            sub_id = task.subscription_id.id
            alert._raise_alert(
                self._alert_key(task.fingerprint, task.company_id.id),
                self._name,
                task.id,
                lambda env, sub_id=sub_id: (
                    env["event.subscription"].sudo().browse(sub_id)._dead_message()
                ),
                company=task.company_id,
            )
        for mark, company_id in former:
            left = [("fingerprint", "=", mark), ("company_id", "=", company_id)]
            left.append(("state", "in", ("waiting", "dead")))
            if not self.search_count(left, limit=1):
                alert._clear_alert(self._alert_key(mark, company_id))

    @api.model
    def _alert_key(self, mark, company_id):
        return f"reaction:{mark}:{company_id}"


class EventSubscriptionDecision(models.Model):
    _inherit = "event.subscription"

    def _dead_message(self):
        """Return what managers are told of a dead letter, in the language of the user; a hook."""
        self.ensure_one()
        return _(
            "%(reaction)s could not react to an event, however often it tried; decide about it"
            " under Dead Letters.",
            reaction=self.label,
        )
