from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.event_sourcing_job.periods import first_of_week

from .. import pricing
from ..searching import is_wanted

# What is to happen next with a rental of a status, and the field with its day.
NEXT = {
    "demo": ("demo_ends", "snapshot_id.demo_end"),
    "confirmed": ("goes_out", "planned_start"),
    "active": ("comes_back", "planned_end"),
}


class RentalOrder(models.Model):
    """What is due: going out, coming back, overdue, demos that end.

    Days are business days of the rental's company, as those of ``overdue`` are.
    """

    _inherit = "rental.order"

    due = fields.Selection(
        [
            ("goes_out", "Goes out"),
            ("comes_back", "Comes back"),
            ("overdue", "Overdue"),
            ("demo_ends", "Demo ends"),
        ],
        string="Next",
        compute="_compute_due",
        help="What is to happen next.",
    )
    due_on = fields.Date(compute="_compute_due", help="The day on which it is to happen.")
    due_today = fields.Boolean(compute="_compute_due", search="_search_due_today")
    due_this_week = fields.Boolean(compute="_compute_due", search="_search_due_this_week")

    @api.depends("status", "planned_start", "planned_end", "snapshot_id.demo_end", "company_id")
    def _compute_due(self):
        days = self._due_days()
        for order in self:
            kind, path = NEXT.get(order.status, (False, False))
            day = order[path.rpartition(".")[2]] if path else False
            today, last = days.get(order.company_id.id, (None, None))
            late = kind == "comes_back" and day and today and day < today
            order.due = ("overdue" if late else kind) if day else False
            order.due_on = day or False
            order.due_today = bool(day and today and day <= today)
            order.due_this_week = bool(day and last and day <= last)

    @api.model
    def _due_days(self):
        """Return ``{company id: (today, last day of this week)}``."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        store, found = self.env["event.store"], {}
        for company in companies.search([("id", ">", 0)]):
            today = store._business_today(company.id, fields.Datetime.now())
            found[company.id] = today, first_of_week(self.env, today) + timedelta(days=6)
        return found

    @api.model
    def _search_due_today(self, operator, value):
        return self._due_domain(operator, value, 0)

    @api.model
    def _search_due_this_week(self, operator, value):
        return self._due_domain(operator, value, 1)

    @api.model
    def _due_domain(self, operator, value, place):
        wanted = is_wanted(operator, value)
        days = {}
        for company_id, limits in self._due_days().items():
            days.setdefault(limits[place], []).append(company_id)
        domains = [
            ["&", "&", ("company_id", "in", ids), ("status", "=", status), (path, "<=", day)]
            for day, ids in days.items()
            for status, (_kind, path) in NEXT.items()
        ]
        found = ["|"] * (len(domains) - 1) + [term for domain in domains for term in domain]
        return [("id", "in" if wanted else "not in", self._search(found))]

    def copy_data(self, default=None):
        """Plan anew: from today, for as long, and one's own, whatever the old one was.

        What is rented by the month is so for as many months, however long they are.
        """
        rows = super().copy_data(default)
        days = self._due_days()
        for order, vals in zip(self, rows, strict=False):
            today = days[order.company_id.id][0]
            start, end = order.planned_start, order.planned_end
            fresh = {"user_id": self.env.uid}
            if start:
                fresh["planned_start"] = today
            if end:
                fresh["planned_end"] = today + (end - start if start else timedelta(days=30))
            if start and end and "month" in order.line_ids.mapped("price_period"):
                months = pricing.whole_months(start, end)
                if months:
                    fresh["planned_end"] = pricing.last_of_months(today, months)
            vals.update({key: value for key, value in fresh.items() if key not in (default or {})})
        return rows
