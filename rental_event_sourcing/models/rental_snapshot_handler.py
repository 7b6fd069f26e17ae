from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.transitions import PayloadField, Transition

from .. import money
from ..line_fields import LINES, UNITS, some_of_lines
from ..lines import FLAT, summary, with_lines
from ..photos import PHOTOS

# Of a plan with one line, these may stand beside ``lines`` and mean that line.
OF_THE_LINE = {
    "product_id": PayloadField("integer", minimum=1, model="product.product"),
    "quantity": PayloadField("integer", minimum=1),
    "monthly_price": PayloadField("number", minimum=0),
}
# Where it goes and who is to be asked for, where that is not the customer.
PEOPLE = {
    "delivery_partner_id": PayloadField("integer", minimum=1, model="res.partner"),
    "contact_partner_id": PayloadField("integer", minimum=1, model="res.partner"),
}
PLAN = {
    "partner_id": PayloadField("integer", minimum=1, model="res.partner"),
    **PEOPLE,
    "planned_start": PayloadField("date"),
    "planned_end": PayloadField("date"),
    "lines": LINES,
    **OF_THE_LINE,
}
CHANGED_PLAN = {**PLAN, "removed_lines": PayloadField("list", items=PayloadField("text"))}
# What version 1 of a plan says of its product: an id of the catalogue of that time.
PLAN_1 = {"product_id": PayloadField("integer", minimum=1, model="rental.former.product")}
REASON = {"reason": PayloadField("text")}
WHY = {"reason": PayloadField("text", required=True)}
MOVED = some_of_lines("quantity", "unit_ids", "condition")
BACK = some_of_lines("quantity", "unit_ids", "condition", "missing")
MOVEMENT = {"movement": PayloadField("integer", minimum=1)}
AMOUNTS = ("monthly_price", "repair_cost", "amount")
PLANNED = {"partner_id": 1, "planned_start": "2026-02-01", "planned_end": "2026-03-31"}
LINES_PLANNED = {
    "1": {"product_id": 1, "quantity": 2, "price": 48000, "price_period": "month"},
    "2": {"product_id": 2, "quantity": 1, "price": 9000, "price_period": "week"},
}
# Pairs of dates of which the second must not come before the first.
DATE_ORDER = (
    ("planned_start", "planned_end"),
    ("delivered_on", "returned_on"),
)


