from odoo import api, fields, models


class RentalOverdueMixin(models.AbstractModel):
    """Whether the customer still has the equipment after the planned end.

    Today is the business day of the record's company: the same for everybody who looks, and the
    day that a return would get. Inherit it where there are ``status``, ``planned_end`` and
    ``company_id``.
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
        store = self.env["event.store"]
        today = {company: store._business_today(company.id) for company in self.company_id}
        for rental in self:
            end = rental.planned_end
            late = rental.status == "active" and bool(end)
            rental.overdue = late and end < today.get(rental.company_id, end)

    @api.model
    def _search_overdue(self, operator, value):
        # Odoo 19 asks with a set of values.
        wanted = any(value) if isinstance(value, list | tuple | set | frozenset) else bool(value)
        if operator in ("!=", "not in"):
            wanted = not wanted
        if wanted:
            return [("status", "=", "active"), *self._end_domain("<")]
        begin = ["|", ("status", "!=", "active"), "|", ("planned_end", "=", False)]
        return begin + self._end_domain(">=")

    @api.model
    def _end_domain(self, operator):
        """Return the domain of the rentals whose planned end is before today, or is not.

        :param str operator: ``<`` or ``>=``
        """
        store, days = self.env["event.store"], {}
        # On earth it is three days at most.
        for company in self.env["res.company"].sudo().with_context(active_test=False).search([]):
            days.setdefault(store._business_today(company.id), []).append(company.id)
        domain = ["|"] * (len(days) - 1)
        for day, company_ids in days.items():
            domain += ["&", ("company_id", "in", company_ids), ("planned_end", operator, day)]
        return domain
