import logging
from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_base.db_errors import apart

_logger = logging.getLogger(__name__)


class EventErrorActions(models.Model):
    """What a manager does about an error, and what others are shown of it."""

    _inherit = "event.error"
    # Events that one press applies again, so that the request ends in time.
    _most_at_once = 5000

    def action_mark_fixed(self):
        """Close the errors; a new failure opens them again."""
        return self._decide("fixed")

    def action_ignore(self):
        """Close the errors for good; new failures are still counted."""
        return self._decide("ignored")

    def action_reopen(self):
        """Open errors that were closed by a decision."""
        return self._decide("open")

    def action_apply_again(self):
        """Record the failed events of these errors anew, each once.

        :return: an action that says what came of it
        :raise AccessError: unless the user is a manager of the companies concerned
        """
        store = self.env["event.store"]._with_user_lang()
        self._check_may_decide()
        tally = Counter()
        room = self._most_at_once
        for error in self.sorted("id"):
            failures = store.browse(error._outstanding(room).ids)
            tally += failures._apply_again()
            room -= len(failures)
        self.env.invalidate_all()
        for error in self:
            if error.state != "open":
                self.env["event.alert"]._clear_alert(error._alert_key())
        # Those that failed again wait for another repair, not for another press.
        left = 0 if room else sum(self.mapped("outstanding_count")) - tally["failed"]
        return store._notification(tally, max(left, 0))

    def write(self, vals):
        """Keep a manager's note; nothing else of an error is anybody's to change."""
        self._check_given(vals)
        if set(vals) - {"note"}:
            raise UserError(_("Only the note of an error can be changed."))
        self._check_may_decide()
        for error in self:
            self.env["event.error.decision"]._decide(
                error.fingerprint, error.company_id.id, note=vals.get("note") or None
            )
        return True

    def _decide(self, state):
        """Keep what was decided, and by whom."""
        self._check_may_decide()
        for error in self:
            self.env["event.error.decision"]._decide(
                error.fingerprint,
                error.company_id.id,
                state=state,
                seen_count=error.failure_count,
                decided_by=self.env.uid,
                decided_on=fields.Datetime.now(),
            )
            if state != "open":
                self.env["event.alert"]._clear_alert(error._alert_key())
        return True

    def _check_may_decide(self):
        """Raise AccessError unless the user is a manager of the companies concerned."""
        self.env["event.store"]._with_user_lang()._check_may_apply_again()
        if not self.env.su and self.company_id - self.env.user.company_ids:
            raise AccessError(
                _(
                    "The error belongs to a company that you have no access to;"
                    " somebody of that company must decide about it."
                )
            )

    # ------------------------------------------------------------------
    # Alerts
    # ------------------------------------------------------------------

    def _alert_key(self):
        return f"error:{self.fingerprint}:{self.company_id.id}"

    @api.model
    def _raise_alerts(self):
        """Raise one alert for each open error of any company; return their keys."""
        alert = self.env["event.alert"]
        keys = set()
        for error in self.sudo().search([("state", "=", "open")]):
            keys.add(error._alert_key())
            # The others are told in any case; this one comes again with the next run.
            with apart(self.env.cr, _logger, "Nobody could be told of the error %s.", error.id):
                alert._raise_alert(
                    error._alert_key(),
                    self._name,
                    error.id,
                    lambda env, error=error: error.with_env(env).display_name,
                    lambda env, error=error: error.with_env(env).explanation,
                    company=error.company_id,
                )
        return keys

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_open_failures(self):
        """List the failure events of this error, newest first."""
        self.ensure_one()
        return self._open_events(_("Failures of %(error)s", error=self.display_name), {})

    def action_open_affected(self):
        """List the failure events by the record that they happened to."""
        self.ensure_one()
        name = _("Affected by %(error)s", error=self.display_name)
        return self._open_events(name, {"group_by": "aggregate_id"})

    def action_open_sample(self):
        """Open the newest failure event."""
        self.ensure_one()
        return self.sample_id._open_form()

    def _open_events(self, name, context):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "event.store",
            "view_mode": "list,kanban,form",
            "mobile_view_mode": "kanban",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "domain": self._failure_domain(),
            "context": context,
        }
