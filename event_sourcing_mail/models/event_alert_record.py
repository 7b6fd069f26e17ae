from odoo import fields, models


class EventAlertRecord(models.Model):
    """What the activities of one alert hang on; one row per key, for ever."""

    _name = "event.alert.record"
    _description = "Event Sourcing Alert"
    _inherit = ["access.first.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "write_date desc, id desc"
    # Managers only read alerts, but mark their activities as done.
    _mail_post_access = "read"

    key = fields.Char(required=True, readonly=True)
    name = fields.Char(string="What It Is About", readonly=True)
    note = fields.Text(readonly=True)
    is_open = fields.Boolean(readonly=True)
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Integer(string="Record", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    # Who has had an activity since it was raised: one that was done is not given again.
    told_user_ids = fields.Many2many("res.users", string="Notified Users", readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_alert_record_key_uniq"
            " ON event_alert_record (key)"
        )

    def action_open_target(self):
        """Open what the alert is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name or "",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
