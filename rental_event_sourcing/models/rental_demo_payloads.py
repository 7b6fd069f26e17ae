from datetime import timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, models

# Damages with what they cost, and why things happen, in the words of each shop.
DAMAGES = {
    "osaka": (("レンズに傷", 12000), ("ケーブル断線", 4500), ("脚部の変形", 8000)),
    "lyon": (("Pied tordu", 85), ("Toile déchirée", 140), ("Câble sectionné", 35.5)),
}
REASONS = {
    "osaka": {
        "DemoCancelled": "予算の都合",
        "RentalCancelled": "イベント延期のため",
        "RentalShortened": "工事が早く終わった",
        "DeliveryCorrected": "トラックに残っていた",
        "ReturnCorrected": "数え間違い",
        "InvoiceCorrected": "雨天で使えなかった日の分",
    },
    "lyon": {
        "DemoCancelled": "Budget refusé",
        "RentalCancelled": "Fête reportée",
        "RentalShortened": "Chantier terminé plus tôt",
        "DeliveryCorrected": "Resté dans le camion",
        "ReturnCorrected": "Erreur de comptage",
        "InvoiceCorrected": "Jours de pluie",
    },
}
OLD = 200  # days ago damages were still written in their first version
LATE = 4  # days, where somebody is late


class Told(NamedTuple):
    """An event that is to be recorded: of which rental, by which step of its story, when."""

    shop: object
    scene: object
    order: object
    lines: list
    step: object
    day: object

    @property
    def end(self):
        return self.scene.days["end"]

    @property
    def damage(self):
        known = DAMAGES[self.shop.key]
        return known[self.scene.number % len(known)]

    def rounded(self, amount):
        return self.order.currency_id.round(amount)


class RentalDemo(models.AbstractModel):
    """What the events of the demo say: ``_say_<event type>`` returns what is special about one."""

    _inherit = "rental.demo"

    def _payload_for(self, told):
        """Return the payload of an event, with its version where that is an old one."""
        event_type = told.step.event_type
        payload = getattr(self, f"_say_{event_type}", lambda _told: {})(told)
        reason = REASONS[told.shop.key].get(event_type)
        found = {"payload": {**payload, **({"reason": reason} if reason else {})}}
        return {**found, "schema_version": 1} if "cost" in payload else found

    def _say_EquipmentDelivered(self, told):
        if told.step.about is None:  # all that is left
            return {}
        if told.step.about == "too many":
            first = told.order.line_ids[:1]
            return {"lines": {first.line_key: {"quantity": first.quantity + 1}}}
        lines = {}
        for line in told.order.line_ids:
            half = (line.quantity + 1) // 2
            lines[line.line_key] = {"quantity": half}
            if told.step.event_type == "EquipmentReturned" and line.unit_ids:
                lines[line.line_key]["unit_ids"] = sorted(line.unit_ids.mapped("name"))[:half]
        return {"lines": lines}

    _say_EquipmentReturned = _say_EquipmentDelivered

    def _say_RentalInvoiced(self, told):
        first, last = self._invoiced_days(told.scene, told.step.about)
        days = {"period_start": str(first), "period_end": str(last)}
        return {"amount": told.order._period_amount(first, last), **days}

    def _say_InvoiceCorrected(self, told):
        amount = told.order._period_amount(*self._invoiced_days(told.scene, "month"))
        return {"invoice": 1, "amount": told.rounded(amount / 10)}

    def _say_LateFeeCharged(self, told):
        pieces = sum(line.quantity for line in told.lines)
        first, last = (told.end + timedelta(days=days) for days in (1, LATE))
        amount = told.rounded(told.shop.late_fee * pieces * LATE)
        return {"late_from": str(first), "late_until": str(last), "amount": amount}

    def _say_DamageReported(self, told):
        description, cost = told.damage
        if told.day < self._today(told.order.company_id) - timedelta(days=OLD):
            return {"description": description, "cost": cost}
        return {"description": description, "repair_cost": cost, "charged": True}

    def _say_DamageCharged(self, told):
        return {"damage": 1, "amount": told.damage[1]}

    def _say_DepositTaken(self, told):
        return {"amount": told.shop.deposit}

    _say_DepositReturned = _say_DepositTaken

    def _say_DemoStarted(self, told):
        return {"demo_end": str(told.scene.days["planned"] + timedelta(days=told.step.about))}

    def _say_RentalExtended(self, told):
        return {"planned_end": str(told.end + timedelta(days=told.step.about))}

    _say_RentalShortened = _say_RentalExtended

    def _say_PlanChanged(self, told):
        return {"lines": {"1": {"quantity": told.lines[0].quantity}}}

    def _say_PriceChanged(self, told):
        line = told.order.line_ids[:1]
        price = told.rounded(line.price * 0.9)
        return {"lines": {line.line_key: {"price": price, "price_typed": True}}}

    def _say_ContractAgreed(self, told):
        return {"agreed_by": told.order.partner_id.name}

    def _say_ReturnReminded(self, told):
        return {"reminded_for": str(told.end)}

    @api.model
    def _invoiced_days(self, scene, about):
        """Return the first and last day that are invoiced: of all, or of a part that is named."""
        first, last = scene.days["start"], scene.days["end"]
        second = first + relativedelta(months=1)
        return {
            "month": (first, second - timedelta(days=1)),
            "rest": (second, last),
            "extended": (first, last + timedelta(days=7)),
            "shortened": (first, last - timedelta(days=6)),
        }.get(about, (first, last))
