import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from odoo.addons.event_sourcing_base.companies import open_companies
from odoo.addons.event_sourcing_base.db_errors import apart

from .event_alert import MANAGERS

_logger = logging.getLogger(__name__)

MINUTES = 10  # between two digests that one person asks for


class EventDigest(models.AbstractModel):
    """A mail every week with what the dashboard shows, for managers who want it."""

    _name = "event.digest"
    _description = "Weekly Event Digest"

    @api.model
    def _send_weekly(self):
        """Send last week's digest to everybody who wants it and has none; for the scheduler."""
        wanted = [("event_digest", "=", True), ("share", "=", False)]
        for user in self.env["res.users"].sudo().search(wanted):
            said = "The weekly digest of %s could not be sent."
            with apart(self.env.cr, _logger, said, user.login):
                self._send_to(user)

    @api.model
    def _send_to(self, user):
        """Send last week's digest to one user who has none yet."""
        week = self._overview(user)._week(0)[2]
        if user.event_digest_sent_on and user.event_digest_sent_on >= week:
            return
        if user.email and user.has_group(MANAGERS):
            self._mail(user)
            user.event_digest_sent_on = week

    @api.model
    def _send_now(self, user):
        """Send last week's digest to one user, whether it was sent before or not.

        :return: the action that says so
        :raise AccessError: for anyone who is no manager
        :raise UserError: where the user has no mail address, or asked a moment ago
        """
        if not user.has_group(MANAGERS):
            raise AccessError(
                _("Only an Event Sourcing manager gets the digest; ask one to send you figures.")
            )
        before = user.sudo().event_digest_asked_on
        if before and fields.Datetime.now() < before + timedelta(minutes=MINUTES):
            raise UserError(
                _(
                    "You had the digest sent a moment ago; wait %(minutes)s minutes before you"
                    " ask for another one.",
                    minutes=MINUTES,
                )
            )
        if not user.email:
            raise UserError(_("You have no mail address; enter one in your preferences."))
        user.sudo().event_digest_asked_on = fields.Datetime.now()
        self._mail(user)
        return {
            "type": "ir.actions.client",
            "tag": "event_sourcing_tell",
            "params": {
                "type": "success",
                "message": _("The digest is on its way to %(address)s.", address=user.email),
            },
        }

    @api.model
    def _overview(self, user):
        """Return the dashboard with the rights, language, time zone and companies of a user."""
        companies = open_companies(self.env(user=user.id, su=False, context={}))
        return (
            self.env["event.overview"]
            .with_user(user)
            .with_context(lang=user.lang, tz=user.tz or "UTC", allowed_company_ids=companies)
        )

    @api.model
    def _mail(self, user):
        """Queue the digest of last week."""
        overview = self._overview(user)
        digest = self.with_context(**overview.env.context)
        values = digest._values(overview, user)
        body = digest.env["ir.qweb"]._render("event_sourcing_mail.event_digest", values)
        return (
            self.env["mail.mail"]
            .sudo()
            .create(
                {
                    "subject": values["subject"],
                    "body_html": body,
                    "email_to": user.email_formatted,
                    "auto_delete": True,
                }
            )
        )

    @api.model
    def _values(self, overview, user):
        """Return what the mail's template shows."""
        last, before = overview._week(-1), overview._week(-2)
        begin = format_date(overview.env, last[2])
        end = format_date(overview.env, fields.Date.add(last[2], days=6))
        store = overview.browse(1)
        return {
            "subject": _("Events from %(begin)s to %(end)s", begin=begin, end=end),
            "company": ", ".join(user.company_ids.mapped("name")),
            "before": format_date(overview.env, before[2]),
            "tiles": overview._tiles(*overview._counts(last, before)),
            "rules": overview._top_rules(last),
            "people": overview._top_people(last),
            "health": store._health(),
            "url": f"{store.get_base_url()}/web#action=event_sourcing_job.event_overview_action",
        }
