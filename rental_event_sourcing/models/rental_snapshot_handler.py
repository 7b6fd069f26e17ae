from decimal import Decimal
from fractions import Fraction

from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.transitions import PayloadField, Transition

PLAN = {
    "partner_id": PayloadField("integer", minimum=1, model="res.partner"),
    "product_id": PayloadField("integer", minimum=1, model="product.product"),
    "quantity": PayloadField("integer", minimum=1),
    "planned_start": PayloadField("date"),
    "planned_end": PayloadField("date"),
    "monthly_price": PayloadField("number", minimum=0),
}
# What version 1 of a plan says of its product: an id of the catalogue of that time.
PLAN_1 = {"product_id": PayloadField("integer", minimum=1, model="rental.former.product")}
# By either of them a state names its product.
CATALOGUES = ("product_id", "former_product_id")
REASON = {"reason": PayloadField("text")}
AMOUNTS = ("monthly_price", "repair_cost", "amount")
# Pairs of dates of which the second must not come before the first.
DATE_ORDER = (
    ("planned_start", "planned_end"),
    ("delivered_on", "returned_on"),
)


class RentalSnapshotHandler(models.AbstractModel):
    """The rules of a rental: which event is possible when, and what it changes."""

    _name = "rental.snapshot.handler"
    _description = "Rules of a Rental"
    _inherit = "snapshot.handler"
    _snapshot_model = "rental.snapshot"
    _source_model = "rental.order"
    _initial_status = "draft"
    # Version 1 of a damage had a cost, and every customer was charged all of it; version 1 of a
    # plan named a product of a catalogue that rentals had to themselves.
    _schema_versions = {"RentalPlanned": 2, "PlanChanged": 2, "DamageReported": 2}
    _former_payload_fields = {
        "RentalPlanned": {1: PLAN_1},
        "PlanChanged": {1: PLAN_1},
        "DamageReported": {1: {"cost": PayloadField("number", minimum=0)}},
    }
    _upcasters = {
        "RentalPlanned": {1: "_plan_2"},
        "PlanChanged": {1: "_plan_2"},
        "DamageReported": {1: "_damage_reported_2"},
    }
    _ended_statuses = ("closed", "cancelled")
    _transitions = {
        "RentalPlanned": Transition("draft"),
        "PlanChanged": Transition(("draft", "demo", "confirmed")),
        "DemoStarted": Transition("draft", "demo"),
        "DemoExtended": Transition("demo"),
        "DemoCancelled": Transition("demo", "cancelled"),
        "RentalConfirmed": Transition(("draft", "demo"), "confirmed"),
        "RentalCancelled": Transition(("draft", "demo", "confirmed"), "cancelled"),
        "EquipmentDelivered": Transition("confirmed", "active"),
        "RentalExtended": Transition(("confirmed", "active")),
        "PriceChanged": Transition(("draft", "demo", "confirmed", "active")),
        "DamageReported": Transition(("active", "returned")),
        "EquipmentReturned": Transition("active", "returned"),
        "RentalInvoiced": Transition(("confirmed", "active", "returned")),
        "RentalClosed": Transition("returned", "closed"),
    }
    _payload_fields = {
        "RentalPlanned": PLAN,
        "PlanChanged": PLAN,
        "DemoStarted": {"demo_end": PayloadField("date")},
        "DemoExtended": {"demo_end": PayloadField("date", required=True)},
        "DemoCancelled": REASON,
        "RentalConfirmed": {},
        "RentalCancelled": REASON,
        "EquipmentDelivered": {"delivered_on": PayloadField("date")},
        "RentalExtended": {"planned_end": PayloadField("date", required=True)},
        "PriceChanged": {"monthly_price": PayloadField("number", required=True, minimum=0)},
        "DamageReported": {
            "description": PayloadField("text", required=True),
            "repair_cost": PayloadField("number", minimum=0),
            "charged": PayloadField("boolean"),
        },
        "EquipmentReturned": {"returned_on": PayloadField("date")},
        "RentalInvoiced": {"amount": PayloadField("number", required=True, minimum=0)},
        "RentalClosed": {},
    }

    _event_icons = {
        "RentalPlanned": "fa-calendar-plus-o",
        "PlanChanged": "fa-pencil",
        "DemoStarted": "fa-play",
        "DemoExtended": "fa-step-forward",
        "DemoCancelled": "fa-stop",
        "RentalConfirmed": "fa-check",
        "RentalCancelled": "fa-times",
        "EquipmentDelivered": "fa-truck",
        "RentalExtended": "fa-calendar",
        "PriceChanged": "fa-tag",
        "DamageReported": "fa-wrench",
        "EquipmentReturned": "fa-undo",
        "RentalInvoiced": "fa-file-text-o",
        "RentalClosed": "fa-archive",
    }
    _event_examples = {
        "DamageReported": {"description": "Lens scratched", "repair_cost": 12000, "charged": True},
        "DemoCancelled": {"reason": "Budget was cut"},
        "RentalCancelled": {"reason": "Event postponed"},
        "RentalInvoiced": {"amount": 48000},
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
        if "product_id" in declared:
            changes |= self._named_product(event)
        after = {**state, **changes}
        for key, other in (CATALOGUES, CATALOGUES[::-1]):
            if key in changes:
                after.pop(other, None)
        self._check_dates(after, changes)
        return after

    # ------------------------------------------------------------------
    # What is special about an event
    # ------------------------------------------------------------------

    def _on_PlanChanged(self, state, event, given):
        # An emptied date is a change, too; a rental without a customer or a price is none.
        emptied = [key for key in PLAN if key in event.payload and key not in given]
        for key in emptied:
            if PLAN[key].kind != "date":
                sentence = self._payload_refusal(key, PLAN[key], "missing")
                raise RuleViolation(sentence, f"payload:{key}:missing")
        return {**dict.fromkeys(emptied), **given}

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

    def _on_EquipmentDelivered(self, state, event, given):
        return {"delivered_on": str(event.business_date), **given}

    def _on_EquipmentReturned(self, state, event, given):
        return {"returned_on": str(event.business_date), **given}

    def _on_RentalExtended(self, state, event, given):
        self._check_later(state.get("planned_end") or "", given["planned_end"])
        return given

    def _on_DamageReported(self, state, event, given):
        if not given["description"].strip():
            field = self._payload_fields["DamageReported"]["description"]
            sentence = self._payload_refusal("description", field, "missing")
            raise RuleViolation(sentence, "payload:description:missing")
        cost = given.get("repair_cost", 0)
        charged = cost if given.get("charged") else 0
        return {
            "damage_count": state.get("damage_count", 0) + 1,
            "damage_cost": self._sum(state.get("damage_cost", 0), cost),
            "damage_charged": self._sum(state.get("damage_charged", 0), charged),
            "last_damage": given["description"],
        }

    def _on_RentalInvoiced(self, state, event, given):
        return {"invoiced_amount": self._sum(state.get("invoiced_amount", 0), given["amount"])}

    @api.model
    def _named_product(self, event):
        """Return what a plan of version 1 says of its product."""
        former = event.payload.get("former_product_id")
        return {} if former in (None, "") else {"former_product_id": former}

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
        for key in AMOUNTS:
            if key in self._payload_fields[event.event_type]:
                self._check_amount(event, key)

    @api.model
    def _check_amount(self, event, key):
        """Refuse more decimals than the currency of the event's company has."""
        value = event.payload.get(key)
        if isinstance(value, float) and not value.is_integer() and event.company_id:
            company = self.env["res.company"].browse(event.company_id)
            self._check_decimals(key, value, company.currency_id)

    @api.model
    def _check_decimals(self, key, value, currency):
        if -Decimal(repr(value)).as_tuple().exponent > currency.decimal_places:
            message = _(
                "%(name)s has more decimals than an amount in %(currency)s: %(digits)s at most;"
                " round it.",
                name=self._payload_label(key),
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
