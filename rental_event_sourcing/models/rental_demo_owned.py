from datetime import timedelta
from typing import NamedTuple

from odoo import api, models

from .rental_demo import OPENED

# What happened to units: product, which of its units from the last on, days ago, event, payload.
UNIT_STORIES = (
    ("DRN-07", 1, 40, "UnitDamaged", {"description": "プロペラに亀裂"}),
    ("DRN-07", 1, 38, "MaintenanceStarted", {"reason": "プロペラ交換"}),
    ("DRN-07", 1, 30, "MaintenanceEnded", {}),
    ("DRN-07", 2, 60, "UnitRetired", {"reason": "池に落下、回収不能"}),
    ("DRN-07", 2, 12, "MaintenanceStarted", {"reason": "定期点検"}),  # refused: it is retired
    ("EXC-03", 1, 4, "UnitDamaged", {"description": "油圧ホースの漏れ"}),
    ("EXC-03", 1, 3, "MaintenanceStarted", {"reason": "油圧ホース交換"}),
    ("GEN-05", 1, 9, "MaintenanceStarted", {"reason": "オイル交換"}),
    ("LFT-12", 1, 20, "UnitDamaged", {"description": "手すりの曲がり"}),
    ("LY-BRO-01", 1, 6, "MaintenanceStarted", {"reason": "Affûtage des couteaux"}),
    ("LY-NAC-10", 1, 90, "MaintenanceStarted", {"reason": "Contrôle annuel"}),
    ("LY-NAC-10", 1, 84, "MaintenanceEnded", {}),
    ("LY-SON-01", 1, 15, "UnitDamaged", {"description": "Grille enfoncée"}),
    ("LY-VID-05", 1, 45, "UnitRetired", {"reason": "Volé sur un chantier"}),
)
# How else a quantity came to be: product, how many first, then days ago, how many more, why.
STOCK_STORIES = {
    "CHR-01": (326, (90, -6, "lost"), (30, -20, "sold")),
    "CON-02": (203, (90, -3, "corrected")),
    "WAL-05": (30, (200, 20, "bought")),
    "LY-CHA-01": (254, (75, -4, "lost")),
    "LY-VAI-01": (25, (150, 15, "bought")),
}


class Owned(NamedTuple):
    """What a shop owns of a product, and may be rented.

    :ivar units: records of ``rental.unit``; none where only a quantity is known
    :ivar int quantity: how many there always were
    """

    product: object
    units: object
    quantity: int


class RentalDemo(models.AbstractModel):
    _inherit = "rental.demo"

    @api.model
    def _make_owned(self, shop, company, manager):
        """Acquire what a shop owns, tell what happened to it, and return it, see :class:`Owned`."""
        rows = self._rows("products", shop)
        wanted = [
            (product, row, int(row["owned"]))
            for product, row in zip(self._make_products(shop, company), rows, strict=True)
        ]
        serial = [entry for entry in wanted if entry[1]["counting"] == "serial"]
        units = self._acquire(serial, company, manager)
        aside = self._tell_of_units(units, company, manager)
        stocks = self._count([entry for entry in wanted if entry not in serial], company, manager)
        always = self._tell_of_stocks(stocks, company, manager)
        found = []
        for product, _row, _count in wanted:
            own = (units - aside).filtered(lambda unit, p=product: unit.product_id == p)
            found.append(Owned(product, own, len(own) or always[product]))
        return found

    def _acquire(self, wanted, company, manager):
        bought = self._today(company) - timedelta(days=OPENED)
        return self._at(self.env["rental.unit"], company, bought, manager).create(
            [
                {
                    "product_id": product.id,
                    "serial_number": f"{row['code']}-{number:04}",
                    "acquired_on": bought,
                    "cost": float(row["cost"]),
                    "company_id": company.id,
                }
                for product, row, count in wanted
                for number in range(1, count + 1)
            ]
        )

    def _tell_of_units(self, units, company, manager):
        """Return the units to which something happened."""
        aside = units.browse()
        for code, place, ago, event_type, payload in UNIT_STORIES:
            of_it = units.filtered(lambda unit, c=code: unit.product_id.default_code == c)
            if of_it:
                day = self._today(company) - timedelta(days=ago)
                unit = self._at(of_it[-place], company, day, manager)
                unit._apply_event(event_type, payload, policy="record")
                aside |= of_it[-place]
        return aside

    def _count(self, wanted, company, manager):
        bought = self._today(company) - timedelta(days=OPENED)
        return self._at(self.env["rental.stock"], company, bought, manager).create(
            [
                {
                    "product_id": product.id,
                    "quantity": STOCK_STORIES.get(row["code"], (count,))[0],
                    "company_id": company.id,
                }
                for product, row, count in wanted
            ]
        )

    def _tell_of_stocks(self, stocks, company, manager):
        """Return ``{product: how many there were at any time}``."""
        always = {stock.product_id: stock.quantity for stock in stocks}
        for stock in stocks:
            _first, *changes = STOCK_STORIES.get(stock.product_id.default_code, (0,))
            for ago, change, why in changes:
                day = self._today(company) - timedelta(days=ago)
                later = self._at(stock, company, day, manager)
                later._apply_event("QuantityChanged", stock._change(change, why))
            always[stock.product_id] = min(always[stock.product_id], stock.quantity)
        return always

    # ------------------------------------------------------------------
    # What is free of it
    # ------------------------------------------------------------------

    @api.model
    def _free_units(self, calendar, owned, first, last):
        """Return the units of a product that nobody has on these days."""
        return owned.units.filtered(lambda unit: not calendar.count(unit, first, last))

    @api.model
    def _free_quantity(self, calendar, owned, first, last):
        return owned.quantity - calendar.count(owned.product, first, last)
