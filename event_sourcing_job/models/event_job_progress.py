from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

from .event_job import ACTIVE_STATES

OLD_DAYS = 90
PRIVATE_HOURS = 24
POLL_SECONDS = 1


class EventJobProgress(models.Model):
    """How far a job is, and when it is forgotten."""

    _inherit = "event.job"

    def poll(self):
        """Work on the job a moment, and say how far it is; for the progress bar.

        :return: dict with ``state``, ``state_label``, ``percent``, ``text`` (rate and
            remaining time in words) and ``under_way``
        """
        self.ensure_one()
        if not self.exists():
            raise UserError(_("This job is no longer there; go back to the list."))
        check_access(self, "read")
        if self.state in ACTIVE_STATES:
            self._work(POLL_SECONDS)
        with self._own_cursor() as job:
            return job.with_context(lang=self.env.lang or self.env.user.lang)._progress()

    def _steps(self):
        """Return ``(done, total)``: how much of the work is done, and how much there is."""
        return self._of_kind("steps", self.done, max(self.total, self.done))

    def _steps_default(self, done, total):
        return done, total

    def _progress_default(self, progress):
        return progress

    def _progress(self):
        under_way = self.state in ACTIVE_STATES
        done, total = self._steps()
        hidden = not self._tells_figures()
        rate = done / self.seconds * max(1, self._workers()) if self.seconds else 0
        numbers = {"done": self.done, "total": max(self.total, self.done), "rate": round(rate)}
        if hidden:
            text = ""
        elif not under_way or not rate:
            text = _("%(done)s of %(total)s", **numbers)
        else:
            seconds = round((total - done) / rate)
            numbers["remaining"] = f"{seconds // 60}:{seconds % 60:02}"
            text = _("%(done)s of %(total)s, %(rate)s a second, %(remaining)s to go", **numbers)
        percent = 100 * done / total if total else 0
        progress = {
            "state": self.state,
            "state_label": dict(self._fields["state"]._description_selection(self.env))[self.state],
            "percent": 100 if self.state == "done" else min(int(percent), 99),
            "text": text,
            "under_way": under_way,
        }
        return self._of_kind("progress", progress)

    @api.autovacuum
    def _gc_private(self):
        """Forget what somebody asked for a day later."""
        old = fields.Datetime.subtract(fields.Datetime.now(), hours=PRIVATE_HOURS)
        domain = [("private", "=", True), ("create_date", "<", old)]
        while jobs := self.sudo().search(domain, limit=1000):
            jobs.unlink()

    @api.autovacuum
    def _gc_old_jobs(self):
        """Forget jobs that ended long ago, with what they found."""
        old = fields.Datetime.subtract(fields.Datetime.now(), days=OLD_DAYS)
        while jobs := self.sudo().search([("ended_on", "<", old)], limit=1000):
            for job in jobs:
                self.env["event.alert"]._clear_alert(job._alert_key())
            jobs.unlink()
