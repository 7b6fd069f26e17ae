from odoo import _, api, fields, models

# Seconds after which an event that was not taken is sent again; then it is a dead letter.
RETRIES = (1, 10, 60, 600, 3600)


class EventSubscription(models.Model):
    """Where a destination stands in the feed."""

    _inherit = "event.subscription"

    kind = fields.Selection(
        selection_add=[("destination", "Destination")], ondelete={"destination": "cascade"}
    )
    destination_ids = fields.One2many("event.destination", "subscription_id", readonly=True)

    @api.depends("destination_ids.name")
    def _compute_label(self):
        super()._compute_label()
        for sub in self.filtered(lambda s: s.kind == "destination"):
            sub.label = sub._destination().name or sub.consumer

    def _destination(self):
        """Return the destination that stands there, with full rights; none for others."""
        return self.sudo().with_context(active_test=False).destination_ids[:1]

    def _feed_filter(self):
        if self.kind != "destination":
            return super()._feed_filter()
        return self._destination()._feed_filter()

    def action_pause(self):
        others = self._of_destinations("action_pause")
        return super(EventSubscription, others).action_pause()

    def action_resume(self):
        others = self._of_destinations("action_start")
        return super(EventSubscription, others).action_resume()

    def _of_destinations(self, name):
        """Let destinations do something as on their own form, by whose rights; return the others.

        :param str name: of their method, which comes back here with full rights
        """
        own = self.filtered(lambda s: not s.env.su and s.sudo().kind == "destination")
        for sub in own:
            getattr(sub._destination().sudo(False), name)()
        return self - own

    def _stop_alert_key(self):
        if self.kind != "destination":
            return super()._stop_alert_key()
        return self._destination()._alert_key()

    def _task_retries(self):
        return RETRIES if self.kind == "destination" else super()._task_retries()

    def _dead_message(self):
        if self.kind != "destination":
            return super()._dead_message()
        return _(
            "%(destination)s did not take an event, however often it was sent; decide about it"
            " under Dead Letters.",
            destination=self.label,
        )
