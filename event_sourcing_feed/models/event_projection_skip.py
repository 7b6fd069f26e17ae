from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .event_subscription import RECOVERED


class EventProjectionSkip(models.Model):
    """An event that a read model goes on without: which, who decided it, and why."""

    _name = "event.projection.skip"
    _inherit = "of.all.companies.mixin"
    _description = "Skipped Event"
    _order = "id desc"
    _rec_name = "event_id"
    _of_all_companies = ("aggregate_id", "reason", "error")

    subscription_id = fields.Many2one(
        "event.subscription",
        string="Read Model",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    # Without a foreign key: events of a long past go into archives.
    event_id = fields.Integer(required=True, readonly=True)
    aggregate_id = fields.Char(string="Record", readonly=True)
    event_type = fields.Char(readonly=True)
    reason = fields.Text(required=True, readonly=True)
    error = fields.Text(readonly=True)


class EventSubscriptionSkip(models.Model):
    _inherit = "event.subscription"

    skip_ids = fields.One2many("event.projection.skip", "subscription_id", readonly=True)

    def action_skip_event(self):
        """Ask why the read model is to go on without the event at which it fails."""
        self.ensure_one()
        sub = self._managed()
        sub._check_skippable()
        return {
            "type": "ir.actions.act_window",
            "name": _("Skip This Event"),
            "res_model": "event.projection.skip.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_subscription_id": sub.id,
                "default_event_id": sub.failed_event_id.id,
            },
        }

    def _check_skippable(self):
        if self.kind != "projection" or not self.failed_event_id:
            raise UserError(
                _("It is not known at which event it fails; let it try once more, one by one.")
            )

    @api.model
    def _skipped_reason(self, reason):
        text = (reason or "").strip()
        if not text:
            raise UserError(_("Say why the event is skipped; the reason is kept."))
        return text

    def _skip(self, event_id, reason):
        """Go on after the event at which the read model fails; a manager's decision.

        :param int event_id: which one that is, as far as the manager knows
        :param str reason: is kept
        :raise UserError: where it fails at another one by now, or works at the moment
        """
        self.ensure_one()
        sub, reason = self._managed(), self._skipped_reason(reason)
        self.env.cr.execute(
            "SELECT FROM event_subscription WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", [sub.id]
        )
        if not self.env.cr.rowcount:
            raise UserError(_("It is at work right now; try again in a moment."))
        sub.invalidate_recordset()
        sub._check_skippable()
        condition = self.env[sub.consumer]._feed_filter()
        store = self.env["event.store"].sudo()
        events, position = store._read_feed_page(sub._position(), condition, 1)
        if not events or events[0].id != event_id:
            raise UserError(_("It does not fail at this event any more; look again."))
        self.env["event.projection.skip"].sudo().create(
            {
                "subscription_id": sub.id,
                "event_id": event_id,
                "aggregate_id": events[0].aggregate_id,
                "event_type": events[0].event_type,
                "reason": reason,
                "error": sub.last_error,
            }
        )
        sub._move(position)
        sub.write({**RECOVERED, "state": "running" if sub.state == "stopped" else sub.state})
        sub._forget_tries()
        return True
