"""What a shop has is rented once: rules over all rentals, units and quantities of a company."""

from odoo import _, api, models
from odoo.tools import format_date

from odoo.addons.event_sourcing.exceptions import RuleViolation

from ..bookings import (
    by_product,
    by_unit,
    free_for,
    shortage_of_days,
    shortage_on_hand,
    shortage_without,
    with_blocked,
    with_booking,
)

# Events that change what a rental holds, or when; returned, closed and cancelled ones hold nothing.
OF_RENTALS = (
    "PlanChanged",
    "RentalConfirmed",
    "RentalCancelled",
    "RentalExtended",
    "RentalShortened",
    "ProductExchanged",
    "UnitsAssigned",
    "EquipmentDelivered",
    "DeliveryCorrected",
    "EquipmentReturned",
    "ReturnCorrected",
)
OF_UNITS = ("UnitAcquired", "MaintenanceStarted", "MaintenanceEnded", "UnitRetired")


class RentalBoundary(models.AbstractModel):
    """What both boundaries have in common: bookings of rentals against what is in order.

    Events of rentals have as details what the rental holds after them; see ``bookings``.
    """

    _name = "rental.boundary"
    _description = "What Is Rented Once"
    _inherit = "event.boundary"

    @api.model
    def _check_new(self, state, event, key):
        state = self._recorded(state)
        if event.model_name != "rental":
            self._check_owned(state, event, key)
        elif event.details:
            rental, booking = event.aggregate_id, event.details
            today = event.business_date
            short = shortage_of_days(state, rental, booking, today)
            if short is None and booking["out"] > state.get("out", {}).get(rental, 0):
                short = shortage_on_hand(state, rental, booking, self._day_out(event))
            if short is not None:
                message = self._shortage_words(key, short, booking["days"][2])
                raise RuleViolation(message, "not_free")

    @api.model
    def _evolve(self, state, event, key):
        if event.model_name == "rental":
            return with_booking(state, event.aggregate_id, event.details)
        return self._with_owned(state, event)

    @api.model
    def _recorded(self, state):
        """Return the state by which a key is judged."""
        return state

    @api.model
    def _day_out(self, event):
        return event.payload.get("delivered_on") or str(event.business_date)

    # ------------------------------------------------------------------
    # Asked before anything is recorded
    # ------------------------------------------------------------------

    @api.model
    def _look_up(self, company_id, rental, bookings, today):
        """Return what is free for bookings, and why one would be refused; nothing is locked.

        :param str rental: whose they would be
        :param dict bookings: ``{key: booking}``, see ``bookings``
        :return: ``{key: (free, in order, sentence or None)}`` of the keys of which it is recorded
            what there is; nothing while the boundary does not count
        """
        name, found = self._boundary_name(), {}
        if not bookings or not self.env["event.boundary.status"]._ensure(name):
            return found
        bookings = {str(key): booking for key, booking in bookings.items()}
        for key, state in self._known_states(company_id, list(bookings)).items():
            state, booking = self._recorded(state), bookings[key]
            left = free_for(state, rental, booking, today)
            if left is not None:
                short = shortage_of_days(state, rental, booking, today)
                words = short and self._shortage_words(key, short, booking["days"][2])
                found[key] = max(left, 0), state["owned"], words
        return found

    @api.model
    def _known_states(self, company_id, keys):
        """Return ``{key: state}`` of keys; of those about which nothing happened that of before."""
        name, digest = self._boundary_name(), self._rules_digest()
        domain = [("boundary", "=", name), ("key", "in", keys), ("company_id", "=", company_id)]
        found = {key: self._initial_state() for key in keys}
        for row in self.env["event.boundary.state"].sudo().search(domain):
            if row.version and row.rules == digest:
                found[row.key] = row.state
            elif row.version:
                _count, found[row.key], _problem = self._fold_key((company_id, name, row.key))
        return found

    @api.model
    def _with_maintenance(self, state, event):
        """Return the state of a key on which a unit counts, after an event of the unit."""
        days = event.details["maintenance"] if event.details else None
        return with_blocked(state, event.aggregate_id, days)

    @api.model
    def _unit_details(self, state):
        """Return the details of an event of a unit: ``{"maintenance": [first, last] or None}``."""
        days = [state.get("maintenance_since"), state.get("maintenance_until")]
        return {"maintenance": days if state.get("status") == "maintenance" else None}

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------

    @api.model
    def _shortage_words(self, key, short, wanted):
        """Return why something cannot be had, and when it can, as sentences.

        :param Shortage short: see ``bookings``
        :param int wanted: how many
        """
        reason = self._reason_words(self._key_label(key), short, wanted)
        if not short.next_free:
            return reason
        day = format_date(self.env, short.next_free)
        return _("%(reason)s Free for as many days from %(day)s.", reason=reason, day=day)

    @api.model
    def _day_words(self, short):
        """Return the days of what is in the way, ready for a sentence."""
        return {
            "start": format_date(self.env, short.start),
            "end": short.end and format_date(self.env, short.end),
        }

    @api.model
    def _rule_labels(self):
        return {
            "not_free": _("What is wanted is not free on these days."),
            "still_booked": _("What goes is booked by a rental."),
        }

    @api.model
    def _state_labels(self):
        return {
            "owned": _("In order"),
            "bookings": _("Bookings"),
            "out": _("Out"),
            "blocked": _("In maintenance"),
        }


