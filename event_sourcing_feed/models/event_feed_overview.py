from odoo import _, api, fields, models

from odoo.addons.event_sourcing_job.models.event_overview import WATCHERS


class EventOverviewFeed(models.Model):
    """How those are who are given events."""

    _inherit = "event.overview"

    stopped_count = fields.Integer(
        string="Subscriptions Stopped", compute="_compute_feed", groups=WATCHERS
    )
    lag_seconds = fields.Float(
        string="Longest Wait (s)",
        compute="_compute_feed",
        groups=WATCHERS,
        help="Of all running subscriptions: for how long the oldest event has waited.",
    )
    worker_seen = fields.Datetime(
        string="Worker Last Seen", compute="_compute_feed", groups=WATCHERS
    )
    worker_note = fields.Char(compute="_compute_feed", groups=WATCHERS)

    @api.depends_context("uid", "lang")
    def _compute_feed(self):
        subscriptions = self.env["event.subscription"].sudo()
        stopped = subscriptions.search_count([("state", "=", "stopped")])
        running = subscriptions.search([("state", "=", "running")], limit=None)
        lag = max((sub._waiting()[1] for sub in running), default=0.0)
        beats = self.env["event.feed.heartbeat"].sudo()
        seen = beats.search([("kind", "=", "worker")], order="seen desc", limit=1).seen
        note = self._worker_note(beats._driven())
        for overview in self:
            overview.stopped_count = stopped
            overview.lag_seconds = lag
            overview.worker_seen = seen
            overview.worker_note = note

    @api.model
    def _worker_note(self, driven):
        """Return what to say where no worker runs, else an empty text."""
        if driven["workers"]:
            return ""
        if driven["ok"]:
            return _("No worker runs: the scheduled action passes events on once a minute.")
        return _(
            "Nobody passes events on: start odoo-bin event_worker, or let scheduled actions run."
        )

    def _health(self):
        stopped = self.sudo().stopped_count
        problem = _("Some subscriptions were stopped by an error.") if stopped else ""
        label = _("Subscriptions stopped")
        return [*super()._health(), {"label": label, "value": str(stopped), "problem": problem}]

    def action_open_subscriptions(self):
        """Open the subscriptions."""
        actions = self.env["ir.actions.act_window"]
        return actions._for_xml_id("event_sourcing_feed.event_subscription_action")