class RentalSnapshotHandler(models.AbstractModel):
    """The rules of a rental: which event is possible when, and what it changes."""

    _name = "rental.snapshot.handler"
    _description = "Rules of a Rental"
    _inherit = ["rental.said.rules", "rental.adopting.rules", "snapshot.handler"]
    _snapshot_model = "rental.snapshot"
    _source_model = "rental.order"
    _initial_status = "draft"
    # Version 1 of a damage had a cost, and every customer was charged all of it; version 1 of a
    # plan named a product of a catalogue that rentals had to themselves, version 2 knew no lines.
    _schema_versions = {"RentalPlanned": 3, "PlanChanged": 3, "DamageReported": 2}
    _former_payload_fields = {
        "RentalPlanned": {1: PLAN_1},
        "PlanChanged": {1: PLAN_1},
        "DamageReported": {1: {"cost": PayloadField("number", minimum=0)}},
    }
    _upcasters = {
        "RentalPlanned": {1: "_plan_2", 2: "_plan_3"},
        "PlanChanged": {1: "_plan_2", 2: "_plan_3"},
        "DamageReported": {1: "_damage_reported_2"},
    }
    _ended_statuses = ("closed", "cancelled")
    _constraint_rules = {
        "rental_snapshot_partner_id_fkey": "unknown_customer",
        "rental_snapshot_product_id_fkey": "unknown_product",
    }
    # Of the lines, for lists; the movements, whose sums stand in the lines; what invoices are of.
    _quiet_keys = (
        *("product_id", "former_product_id", "quantity", "monthly_price"),
        *("movements", "invoiced_lines"),
    )
    _transitions = {
        "RentalPlanned": Transition("draft"),
        "PlanChanged": Transition(("draft", "demo", "confirmed")),
        "DemoStarted": Transition("draft", "demo"),
        "DemoExtended": Transition("demo"),
        "DemoCancelled": Transition("demo", "cancelled"),
        "RentalConfirmed": Transition(("draft", "demo"), "confirmed"),
        "RentalCancelled": Transition(("draft", "demo", "confirmed"), "cancelled"),
        "UnitsAssigned": Transition(("draft", "demo", "confirmed", "active")),
        "EquipmentDelivered": Transition(("confirmed", "active"), "active"),
        "DeliveryCorrected": Transition("active", ("confirmed", "active", "returned")),
        "RentalExtended": Transition(("confirmed", "active")),
        "RentalShortened": Transition(("confirmed", "active")),
        "ProductExchanged": Transition(("confirmed", "active")),
        "PriceChanged": Transition(("draft", "demo", "confirmed", "active")),
        "DamageReported": Transition(("active", "returned")),
        "EquipmentReturned": Transition("active", ("active", "returned")),
        "ReturnCorrected": Transition(("active", "returned"), "active"),
        "RentalInvoiced": Transition(("confirmed", "active", "returned")),
        "ContractAgreed": Transition(("confirmed", "active")),
        "ReturnReminded": Transition("active"),
        "RentalClosed": Transition("returned", "closed"),
        **money.TRANSITIONS,
    }
    _payload_fields = {
        "RentalPlanned": PLAN,
        "PlanChanged": CHANGED_PLAN,
        "DemoStarted": {"demo_end": PayloadField("date")},
        "DemoExtended": {"demo_end": PayloadField("date", required=True)},
        "DemoCancelled": REASON,
        "RentalConfirmed": {},
        "RentalCancelled": REASON,
        "UnitsAssigned": {"lines": replace(some_of_lines("unit_ids"), required=True)},
        "EquipmentDelivered": {"delivered_on": PayloadField("date"), "lines": MOVED, **PHOTOS},
        "DeliveryCorrected": {**MOVEMENT, **WHY},
        "RentalExtended": {"planned_end": PayloadField("date", required=True)},
        "RentalShortened": {"planned_end": PayloadField("date", required=True), **REASON},
        "ProductExchanged": {
            "line": PayloadField("text", required=True),
            "product_id": replace(OF_THE_LINE["product_id"], required=True),
            "unit_ids": UNITS,
            **REASON,
        },
        "PriceChanged": {
            "monthly_price": OF_THE_LINE["monthly_price"],
            "lines": some_of_lines("price", "price_period", "price_typed"),
        },
        "DamageReported": {
            "description": PayloadField("text", required=True),
            "repair_cost": PayloadField("number", minimum=0),
            "charged": PayloadField("boolean"),
            **PHOTOS,
        },
        "EquipmentReturned": {"returned_on": PayloadField("date"), "lines": BACK, **PHOTOS},
        "ReturnCorrected": {**MOVEMENT, **WHY},
        "ContractAgreed": {"agreed_by": PayloadField("text", required=True)},
        "ReturnReminded": {"reminded_for": PayloadField("date", required=True)},
        "RentalInvoiced": money.INVOICED,
        "RentalClosed": {},
        **money.FIELDS,
    }

    _event_icons = {
        "RentalPlanned": "fa-calendar-plus-o",
        "PlanChanged": "fa-pencil",
        "DemoStarted": "fa-play",
        "DemoExtended": "fa-step-forward",
        "DemoCancelled": "fa-stop",
        "RentalConfirmed": "fa-check",
        "RentalCancelled": "fa-times",
        "UnitsAssigned": "fa-barcode",
        "EquipmentDelivered": "fa-truck",
        "DeliveryCorrected": "fa-eraser",
        "RentalExtended": "fa-calendar",
        "RentalShortened": "fa-calendar-minus-o",
        "ProductExchanged": "fa-exchange",
        "PriceChanged": "fa-tag",
        "DamageReported": "fa-wrench",
        "EquipmentReturned": "fa-undo",
        "ReturnCorrected": "fa-repeat",
        "RentalInvoiced": "fa-file-text-o",
        "ContractAgreed": "fa-handshake-o",
        "ReturnReminded": "fa-bell-o",
        "RentalClosed": "fa-archive",
        **money.ICONS,
    }
    _event_examples = {
        "RentalPlanned": {**PLANNED, "lines": LINES_PLANNED},
        "PlanChanged": {"lines": {"2": {"quantity": 3}}},
        "UnitsAssigned": {"lines": {"1": {"unit_ids": ["1/PRJ-0042"]}}},
        "EquipmentDelivered": {"delivered_on": "2026-02-01", "lines": {"1": {"quantity": 1}}},
        "DeliveryCorrected": {"reason": "The lift stayed on the truck"},
        "RentalShortened": {"planned_end": "2026-02-20", "reason": "Done earlier"},
        "ProductExchanged": {"line": "1", "product_id": 2, "reason": "The projector failed"},
        "PriceChanged": {"monthly_price": 48000},
        "EquipmentReturned": {
            "returned_on": "2026-03-01",
            "lines": {"1": {"quantity": 1, "condition": "Scratched", "missing": "Power cable"}},
        },
        "ReturnCorrected": {"reason": "Counted twice"},
        "DamageReported": {"description": "Lens scratched", "repair_cost": 12000, "charged": True},
        "DemoCancelled": {"reason": "Budget was cut"},
        "ContractAgreed": {"agreed_by": "Keiko Tanaka"},
        "RentalCancelled": {"reason": "Event postponed"},
        "RentalInvoiced": {
            "amount": 48000,
            "period_start": "2026-01-01",
            "period_end": "2026-01-31",
        },
        **money.EXAMPLES,
    }

    def _evolve(self, state, event):
        """Return the state after ``event``.

        Only declared keys reach the state: what else a payload says stays in history,
        and cannot pass for a date or a price.
        """
        declared = self._payload_fields[event.event_type]
        given = {
            key: event.payload[key] for key in declared if event.payload.get(key) not in (None, "")
        }
        changes = getattr(self, f"_on_{event.event_type}", lambda _s, _e, g: g)(state, event, given)
        after = {**state, **changes}
        if "lines" in changes:
            after = {key: value for key, value in after.items() if key not in FLAT}
            after |= summary(changes["lines"])
        self._check_dates(after, changes)
        return after

    # ------------------------------------------------------------------
    # What is special about an event
    # ------------------------------------------------------------------

    def _on_DemoStarted(self, state, event, given):
        start = str(event.business_date)
        if given.get("demo_end", start) < start:
            message = _(
                "The demo would end on %(end)s, before it starts on %(start)s; choose a later end.",
                end=given["demo_end"],
                start=start,
            )
            raise RuleViolation(message, "demo_ends_before_start")
        return {"demo_start": start, **given}

    def _on_DemoExtended(self, state, event, given):
        known = state.get("demo_end") or state.get("demo_start", "")
        self._check_later(known, given["demo_end"])
        return given

    def _on_DemoCancelled(self, state, event, given):
        return {"cancel_reason": given.get("reason")}

    _on_RentalCancelled = _on_DemoCancelled

    def _on_RentalExtended(self, state, event, given):
        self._check_later(state.get("planned_end") or "", given["planned_end"])
        return given

    def _on_RentalShortened(self, state, event, given):
        known = state.get("planned_end")
        if not known or given["planned_end"] >= known:
            message = _(
                "A rental is shortened to an end before the planned one: %(given)s is not before"
                " %(known)s.",
                given=given["planned_end"],
                known=known or _("no date"),
            )
            raise RuleViolation(message, "shortening_not_earlier")
        return {"planned_end": given["planned_end"]}

    def _on_DamageReported(self, state, event, given):
        self._check_said("DamageReported", "description", given)
        cost = given.get("repair_cost", 0)
        charged = cost if given.get("charged") else 0
        return {
            "damage_count": state.get("damage_count", 0) + 1,
            "damage_cost": self._sum(state.get("damage_cost", 0), cost),
            "damage_charged": self._sum(state.get("damage_charged", 0), charged),
            "last_damage": given["description"],
        }

    @api.model
    def _plan_2(self, payload, event):
        """Bring a plan to version 2: the id is one of the former catalogue, and says so.

        Which product that is now, only the database knows; a fold does not ask it.
        """
        if payload.get("product_id") in (None, ""):
            return payload
        known = {key: value for key, value in payload.items() if key != "product_id"}
        return {**known, "former_product_id": payload["product_id"]}

    @api.model
    def _plan_3(self, payload, event):
        """Bring a plan to version 3, in which lines say what is rented: here the first one."""
        unheard = ("lines", "removed_lines")
        return with_lines({key: value for key, value in payload.items() if key not in unheard})

    @api.model
    def _damage_reported_2(self, payload, event):
        """Bring a damage to version 2, which says who pays for the repair."""
        known = {key: value for key, value in payload.items() if key != "cost"}
        cost = {"repair_cost": payload["cost"]} if "cost" in payload else {}
        return {**known, **cost, "charged": True}

    @api.model
    def _snapshot_vals(self, state, event, rules=None):
        """Return the row of a snapshot; its product is what the former one became."""
        vals = super()._snapshot_vals(state, event, rules)
        former = state.get("former_product_id")
        if type(former) is int:
            vals["product_id"] = self.env["rental.former.product"]._product_of(former)
        return vals

    # ------------------------------------------------------------------
    # Refusals
    # ------------------------------------------------------------------

    @api.model
    def _sum(self, known, given):
        """Return the exact sum of two amounts as they are written in decimals.

        Not rounded: how many decimals an amount may have depends on the currency, which may
        become another one; see :meth:`_check_new`.
        """
        if isinstance(known, int) and isinstance(given, int):
            return known + given
        exact = Fraction(repr(known)) + Fraction(repr(given))
        found = float(exact)
        if Fraction(repr(found)) != exact:
            message = _(
                "%(known)s and %(given)s add up to more digits than a number can keep; record"
                " a smaller amount.",
                known=known,
                given=given,
            )
            raise RuleViolation(message, "too_many_digits")
        return found

    @api.model
    def _check_new(self, event):
        """Refuse an amount that its currency does not have, rather than round it."""
        super()._check_new(event)
        declared = self._payload_fields[event.event_type]
        for key in AMOUNTS:
            if key in declared:
                self._check_amount(event, key)
        lines = event.payload.get("lines") if "lines" in declared else None
        for line_id, line in (lines or {}).items():
            name = self._line_place(line_id, "price")
            self._check_decimals(event, "price", line.get("price"), name)

    @api.model
    def _check_amount(self, event, key):
        """Refuse more decimals than the currency of the event's company has."""
        self._check_decimals(event, key, event.payload.get(key), self._payload_label(key))

    @api.model
    def _check_decimals(self, event, key, value, name):
        if not isinstance(value, float) or value.is_integer() or not event.company_id:
            return
        currency = self.env["res.company"].browse(event.company_id).currency_id
        if -Decimal(repr(value)).as_tuple().exponent > currency.decimal_places:
            message = _(
                "%(name)s has more decimals than an amount in %(currency)s: %(digits)s at most;"
                " round it.",
                name=name,
                currency=currency.name,
                digits=currency.decimal_places,
            )
            raise RuleViolation(message, f"decimals:{key}")

    @api.model
    def _check_dates(self, state, changes):
        for first, second in DATE_ORDER:
            if first not in changes and second not in changes:
                continue
            begin, end = state.get(first), state.get(second)
            if begin and end and end < begin:
                if second == "returned_on":
                    message = _("The return is before the delivery.")
                else:
                    message = _("The end is before the start.")
                raise RuleViolation(message, "dates_out_of_order")

    @api.model
    def _check_later(self, known, given):
        if given <= known:
            message = _(
                "An extension must end later than before: %(given)s is not after %(known)s.",
                given=given,
                known=known,
            )
            raise RuleViolation(message, "extension_not_later")
