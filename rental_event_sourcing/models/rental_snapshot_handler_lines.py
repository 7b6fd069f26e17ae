from odoo import _, api, models
from odoo.exceptions import MissingError

from odoo.addons.event_sourcing.event import as_record_id
from odoo.addons.event_sourcing.exceptions import RuleViolation

from ..line_fields import LINE
from ..lines import (
    CATALOGUES,
    FIRST,
    PERIODS,
    flat_in,
    is_given,
    merged,
    ordered,
    out_quantity,
    with_lines,
)
from .rental_snapshot_handler import PEOPLE

PRODUCT = "product.product"
# Of the parts of a state: what says nothing to people.
QUIET_WITHIN = {
    "lines": lambda key, value: not value and key in ("delivered", "returned"),
    "invoices": lambda key, _value: key == "version",
}


class RentalSnapshotHandler(models.AbstractModel):
    """What is planned, line by line."""

    _inherit = "rental.snapshot.handler"

    def _on_RentalPlanned(self, state, event, given):
        return self._with_planned_lines(state, given)

    def _on_PlanChanged(self, state, event, given):
        # An emptied date, or address, is a change, too; one without a customer or a price is none.
        declared = self._payload_fields["PlanChanged"]
        emptied = [key for key in declared if key in event.payload and key not in given]
        for key in emptied:
            if declared[key].kind != "date" and key not in PEOPLE:
                self._refuse_missing("PlanChanged", key)
        return {**dict.fromkeys(emptied), **self._with_planned_lines(state, given)}

    def _on_PriceChanged(self, state, event, given):
        lines = state.get("lines", {})
        changes = given.get("lines", {})
        if "monthly_price" in given:
            changes = {**changes, self._only_line(lines): flat_in(given)}
        elif not changes:
            self._refuse_missing("PriceChanged", "monthly_price")
        self._check_known(lines, given.get("lines", {}))
        return {"lines": self._merged_lines(lines, changes)}

    def _on_UnitsAssigned(self, state, event, given):
        lines = state.get("lines", {})
        self._check_known(lines, given["lines"])
        return {"lines": self._merged_lines(lines, given["lines"])}

    def _on_ProductExchanged(self, state, event, given):
        lines, line_id = state.get("lines", {}), given["line"]
        self._check_known(lines, [line_id])
        line = lines[line_id]
        if line.get("product_id") == given["product_id"]:
            message = _("Line %(line)s has this product already; choose another.", line=line_id)
            raise RuleViolation(message, "same_product")
        if line["returned"]:
            message = _(
                "A part of line %(line)s is back already; its product cannot be exchanged.",
                line=line_id,
            )
            raise RuleViolation(message, "returned_in_part")
        units = given.get("unit_ids", [])
        changes = {"product_id": given["product_id"], "unit_ids": units}
        after = {**merged(line, changes), "out": units[: out_quantity(line)]}
        after = {**lines, line_id: after}
        self._check_units(after)
        return {"lines": after}

    @api.model
    def _told_state(self, state):
        """Leave out that nothing of a line went out or came back, and which event invoiced."""
        told = super()._told_state(state)
        for name, quiet in QUIET_WITHIN.items():
            if name in told:
                told[name] = {
                    number: {key: value for key, value in part.items() if not quiet(key, value)}
                    for number, part in told[name].items()
                }
        return told

    @api.model
    def _check_new(self, event):
        super()._check_new(event)
        if event.event_type == "ProductExchanged":
            self._check_offered(event, {event.payload["product_id"]})

    @api.model
    def _check_nested(self, nested, held, event, named):
        """Refuse a plan with a product that was archived, unless the rental has it already."""
        super()._check_nested(nested, held, event, named)
        said = [event.payload, *(event.payload.get("lines") or {}).values()]
        ids = {as_record_id(each.get("product_id")) for each in said}
        known = {record_id for model, record_id in held if model == PRODUCT}
        of_batch = named.get((event.company_id, PRODUCT), {})
        self._check_offered(event, ids - known - {None}, of_batch)

    @api.model
    def _check_offered(self, event, ids, of_batch=()):
        """Refuse products that were archived: what is out comes back, and no more goes out.

        :param set ids: of the products
        :param of_batch: ids of more of them, which are read in the same query
        """
        if not event.company_id:
            return  # of no stream, as in tests of rules alone
        products = self.env[PRODUCT].sudo().with_context(prefetch_fields=False)
        for product in products.browse({*ids, *of_batch}):
            try:
                offered = product.id not in ids or product.active
            except MissingError:
                continue  # which is refused for that
            if not offered:
                message = _(
                    "%(product)s is archived, so it is not rented any more; choose another product,"
                    " or unarchive it.",
                    product=product.display_name,
                )
                raise RuleViolation(message, "archived_product")

    # ------------------------------------------------------------------

    @api.model
    def _with_planned_lines(self, state, given):
        """Return the changes of a plan, with all lines as they are after it."""
        lines = state.get("lines", {})
        plan = with_lines(given, self._only_line(lines)) if flat_in(given) else given
        changes, removed = plan.get("lines", {}), plan.get("removed_lines", [])
        rest = {key: v for key, v in plan.items() if key not in ("lines", "removed_lines")}
        if not changes and not removed:
            return rest
        self._check_known(lines, removed)
        kept = {line_id: line for line_id, line in lines.items() if line_id not in removed}
        after = self._merged_lines(kept, changes)
        if not after:
            message = _("A rental needs a line with a product; add one.")
            raise RuleViolation(message, "no_lines")
        return {**rest, "lines": after}

    @api.model
    def _merged_lines(self, lines, changes):
        """Return all lines after what an event says of some of them."""
        after = dict(lines)
        known = (*LINE, "former_product_id")
        for line_id, said in changes.items():
            told = {key: said[key] for key in known if is_given(said.get(key))}
            self._check_period(line_id, told)
            after[line_id] = merged(lines.get(line_id), told)
            if line_id not in lines and line_id != FIRST:
                self._check_whole(line_id, told)
        self._check_units(after)
        return after

    @api.model
    def _only_line(self, lines):
        """Return which line a payload means that names none."""
        if len(lines) > 1:
            message = _(
                "The rental has several lines; say which one is meant: %(lines)s.",
                lines=", ".join(ordered(lines)),
            )
            raise RuleViolation(message, "line_not_named")
        return next(iter(lines), FIRST)

    @api.model
    def _check_known(self, lines, named):
        for line_id in named:
            if line_id not in lines:
                message = _(
                    "The rental has no line %(line)s; it has: %(lines)s.",
                    line=line_id,
                    lines=", ".join(ordered(lines)) or _("none"),
                )
                raise RuleViolation(message, "unknown_line")

    @api.model
    def _check_whole(self, line_id, line):
        """Refuse a further line that is not complete; a plan may be, piece by piece, as ever."""
        for key, ways in (("product_id", CATALOGUES), ("quantity", ("quantity",))):
            if not any(way in line for way in ways):
                message = _("%(name)s is missing.", name=self._line_place(line_id, key))
                raise RuleViolation(message, f"payload:lines.*.{key}:missing")

    @api.model
    def _check_period(self, line_id, line):
        if line.get("price_period", "month") not in PERIODS:
            message = _(
                "%(name)s must be one of: %(known)s.",
                name=self._line_place(line_id, "price_period"),
                known=", ".join(PERIODS),
            )
            raise RuleViolation(message, "payload:lines.*.price_period:choice")

    @api.model
    def _check_units(self, lines):
        """Refuse a unit that stands in two lines or is of another product, and too many."""
        seen = {}
        for line_id in ordered(lines):
            line = lines[line_id]
            units = line.get("unit_ids", [])
            if len(units) > line.get("quantity", 0):
                message = _(
                    "Line %(line)s is of %(quantity)s pieces, but %(count)s units are assigned to"
                    " it; assign fewer, or plan more.",
                    line=line_id,
                    quantity=line.get("quantity", 0),
                    count=len(units),
                )
                raise RuleViolation(message, "too_many_units")
            for unit_id in units:
                if unit_id in seen:
                    message = _(
                        "The unit %(unit)s stands in line %(first)s and in line %(second)s; take"
                        " it out of one of them.",
                        unit=unit_id,
                        first=seen[unit_id],
                        second=line_id,
                    )
                    raise RuleViolation(message, "unit_twice")
                seen[unit_id] = line_id
            self._check_units_of(line_id, line, units)

    @api.model
    def _check_units_of(self, line_id, line, units):
        """Refuse units that are not of the line's product, as their references say."""
        product = line.get("product_id")
        for unit_id in units:
            if product is not None and unit_id.partition("/")[0] != str(product):
                message = _(
                    "The unit %(unit)s is not of the product of line %(line)s; choose another.",
                    unit=unit_id,
                    line=line_id,
                )
                raise RuleViolation(message, "unit_of_other_product")

    @api.model
    def _line_place(self, line_id, key):
        return _("Line %(line)s: %(name)s", line=line_id, name=self._payload_label(key))
