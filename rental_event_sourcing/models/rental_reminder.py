import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.event_sourcing_base.db_errors import apart

_logger = logging.getLogger(__name__)


class ResCompany(models.Model):
    _inherit = "res.company"

    rental_reminder_days = fields.Integer(
        string="Days before a Return to Remind",
        default=2,
        help="Customers get an e-mail so many days before the planned end; 0 for none.",
    )

    @api.constrains("rental_reminder_days")
    def _check_rental_reminder_days(self):
        if any(company.rental_reminder_days < 0 for company in self):
            raise ValidationError(_("The days of a reminder cannot be below 0; enter 0 or more."))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rental_reminder_days = fields.Integer(related="company_id.rental_reminder_days", readonly=False)


class RentalOrder(models.Model):
    """The customer hears before equipment is due; an event says that they did, so it is once."""

    _inherit = "rental.order"

    @api.model
    def _remind_of_returns(self):
        """Remind every customer whose equipment is due soon; for the scheduler."""
        for company in self.env["res.company"].search([("rental_reminder_days", ">", 0)]):
            for order in self._due_for_reminder(company):
                said = "The customer of %s could not be reminded."
                with apart(self.env.cr, _logger, said, order.name):
                    order._remind()

    @api.model
    def _due_for_reminder(self, company):
        """Return the rentals of a company whose customers are to be reminded today."""
        today = self.env["event.store"]._business_today(company.id)
        found = self.search(
            [
                ("company_id", "=", company.id),
                ("status", "=", "active"),
                ("planned_end", ">=", today),
                ("planned_end", "<=", today + timedelta(days=company.rental_reminder_days)),
            ]
        )
        return found.filtered(
            lambda order: (
                order._mail_partner().email and order.snapshot_id.reminded_for != order.planned_end
            )
        )

    def _remind(self):
        """Record the reminder and queue the e-mail, both or none.

        :raise UserError: where the event is refused
        """
        self.ensure_one()
        reminder = {"reminded_for": fields.Date.to_string(self.planned_end)}
        self._apply_event("ReturnReminded", reminder, policy="reject")
        self._mail_template("reminder").send_mail(
            self.id, email_layout_xmlid="mail.mail_notification_light"
        )
