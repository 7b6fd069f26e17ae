from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo

from odoo import _, api, fields, models
from odoo.exceptions import UserError


class EventReport(models.TransientModel):
    """Ask for an Excel report about a period."""

    _name = "event.report"
    _description = "Excel Report"

    model_name = fields.Selection(
        "_select_model_name", string="Aggregate Type", help="Empty: all that you may see."
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
    )
    date_to = fields.Date(
        string="To", required=True, default=lambda self: fields.Date.context_today(self)
    )

    @api.model
    def _select_model_name(self):
        registry = self.env["snapshot.handler.registry"]
        return [
            (name, registry._aggregate_label(name)) for name in self.env["event.job"]._foldable()
        ]

    def _compute_display_name(self):
        for question in self:
            question.display_name = _("Excel Report")

    def action_create(self):
        """Return the workbook, or how far it is.

        :raise UserError: for a period that ends before it begins, or holds too much
        """
        self.ensure_one()
        if self.date_to < self.date_from:
            raise UserError(_("The period ends before it begins; put the dates in order."))
        begin = self._midnight(self.date_from)
        end = self._midnight(fields.Date.add(self.date_to, days=1))
        return self.env["event.job"]._ask_excel(self.model_name, begin, end)

    def _midnight(self, day):
        """Return when a day begins where the user is, in UTC."""
        zone = ZoneInfo(self.env.context.get("tz") or self.env.user.tz or "UTC")
        local = datetime.combine(day, time.min, zone)
        return local.astimezone(timezone.utc).replace(tzinfo=None)
