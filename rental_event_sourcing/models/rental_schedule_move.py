from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.event_sourcing_base.arguments import text, whole
from odoo.addons.event_sourcing_base.compat import check_access

PLACE = ("line", "product_id", "unit_from", "unit_to")


class RentalScheduleMove(models.AbstractModel):
    """What a bar that is dragged becomes: an event, or a refusal that says why."""

    _inherit = "rental.schedule"

    @api.model
    def move(self, order_id, start, end, expected_version, place=None):
        """Move a rental to other days or into another row, as an event; no refusal is kept.

        :param int order_id: id of the ``rental.order``
        :param str start: first day, False for none
        :param str end: last day, False for none
        :param int expected_version: the version of its last event that the schedule shows
        :param dict place: the row where it is dropped, if it is another one: ``line``, the key of
            the line that is dragged; ``product_id``; ``unit_from`` and ``unit_to``, references of
            units, empty for none
        :return: ``{"version": of its last event, "message": what was done}``
        :raise AccessError: for whoever may not change the rental
        :raise UserError: where something else has happened since, or a rule refuses it
        """
        orders = self.env["rental.order"]
        check_access(orders, "write")
        order = orders.browse(whole(self.env, "order_id", order_id, least=1)).exists()
        if not order:
            raise UserError(_("There is no rental with the id %(id)s.", id=order_id))
        check_access(order, "write")
        days = {
            "planned_start": self._day("start", start) if start else None,
            "planned_end": self._day("end", end) if end else None,
        }
        version = whole(self.env, "expected_version", expected_version, least=1)
        changed = order.changed_since(version)
        if changed:
            raise UserError(_("%(changed)s Look at it, and try again.", changed=changed))
        event_type, payload = self._move_event(order, days, self._placed(order, place))
        if payload:
            order._apply_event(event_type, payload, policy="reject", expected_version=version + 1)
            version += 1
        return {"version": version, "message": self._moved_sentence(order)}

    @api.model
    def _move_event(self, order, days, placed):
        """Return ``(event type, payload)`` that brings a rental to other days or another row."""
        changed = {
            name: str(day) if day else None
            for name, day in days.items()
            if order[name] != (day or False)
        }
        before, end = order.planned_end, days["planned_end"]
        if order.status == "active" and set(changed) == {"planned_end"} and before and end:
            return "RentalExtended" if before < end else "RentalShortened", changed
        if placed and not changed:
            return self._place_event(order, *placed)
        lines = {line.line_key: said for line, said in self._prices(order, days, changed)}
        if placed:
            line, said = placed
            product = self._product_after(line, said)
            lines[line.line_key] = {**self._price(line, product, *days.values()), **said}
        return "PlanChanged", {**changed, **({"lines": lines} if lines else {})}

    @api.model
    def _place_event(self, order, line, said):
        """Return ``(event type, payload)`` for another unit or product of a line."""
        if "product_id" not in said:
            return "UnitsAssigned", {"lines": {line.line_key: said}}
        if order.status in ("confirmed", "active"):
            return "ProductExchanged", {"line": line.line_key, **said}
        product = self._product_after(line, said)
        price = self._price(line, product, order.planned_start, order.planned_end)
        return "PlanChanged", {"lines": {line.line_key: {**said, **price}}}

    @api.model
    def _product_after(self, line, said):
        return line.product_id.browse(said.get("product_id", line.product_id.id))

    @api.model
    def _prices(self, order, days, changed):
        """Return ``[(line, its price)]`` that other days bring, as in the form of the rental."""
        found = [
            (line, self._price(line, line.product_id, *days.values()))
            for line in order.line_ids
            if changed
        ]
        return [(line, price) for line, price in found if price]

    @api.model
    def _price(self, line, product, start, end):
        """Return the price that a product says for days, where it is another one than known."""
        if line.price_typed or not product or (start and end and end < start):
            return {}
        proposal = product._rental_proposal(start, end, line._currency(), line._company())
        price = dict(zip(("price", "price_period"), proposal or (), strict=False))
        return {**price, "price_typed": False} if price and price != line._said_price() else {}

    @api.model
    def _placed(self, order, place):
        """Return ``(line, what an event says of it)`` for another row, None for the same.

        :raise UserError: where no event leads there
        """
        if not place:
            return None
        if not isinstance(place, dict) or place.keys() - {*PLACE}:
            raise UserError(_("A row is given by: %(known)s.", known=", ".join(PLACE)))
        key, before, after = (
            text(self.env, name, place.get(name), default="")
            for name in ("line", "unit_from", "unit_to")
        )
        product_id = whole(self.env, "product_id", place.get("product_id"), least=1)
        line = order.line_ids.filtered(lambda line: line.line_key == key)
        if not line:
            raise UserError(_("%(name)s has no line %(line)s any more.", name=order.name, line=key))
        if product_id != line.product_id.id:
            return line, self._exchanged(line, product_id, after)
        units = self._reassigned(line, before, after)
        return (line, {"unit_ids": units}) if units is not None else None

    @api.model
    def _exchanged(self, line, product_id, unit):
        if line.quantity > 1:
            raise UserError(
                _(
                    "This bar is %(count)s × %(product)s; exchange the product in the form of the"
                    " rental, where you can say how many.",
                    count=line.quantity,
                    product=line.product_id.display_name,
                )
            )
        return {"product_id": product_id, "unit_ids": [unit] if unit else []}

    @api.model
    def _reassigned(self, line, before, after):
        """Return the units of a line with one in place of another; None where they are the same."""
        if before in line.out_unit_ids.mapped("name"):
            unit = line.out_unit_ids.filtered(lambda unit: unit.name == before)
            raise UserError(
                _(
                    "The customer has the unit %(unit)s; take it back, and hand out another one.",
                    unit=unit.display_name,
                )
            )
        known = line.unit_ids.mapped("name")
        kept = [name for name in known if name != before]
        units = [*kept, after] if after else kept
        return units if sorted(units) != sorted(known) else None

    @api.model
    def _moved_sentence(self, order):
        days = [
            format_date(self.env, day) if day else "…"
            for day in (order.planned_start, order.planned_end)
        ]
        return _("%(name)s: %(start)s – %(end)s", name=order.name, start=days[0], end=days[1])
