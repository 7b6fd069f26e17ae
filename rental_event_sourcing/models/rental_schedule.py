from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.event_sourcing_base.arguments import listed, shown, text, whole
from odoo.addons.event_sourcing_base.compat import check_access

from .rental_snapshot import STATUSES

MAX_DAYS = 400
# What can be asked for beside the period, and what an answer without it says.
FILTERS = {
    "statuses": [],
    "category_id": 0,
    "product_id": 0,
    "partner_id": 0,
    "search": "",
    "free_from": False,
    "free_to": False,
    "free_quantity": 1,
}


class RentalSchedule(models.AbstractModel):
    """What lies when: products and units as rows, rentals as bars; see ``rental_schedule_rows``."""

    _name = "rental.schedule"
    _description = "Schedule of Rentals"

    @api.model
    def read_period(self, start, end, filters=None):
        """Return the schedule of a period, of the companies that are chosen.

        :param str start: first day, such as ``2026-03-01``
        :param str end: last day, at most 400 days later
        :param dict filters: any of ``statuses`` (list), ``category_id``, ``product_id``,
            ``partner_id``, ``search`` (a text in names, codes and serial numbers),
            ``free_from``, ``free_to`` (days) and ``free_quantity``: products of which as many
            are free on all of these days
        :return: ``today``; ``rows``, each a product with its ``units``, its ``bars`` and how many
            are ``free`` on each day; ``options`` of the filters
        :raise AccessError: for whoever may not read rentals
        :raise UserError: for what is no period, or an unknown filter
        """
        check_access(self.env["rental.order"], "read")
        first, last = self._period("start", start, "end", end)
        asked = self._filters(filters)
        free = None
        if asked["free_from"] or asked["free_to"]:
            free = self._period("free_from", asked["free_from"], "free_to", asked["free_to"])
        days = [first, last, *(free or ())]
        loaded = self._load(min(days), max(days))
        rows = self._rows(loaded, first, last)
        options = self._options(rows)
        return {
            "today": str(loaded.today[self.env.company.id]),
            "options": options,
            "rows": self._filtered(rows, asked, loaded, free),
        }

    @api.model
    def action_plan(self, product_id, start, end, unit_id=None, company_id=None):
        """Return the action that opens a form with a new rental of a product.

        :param int product_id: id of the ``product.product``
        :param int unit_id: id of the ``rental.unit`` that is to go out, where one is meant
        :param str start: first day
        :param str end: last day
        :param int company_id: of the rental; the user's, where none is given
        :raise AccessError: for whoever may not create rentals
        """
        check_access(self.env["rental.order"], "create")
        first, last = self._period("start", start, "end", end)
        own = self.env.company.id
        line = {"product_id": whole(self.env, "product_id", product_id, least=1), "quantity": 1}
        unit_id = whole(self.env, "unit_id", unit_id, default=0)
        planned = {
            "line_ids": [(0, 0, self._planned_line(line, unit_id))],
            "planned_start": str(first),
            "planned_end": str(last),
            "company_id": whole(self.env, "company_id", company_id, least=1, default=own),
        }
        return {
            "type": "ir.actions.act_window",
            "name": _("New rental"),
            "res_model": "rental.order",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {f"default_{name}": value for name, value in planned.items()},
        }

    @api.model
    def _planned_line(self, line, unit_id):
        """Return the values of a new line, with the price that its product proposes."""
        product = self.env["product.product"].browse(line["product_id"]).exists()
        if not product:
            raise UserError(_("There is no product with the id %(id)s.", id=line["product_id"]))
        if unit_id:
            line = {**line, "unit_ids": [(6, 0, [unit_id])]}
        new = self.env["rental.order.line"].new(line)
        new._onchange_product_id()
        return {**line, "price": new.price, "price_period": new.price_period}

    # ------------------------------------------------------------------
    # What is asked
    # ------------------------------------------------------------------

    @api.model
    def _period(self, start_name, start, end_name, end):
        first, last = self._day(start_name, start), self._day(end_name, end)
        if not first <= last < first + timedelta(days=MAX_DAYS):
            raise UserError(
                _(
                    "A period ends on its first day or later, and has %(limit)s days at most; it"
                    " cannot go from %(start)s to %(end)s.",
                    limit=MAX_DAYS,
                    start=format_date(self.env, first),
                    end=format_date(self.env, last),
                )
            )
        return first, last

    @api.model
    def _day(self, name, value):
        try:
            return fields.Date.to_date(text(self.env, name, value, limit=10))
        except ValueError:
            raise UserError(
                _(
                    "%(name)s must be a day such as 2026-03-01, not %(value)s.",
                    name=name,
                    value=shown(value),
                )
            ) from None

    @api.model
    def _filters(self, filters):
        """Return all filters, with those that were given in their place."""
        if filters is None or filters is False:
            filters = {}
        if not isinstance(filters, dict) or not FILTERS.keys() >= filters.keys():
            raise UserError(
                _("A schedule can be filtered by: %(known)s.", known=", ".join(FILTERS))
            )
        asked = {**FILTERS, **filters}
        statuses, known = listed(self.env, "statuses", asked["statuses"]), dict(STATUSES)
        for status in statuses:
            if not isinstance(status, str) or status not in known:
                raise UserError(
                    _(
                        "Rentals know no status %(status)s; use one of: %(known)s.",
                        status=shown(status),
                        known=", ".join(known),
                    )
                )
        for name in ("category_id", "product_id", "partner_id"):
            asked[name] = whole(self.env, name, asked[name], default=0)
        quantity = whole(self.env, "free_quantity", asked["free_quantity"], least=1, default=1)
        words = text(self.env, "search", asked["search"], default="")
        return {**asked, "statuses": statuses, "free_quantity": quantity, "search": words}
