from odoo import _, api, fields, models
from odoo.tools import SQL, plaintext2html

MANAGERS = "event_sourcing.event_store_group_manager"


class EventAlert(models.AbstractModel):
    """Alerts become activities: one per key and manager, until the alert is cleared."""

    _inherit = "event.alert"

    @api.model
    def _raise_alert(self, key, model, res_id, summary, note="", company=None):
        """Give each manager who was not told yet an activity."""
        managers = self._managers(company)
        alert = self._alerts([("key", "=", key)])
        if alert.is_open and not managers - alert.told_user_ids:
            return
        super()._raise_alert(key, model, res_id, summary, note, company)
        alert = self._lock_alert(key)
        alert.write(
            {
                "name": self._say(summary, self.env.user),
                "note": self._say(note, self.env.user),
                "is_open": True,
                "res_model": model,
                "res_id": res_id,
                "company_id": company.id if company else False,
            }
        )
        for user in managers - alert.told_user_ids:
            alert.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self._say(summary, user),
                note=plaintext2html(self._say(note, user)),
                user_id=user.id,
            )
        alert.told_user_ids |= managers

    @api.model
    def _clear_alert(self, key):
        """Mark the activities of an alert as done."""
        alert = self._alerts([("key", "=", key), ("is_open", "=", True)])
        if not alert:
            return
        super()._clear_alert(key)
        alert = self._lock_alert(key)
        alert.write({"is_open": False, "told_user_ids": [(5, 0, 0)]})
        alert.activity_ids.action_feedback(feedback=_("Resolved."))

    @api.model
    def _watch(self):
        """Bring the alerts in line with the error inbox; what the scheduled action does."""
        keys = self.env["event.error"]._raise_alerts()
        for alert in self._alerts([("key", "=like", "error:%"), ("is_open", "=", True)]):
            if alert.key not in keys:
                self._clear_alert(alert.key)

    @api.model
    def _alerts(self, domain):
        """Return alerts, with the rights of the system: activities are for all managers."""
        return self.env["event.alert.record"].sudo().search(domain)

    @api.model
    def _lock_alert(self, key):
        """Return the one record of a key, made where it is missing, and keep others out.

        Whoever raises or clears the same alert meanwhile gets a serialization failure:
        Odoo runs the request again, and the scheduled action comes again by itself.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO event_alert_record (key, is_open, create_uid, create_date,
                    write_uid, write_date)
                VALUES (%(key)s, FALSE, %(uid)s, %(now)s, %(uid)s, %(now)s)
                ON CONFLICT (key) DO UPDATE SET write_date = EXCLUDED.write_date
                RETURNING id
                """,
                key=key,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        alert = self.env["event.alert.record"].sudo().browse(self.env.cr.fetchone())
        alert.invalidate_recordset(flush=False)
        return alert

    @api.model
    def _managers(self, company):
        """Return the active internal users who manage Event Sourcing, in a company."""
        users = self.env.ref(MANAGERS).sudo()
        users = users.all_user_ids if "all_user_ids" in users._fields else users.users
        users = users.filtered(lambda user: user.active and not user.share)
        return users.filtered(lambda user: company in user.company_ids) if company else users

    @api.model
    def _say(self, words, user):
        """Return text, or what a function says in the language of a user."""
        if not callable(words):
            return words
        return words(self.with_context(lang=user.lang or self.env.lang).env)
