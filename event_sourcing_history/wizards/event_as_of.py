from datetime import timedelta, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from odoo.addons.event_sourcing_job.periods import first_of_week

PERIODS = [
    ("yesterday", "End of yesterday"),
    ("week", "End of last week"),
    ("month", "End of last month"),
    ("year", "End of last year"),
    ("own", "Another moment"),
]


class EventAsOf(models.TransientModel):
    """Ask what was true of all aggregates of a type at a moment, or between two."""

    _name = "event.as.of"
    _inherit = "access.first.mixin"
    _description = "As Of"

    model_name = fields.Selection(
        "_select_model_name",
        string="Record Type",
        required=True,
        default=lambda self: self._default_model_name(),
    )
    period = fields.Selection(PERIODS, string="When", required=True, default="month")
    moment = fields.Datetime(
        required=True, compute="_compute_moment", store=True, readonly=False, precompute=True
    )
    two_moments = fields.Boolean(string="Compare with an earlier moment")
    date_from = fields.Datetime(
        string="Earlier Moment",
        compute="_compute_moment_before",
        store=True,
        readonly=False,
        precompute=True,
    )
    hint = fields.Char(compute="_compute_hint")

    @api.model
    def _select_model_name(self):
        registry = self.env["snapshot.handler.registry"]
        return [
            (name, registry._aggregate_label(name))
            for name in self.env["snapshot.handler.registry"]._foldable()
        ]

    @api.model
    def _default_model_name(self):
        names = self.env["snapshot.handler.registry"]._foldable()
        return names[0] if names else False

    @api.depends("period")
    def _compute_moment(self):
        for question in self:
            if question.period != "own" or not question.moment:
                question.moment = question._end_of(question.period)

    @api.depends("moment")
    def _compute_moment_before(self):
        for question in self:
            if not question.date_from and question.moment:
                question.date_from = fields.Datetime.subtract(question.moment, months=1)

    def _end_of(self, period):
        """Return the last second of a period before today in the user's time zone, in UTC."""
        now = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        first_day = {
            "week": first_of_week(self.env, today),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }.get(period, today)
        # The zone's offset is the one of that day, not today's.
        local = first_day.replace(tzinfo=None) - timedelta(seconds=1)
        zone = self.env["event.store"]._user_zone()
        return local.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)

    @api.depends("model_name", "moment", "date_from", "two_moments")
    def _compute_hint(self):
        for question in self:
            question.hint = question._hint()

    def _hint(self):
        """Return what is odd about the moments, in one sentence, or nothing."""
        moment = self.date_from if self.two_moments else self.moment
        if not self.moment or not moment or not self.model_name:
            return False
        names = self.env["snapshot.handler.registry"]._stream_names(self.model_name)
        events = self.env["event.store"]
        first = events.search([("model_name", "in", names)], order="timestamp, id", limit=1)
        if not first:
            return _("There are no events of this kind yet.")
        if moment < first.timestamp:
            return _(
                "Nothing had happened by then: the first event is of %(moment)s.",
                moment=format_datetime(self.env, first.timestamp, tz=self.env.context.get("tz")),
            )
        if self.moment > fields.Datetime.now():
            later = [("model_name", "in", names), ("timestamp", ">", self.moment)]
            if events.search(later, limit=1):
                return _(
                    "This lies in the future: events that are recorded for an even later time are"
                    " left out."
                )
            until = [("model_name", "in", names), ("timestamp", ">", fields.Datetime.now())]
            if events.search(until, limit=1):
                return _(
                    "This lies in the future: what you see includes events that are recorded for"
                    " a time to come."
                )
            return _("This lies in the future: you will see how it is now.")
        return False

    def _options(self):
        """Return what else is asked for, as a dict of JSON values; None for nothing."""
        return None

    def action_show(self):
        """Show the list of that moment, or the differences between the two."""
        self.ensure_one()
        jobs = self.env["event.job"]
        if not self.two_moments:
            return jobs._ask("as_of", self.model_name, self.moment, options=self._options())
        if not self.date_from or self.date_from >= self.moment:
            raise UserError(_("The earlier moment must lie before the later one."))
        return jobs._ask("compare", self.model_name, self.moment, self.date_from)
