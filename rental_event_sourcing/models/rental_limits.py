from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from odoo.addons.event_sourcing.exceptions import RuleViolation

from ..line_days import DAY_SAID, is_back_too_early

DATES = ("planned_start", "planned_end")


class ResCompany(models.Model):
    """What a shop takes for a slip of the keyboard, and refuses."""

    _inherit = "res.company"

    rental_dates_required = fields.Boolean(
        string="Dates before Confirming",
        default=True,
        help="A rental is confirmed only with a planned start and end.",
    )
    rental_backdate_days = fields.Integer(
        string="Days That May Lie in the Past",
        default=30,
        help="A rental may be planned to begin, and equipment be recorded as delivered or returned,"
        " so many days before the day on which that is recorded.",
    )
    rental_early_days = fields.Integer(
        string="Days a Delivery May Come Early",
        default=7,
        help="Equipment may go out so many days before the planned start.",
    )
    rental_max_quantity = fields.Integer(
        string="Most Pieces of a Rental",
        default=1000,
        help="A rental of more pieces is rejected; 0 for no limit.",
    )

    @api.constrains("rental_backdate_days", "rental_early_days", "rental_max_quantity")
    def _check_rental_limits(self):
        for company in self:
            limits = (
                company.rental_backdate_days,
                company.rental_early_days,
                company.rental_max_quantity,
            )
            if min(limits) < 0:
                raise ValidationError(_("A limit of rentals cannot be below 0; enter 0 or more."))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rental_dates_required = fields.Boolean(
        related="company_id.rental_dates_required", readonly=False
    )
    rental_backdate_days = fields.Integer(related="company_id.rental_backdate_days", readonly=False)
    rental_early_days = fields.Integer(related="company_id.rental_early_days", readonly=False)
    rental_max_quantity = fields.Integer(related="company_id.rental_max_quantity", readonly=False)
    rental_business_tz = fields.Selection(related="company_id.business_tz", readonly=False)


class RentalSnapshotHandler(models.AbstractModel):
    """The limits of the company, asked of new events alone: they may be others tomorrow.

    A stream about which nothing but steps was recorded, as another system may do, has no plan
    that could be odd.
    """

    _inherit = "rental.snapshot.handler"

    @api.model
    def _check_new_state(self, event, state):
        super()._check_new_state(event, state)
        if event.event_type not in self._limited_events():
            return
        company = self.env["res.company"].sudo().browse(event.company_id) or self.env.company
        self._check_quantity(event, state, company)
        if state.get("partner_id"):
            self._check_has_dates(event, state, company)
            self._check_start(event, state, company)
            self._check_movement(event, company)
            self._check_delivery(event, state, company)
            self._check_return(event, state)

    @api.model
    def _limited_events(self):
        planned = ("RentalPlanned", "PlanChanged", "RentalConfirmed")
        return (*planned, *DAY_SAID)

    @api.model
    def _check_quantity(self, event, state, company):
        asked = event.event_type == "RentalConfirmed" or {"quantity", "lines"} & {*event.payload}
        limit = company.rental_max_quantity
        if asked and limit and (state.get("quantity") or 0) > limit:
            message = _(
                "A rental can be of %(maximum)s pieces at most; enter fewer, or raise the limit in"
                " the settings.",
                maximum=limit,
            )
            raise RuleViolation(message, "quantity_too_large")

    @api.model
    def _check_has_dates(self, event, state, company):
        emptied = state.get("status") == "confirmed" and any(key in event.payload for key in DATES)
        if not company.rental_dates_required or not (
            event.event_type == "RentalConfirmed" or emptied
        ):
            return
        if not all(state.get(key) for key in DATES):
            message = _("A confirmed rental needs a planned start and a planned end; enter both.")
            raise RuleViolation(message, "dates_missing")

    @api.model
    def _check_start(self, event, state, company):
        start = event.payload.get("planned_start")
        if not start:
            return
        first = event.business_date - timedelta(days=company.rental_backdate_days)
        if start < str(first):
            message = _(
                "The rental would begin on %(start)s, in the past; choose %(first)s or later.",
                start=format_date(self.env, start),
                first=format_date(self.env, first),
            )
            raise RuleViolation(message, "planned_in_the_past")

    @api.model
    def _check_delivery(self, event, state, company):
        start = state.get("planned_start")
        if event.event_type != "EquipmentDelivered" or not start:
            return
        first = fields.Date.to_date(start) - timedelta(days=company.rental_early_days)
        if state["delivered_on"] < str(first):
            message = _(
                "The equipment would go out on %(day)s, long before the planned start on %(start)s;"
                " change the plan first.",
                day=format_date(self.env, state["delivered_on"]),
                start=format_date(self.env, start),
            )
            raise RuleViolation(message, "delivered_too_early")

    @api.model
    def _check_movement(self, event, company):
        """Refuse a day of a delivery or return that has not come yet, or is long ago."""
        day = event.payload.get(DAY_SAID.get(event.event_type))
        if not day:
            return
        last = event.business_date
        first = last - timedelta(days=company.rental_backdate_days)
        if not str(first) <= day <= str(last):
            message = _(
                "What went out or came back is recorded with a day from %(first)s to %(last)s, not"
                " with %(day)s.",
                first=format_date(self.env, first),
                last=format_date(self.env, last),
                day=format_date(self.env, day),
            )
            raise RuleViolation(message, "moved_on_other_day")

    @api.model
    def _check_return(self, event, state):
        """Refuse a day on which the pieces that come back had not gone out yet."""
        if event.event_type != "EquipmentReturned":
            return
        movements, version = state["movements"], str(event.version)
        if any(is_back_too_early(movements, key, version) for key in movements[version]["lines"]):
            raise RuleViolation(_("The return is before the delivery."), "dates_out_of_order")

    def _rule_labels(self):
        return {
            **super()._rule_labels(),
            "moved_on_other_day": _("Equipment moved today, or not long ago."),
            "quantity_too_large": _("A rental is of more pieces than the settings allow."),
            "dates_missing": _("A confirmed rental needs a planned start and a planned end."),
            "planned_in_the_past": _("A rental cannot be planned to begin in the past."),
            "delivered_too_early": _("Equipment cannot go out long before the planned start."),
        }
