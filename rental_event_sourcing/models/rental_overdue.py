from odoo import api, fields, models

from ..searching import is_wanted


class RentalOverdueMixin(models.AbstractModel):
    """Whether the customer still has the equipment after the planned end.

    Today is the business day of the record's company: the same for everybody who looks, and the
    day that a return would get. In a list of the past it is the day of the moment that was asked
    about. Inherit it where there are ``status``, ``planned_end`` and ``company_id``.
    """

    _name = "rental.overdue.mixin"
    _description = "Overdue Rental"

    overdue = fields.Boolean(
        compute="_compute_overdue",
        search="_search_overdue",
        help="The customer still has the equipment, after the planned end.",
    )

    @api.depends(lambda self: () if self._abstract else ("status", "planned_end", "company_id"))
    def _compute_overdue(self):
        store, days = self.env["event.store"], {}
        for rental in self:
            company, moment = rental.company_id, rental._overdue_moment()
            if (company, moment) not in days:
                days[company, moment] = store._business_today(company.id, moment)
            end = rental.planned_end
            late = rental.status == "active" and bool(company and end)
            rental.overdue = late and end < days[company, moment]

    @api.model
    def _search_overdue(self, operator, value):
        if is_wanted(operator, value):
            return ["&", ("status", "=", "active"), *self._end_domain("<")]
        begin = ["|", ("status", "!=", "active"), "|", ("planned_end", "=", False)]
        return begin + self._end_domain(">=")

    def _overdue_moment(self):
        """Return the moment, in UTC, at which it is asked whether one rental is overdue."""
        return fields.Datetime.now()

    @api.model
    def _overdue_moments(self):
        """Return ``(leaf of a domain or None for all, moment)`` for the records of each moment."""
        return [(None, fields.Datetime.now())]

    @api.model
    def _end_domain(self, operator):
        """Return the domain of the rentals whose planned end is before the day, or is not.

        :param str operator: ``<`` or ``>=``
        """
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        companies = companies.search([("id", ">", 0)])
        store, domains = self.env["event.store"], []
        for leaf, moment in self._overdue_moments():
            days = {}  # on earth it is three at most
            for company in companies:
                days.setdefault(store._business_today(company.id, moment), []).append(company.id)
            for day, company_ids in days.items():
                end = ["&", ("company_id", "in", company_ids), ("planned_end", operator, day)]
                domains.append(end if leaf is None else ["&", leaf, *end])
        if not domains:
            return [("id", "=", False)]
        return ["|"] * (len(domains) - 1) + [term for domain in domains for term in domain]