class RentalUnitBoundary(models.AbstractModel):
    """A unit is with one customer at a time; its key is the reference of the unit."""

    _name = "rental.unit.boundary"
    _description = "One Customer per Unit"
    _inherit = "rental.boundary"
    _subscribes = {"rental": OF_RENTALS, "rental_unit": OF_UNITS}

    @api.model
    def _keys(self, event, state):
        if event.model_name == "rental":
            return by_unit(state)
        return {event.aggregate_id: self._unit_details(state)}

    @api.model
    def _recorded(self, state):
        # A unit that nobody recorded is one unit all the same.
        return {"owned": 1, **state}

    @api.model
    def _with_owned(self, state, event):
        owned = 0 if event.event_type == "UnitRetired" else 1
        return {**self._with_maintenance(state, event), "owned": owned}

    @api.model
    def _check_owned(self, state, event, key):
        if event.event_type != "UnitRetired":
            return
        short = shortage_without(state, 1, event.aggregate_id, event.business_date)
        if short is not None:
            message = _(
                "%(reason)s It can be retired once the rental has another unit, or is over.",
                reason=self._reason_words(self._key_label(key), short, 1),
            )
            raise RuleViolation(message, "still_booked")

    @api.model
    def _key_label(self, key):
        return key.partition("/")[2] or key

    @api.model
    def _reason_words(self, unit, short, _wanted):
        if short.key is None:
            return _("The unit %(unit)s is retired.", unit=unit)
        days = self._day_words(short)
        if short.blocked and short.end and not short.late:
            return _(
                "The unit %(unit)s is in maintenance from %(start)s to %(end)s.", unit=unit, **days
            )
        if short.blocked:
            return _("The unit %(unit)s is in maintenance since %(start)s.", unit=unit, **days)
        if short.late:
            return _(
                "The unit %(unit)s is still out with %(rental)s, and was to be back on %(end)s.",
                unit=unit,
                rental=short.key,
                **days,
            )
        if short.end:
            return _(
                "The unit %(unit)s is booked by %(rental)s from %(start)s to %(end)s.",
                unit=unit,
                rental=short.key,
                **days,
            )
        return _(
            "The unit %(unit)s is booked by %(rental)s from %(start)s until it is returned.",
            unit=unit,
            rental=short.key,
            **days,
        )


class RentalStockBoundary(models.AbstractModel):
    """Of a product never more are out than are owned and in order; its key is the product's id.

    Of one with serial numbers its units count, whether they are assigned already or not, so that
    there are enough to assign.
    """

    _name = "rental.stock.boundary"
    _description = "No More Out Than There Are"
    _inherit = "rental.boundary"
    _subscribes = {
        "rental": OF_RENTALS,
        "rental_unit": OF_UNITS,
        "rental_stock": ("QuantityChanged",),
    }

    @api.model
    def _keys(self, event, state):
        if event.model_name == "rental":
            return by_product(state)
        if not state.get("product_id"):
            return {}
        details = {"quantity": state["quantity"]} if event.model_name == "rental_stock" else None
        return {state["product_id"]: details or self._unit_details(state)}

    @api.model
    def _with_owned(self, state, event):
        if event.model_name == "rental_stock":
            return {**state, "owned": event.details["quantity"]}
        change = {"UnitAcquired": 1, "UnitRetired": -1}.get(event.event_type, 0)
        owned = state.get("owned", 0) + change
        return {**self._with_maintenance(state, event), "owned": owned}

    @api.model
    def _check_owned(self, state, event, key):
        """Refuse to sell or retire what is booked; what is lost is a fact."""
        if event.event_type == "UnitRetired":
            gone = 1
        elif event.payload.get("why") == "sold":
            gone = -event.payload["change"]
        else:
            return
        short = shortage_without(state, gone, event.aggregate_id, event.business_date)
        if short is not None:
            message = _(
                "%(product)s is booked by %(rental)s from %(start)s, and without what goes there"
                " would be too few; change the rental first.",
                product=self._key_label(key),
                rental=short.key,
                start=self._day_words(short)["start"],
            )
            raise RuleViolation(message, "still_booked")

    @api.model
    def _key_label(self, key):
        product = self.env["product.product"].sudo().browse(int(key)).exists()
        return product.display_name or key

    @api.model
    def _reason_words(self, product, short, wanted):
        known = {"product": product, "free": short.free, "wanted": wanted}
        if short.key is None:
            return _(
                "%(product)s: %(wanted)s wanted, only %(owned)s in order.",
                **known,
                owned=short.owned,
            )
        days = self._day_words(short)
        if short.blocked:
            return _(
                "%(product)s: %(wanted)s wanted, only %(free)s free: one is in maintenance since"
                " %(start)s.",
                **known,
                **days,
            )
        words = {**known, **days, "rental": short.key, "count": short.count}
        if short.late:
            return _(
                "%(product)s: %(wanted)s wanted, only %(free)s free: %(rental)s still has"
                " %(count)s, to be back on %(end)s.",
                **words,
            )
        if short.end:
            return _(
                "%(product)s: %(wanted)s wanted, only %(free)s free: %(rental)s has %(count)s from"
                " %(start)s to %(end)s.",
                **words,
            )
        return _(
            "%(product)s: %(wanted)s wanted, only %(free)s free: %(rental)s has %(count)s from"
            " %(start)s until they are returned.",
            **words,
        )
