from odoo import _, api, fields, models

from ..bookings import by_product, by_unit
from ..lines import NOTHING_OUT

PLANNING = (False, "draft", "demo")
HELD = {"rental.stock": by_product, "rental.unit": by_unit}


class RentalOrder(models.Model):
    """What is free while a rental is planned; confirming it decides."""

    _inherit = "rental.order"

    shortage = fields.Text(
        compute="_compute_shortage",
        help="What is not free on the planned days. Until the rental is confirmed nothing is kept.",
    )

    @api.depends(
        *("status", "planned_start", "planned_end", "company_id"),
        *("line_ids.product_id", "line_ids.quantity", "line_ids.unit_ids"),
    )
    def _compute_shortage(self):
        for order in self:
            answers = order._availability().values()
            order.shortage = "\n".join(words for _free, _owned, words in answers if words) or False

    def _availability(self):
        """Return what is free for one rental that is planned; of what is recorded.

        :return: ``{(boundary, key): (free, in order, sentence or None)}``
        """
        self.ensure_one()
        start, end = self.planned_start, self.planned_end
        if self.status not in PLANNING or not start or (end and end < start):
            return {}
        company, state = self.company_id or self.env.company, self._as_confirmed()
        today = self.env["event.store"]._business_today(company.id, fields.Datetime.now())
        found = {}
        for name, held in HELD.items():
            boundary = self.env[f"{name}.boundary"]
            answers = boundary._look_up(company.id, self.name, held(state), today)
            found.update({(name, key): answer for key, answer in answers.items()})
        return found

    def _as_confirmed(self):
        """Return the state that one rental would have if it were confirmed as it is planned."""
        lines = {
            number: {
                **NOTHING_OUT,
                "product_id": line.product_id._origin.id,
                "quantity": line.quantity,
                "unit_ids": line.unit_ids.mapped("name"),
            }
            for number, line in enumerate(self.line_ids)
        }
        return {
            "status": "confirmed",
            "planned_start": fields.Date.to_string(self.planned_start),
            "planned_end": fields.Date.to_string(self.planned_end) or None,
            "lines": lines,
        }


class RentalOrderLine(models.Model):
    _inherit = "rental.order.line"

    availability = fields.Char(
        compute="_compute_availability",
        string="Free",
        help="How many are free on the planned days, of those in order.",
    )
    is_short = fields.Boolean(compute="_compute_availability", string="Too Few Free")

    @api.depends(
        *("product_id", "quantity", "unit_ids", "order_id.status", "order_id.planned_start"),
        *("order_id.planned_end", "order_id.line_ids.product_id", "order_id.line_ids.quantity"),
    )
    def _compute_availability(self):
        for order, lines in self.grouped("order_id").items():
            found = order._availability() if order else {}
            for line in lines:
                product = found.get(("rental.stock", str(line.product_id._origin.id)))
                units = [found.get(("rental.unit", name)) for name in line.unit_ids.mapped("name")]
                answers = [answer for answer in (product, *units) if answer]
                line.is_short = any(words for _free, _owned, words in answers)
                line.availability = product and _(
                    "%(free)s of %(owned)s", free=product[0], owned=product[1]
                )
