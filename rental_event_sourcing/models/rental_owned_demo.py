from datetime import datetime, time, timedelta

from odoo import api, fields, models

from odoo.addons.event_sourcing.from_code import FromCode

# Code, name, in Japanese, how many, cost of each.
BY_SERIAL_NUMBER = (
    ("DRN-07", "Survey drone", "測量ドローン", 12, 480000),
    ("EXC-03", "Mini excavator 3 t", "ミニショベル 3t", 8, 3200000),
)
BY_QUANTITY = (
    ("CHR-01", "Folding chair", "折りたたみ椅子", ((200, "bought"), (-6, "lost"), (-20, "sold"))),
    ("CON-02", "Traffic cone", "カラーコーン", ((80, "bought"), (-3, "corrected"))),
)
# What happened to units: number of the unit, days ago, event type, payload.
STORIES = (
    (2, 40, "UnitDamaged", {"description": "プロペラに亀裂"}),
    (2, 38, "MaintenanceStarted", {"reason": "Propeller exchanged"}),
    (2, 30, "MaintenanceEnded", {}),
    (5, 6, "MaintenanceStarted", {"reason": "定期点検"}),
    (7, 20, "UnitDamaged", {"description": "Camera mount bent"}),
    (9, 60, "UnitRetired", {"reason": "Lost over the sea"}),
    (9, 12, "MaintenanceStarted", {"reason": "Yearly check"}),  # refused: it is retired
    (13, 4, "UnitDamaged", {"description": "油圧ホースの漏れ"}),
    (13, 3, "MaintenanceStarted", {"reason": "油圧ホース交換"}),
    (17, 9, "MaintenanceStarted", {"reason": "Tracks exchanged"}),
)


class RentalOwnedDemo(models.AbstractModel):
    """What a shop owns: units and quantities, told by real events; loaded with the demo data."""

    _name = "rental.owned.demo"
    _description = "Demo Data of Units and Quantities"

    @api.model
    def _generate(self):
        """Acquire the units, tell their stories, and count the rest."""
        units = self.env["rental.unit"]
        for code, name, translated, count, cost in BY_SERIAL_NUMBER:
            product = self._make_product(code, name, translated, "serial")
            units += self._at(units, 300).create(
                [
                    {
                        "product_id": product.id,
                        "serial_number": f"{code}-{number:04}",
                        "acquired_on": self._day(300),
                        "cost": cost,
                    }
                    for number in range(1, count + 1)
                ]
            )
        for number, ago, event_type, payload in STORIES:
            self._at(units[number], ago)._apply_event(event_type, payload, policy="record")
        stocks = self.env["rental.stock"]
        for code, name, translated, changes in BY_QUANTITY:
            product = self._make_product(code, name, translated, "quantity")
            (first, _why), *others = changes
            stock = self._at(stocks, 300).create({"product_id": product.id, "quantity": first})
            for number, (change, why) in enumerate(others):
                later = self._at(stock, 90 - 30 * number)
                later._apply_event("QuantityChanged", stock._change(change, why))

    def _make_product(self, code, name, translated, counting):
        demo = self.env["rental.demo"]
        return demo._make_product(code, name, translated, rental_counting=counting)

    def _at(self, records, ago):
        """Return records about which events are recorded as of so many days ago."""
        moment = datetime.combine(self._day(ago), time(3))
        return records.sudo().with_context(event_timestamp=FromCode(moment))

    def _day(self, ago):
        return fields.Date.today() - timedelta(days=ago)
