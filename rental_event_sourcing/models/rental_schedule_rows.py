from odoo import api, models

from .. import availability
from .rental_snapshot import STATUSES

GONE = "cancelled"  # shown to whoever asks for it


class RentalScheduleRows(models.AbstractModel):
    """The rows of a schedule: a product of a company each, its units, and its rentals as bars."""

    _inherit = "rental.schedule"

    @api.model
    def _rows(self, loaded, first, last):
        """Return all rows of a period, by company and product."""
        products = self._products(loaded)
        keys = {
            (company_id, product_id)
            for (company_id, product_id) in {*loaded.bookings, *loaded.owned}
            if product_id in products
        }
        known = {product_id for _company_id, product_id in keys}
        keys |= {
            (self.env.company.id, product_id) for product_id in products if product_id not in known
        }
        places = {product_id: place for place, product_id in enumerate(products)}
        companies = {company.id: company for company in self.env.companies}
        rows = []
        for key in sorted(keys, key=lambda key: (places[key[1]], key[0])):
            company = companies[key[0]] if len(companies) > 1 else None
            rows.append(self._row(loaded, key, products[key[1]], company, first, last))
        return rows

    @api.model
    def _products(self, loaded):
        """Return ``{id: product}`` of what is rented out, or was."""
        products = self.env["product.product"].with_context(active_test=False)
        named = {product_id for _company_id, product_id in {*loaded.bookings, *loaded.owned}}
        domain = [
            *("|", ("id", "in", list(named))),
            *("&", ("rental_ok", "=", True), ("active", "=", True)),
        ]
        found = products.search_fetch(domain, ("product_tmpl_id", "default_code", "barcode"))
        found.product_tmpl_id.fetch(("categ_id", "rental_counting", "name"))
        return {product.id: product for product in found}

    @api.model
    def _row(self, loaded, key, product, company, first, last):
        company_id, _product_id = key
        free = loaded.free(key, first, last)
        bookings = [b for b in loaded.bookings.get(key, ()) if b.overlaps(first, last)]
        bars = [self._bar(loaded, company_id, booking, free, first) for booking in bookings]
        self._mark_double(bookings, bars)
        named = {name for bar in bars for name in bar["units"]}
        units = [
            self._unit(unit, loaded.blocked.get((company_id, unit.name)), loaded.today[company_id])
            for unit in loaded.units.get(key, ())
            if unit.status != "retired" or unit.name in named
        ]
        return {
            "key": f"{company_id}/{product.id}",
            "product_id": product.id,
            "category_id": product.categ_id.id,
            "category": product.categ_id.display_name or "",
            "company_id": company_id,
            "company": company.name if company else "",
            "name": product.display_name,
            "barcode": product.barcode or "",
            "counting": product.rental_counting,
            "owned": loaded.owned.get(key, False),
            "free": free or False,
            "units": units,
            "bars": bars,
        }

    @api.model
    def _unit(self, unit, blocked, today):
        start, end = blocked or (None, None)
        end = max(end, today) if end else None  # as long as nobody says that it has ended
        return {
            "id": unit.id,
            "key": unit.name,
            "name": unit.serial_number,
            "barcode": unit.barcode or "",
            "status": unit.status or "",
            "blocked": [str(start), str(end) if end else False] if blocked else False,
        }

    @api.model
    def _bar(self, loaded, company_id, booking, free, first):
        order, status = booking.order, booking.status
        name, partner = order.name, order.partner_id
        start, end = order.planned_start, order.planned_end
        late = booking.out and end and end < loaded.today[company_id]
        return {
            "id": order.id,
            "key": f"{order.id}/{booking.line}",
            "line": booking.line,
            "name": name,
            "partner_id": partner.id,
            "customer": partner.complete_name or "",
            "quantity": booking.quantity,
            "units": list(booking.unit_ids),
            "status": status,
            "kind": "overdue" if late else status,
            "start": str(booking.start),
            "end": str(booking.end) if booking.end else False,
            "planned_start": str(start) if start else False,
            "planned_end": str(end) if end else False,
            "conflict": self._lacks(booking, free, first),
            "version": loaded.versions.get((company_id, name), 0),
        }

    @api.model
    def _lacks(self, booking, free, first):
        """Whether too few are free for a booking on any of the days that are shown."""
        if free is None or booking.status in ("returned", "closed", GONE):
            return False
        begin = max((booking.start - first).days, 0)
        end = len(free) if booking.end is None else (booking.end - first).days + 1
        least = min(free[begin:end], default=0)
        return least < (0 if booking.takes() else booking.quantity)

    @api.model
    def _mark_double(self, bookings, bars):
        """Mark the bars that have a unit at the same time."""
        last = {}  # by unit, of those before the one that ends last
        taken = [pair for pair in zip(bookings, bars, strict=True) if pair[0].takes()]
        for booking, bar in sorted(taken, key=lambda pair: pair[0].start):
            for unit in booking.unit_ids:
                before = last.get(unit)
                if before and before[0].overlaps(booking.start, booking.start):
                    before[1]["conflict"] = bar["conflict"] = True
                if not before or _ends(before[0]) <= _ends(booking):
                    last[unit] = booking, bar

    # ------------------------------------------------------------------
    # Filters
    # ------------------------------------------------------------------

    @api.model
    def _options(self, rows):
        """Return what can be chosen in each filter, of what there is in the period."""
        labels = dict(self.env["rental.order"]._fields["status"]._description_selection(self.env))
        return {
            "statuses": [[status, labels[status]] for status, _label in STATUSES],
            "categories": _choices((row["category_id"], row["category"]) for row in rows),
            "products": _choices((row["product_id"], row["name"]) for row in rows),
            "partners": _choices(
                (bar["partner_id"], bar["customer"]) for row in rows for bar in row["bars"]
            ),
        }

    @api.model
    def _filtered(self, rows, asked, loaded, free):
        """Return the rows that are asked for, with the bars and units that are.

        :param free: ``(first day, last day)`` on which enough have to be free, or None
        """
        words = asked["search"].strip().casefold()
        found = []
        for row in rows:
            if asked["category_id"] not in (0, row["category_id"]):
                continue
            if asked["product_id"] not in (0, row["product_id"]):
                continue
            row["bars"] = [bar for bar in row["bars"] if self._is_asked(bar, asked)]
            if asked["partner_id"] and not row["bars"]:
                continue
            if words and not self._search_row(row, words):
                continue
            if free and not self._keep_free(row, loaded, free, asked["free_quantity"]):
                continue
            found.append(row)
        return found

    @api.model
    def _is_asked(self, bar, asked):
        if asked["partner_id"] not in (0, bar["partner_id"]):
            return False
        if asked["statuses"]:
            return bar["status"] in asked["statuses"]
        return bar["status"] != GONE

    @api.model
    def _search_row(self, row, words):
        """Keep what has the words: all of a product, else units or rentals; False for nothing."""
        if any(words in row[name].casefold() for name in ("name", "barcode")):
            return True
        units = {
            unit["key"]
            for unit in row["units"]
            if any(words in unit[name].casefold() for name in ("name", "barcode"))
        }
        row["bars"] = [
            bar
            for bar in row["bars"]
            if not units.isdisjoint(bar["units"])
            or any(words in bar[name].casefold() for name in ("name", "customer"))
        ]
        shown = units.union(*(bar["units"] for bar in row["bars"]))
        row["units"] = [unit for unit in row["units"] if unit["key"] in shown]
        return bool(row["units"] or row["bars"])

    @api.model
    def _keep_free(self, row, loaded, free, quantity):
        """Keep the units that are free in a period; False where too few pieces are."""
        key = row["company_id"], row["product_id"]
        left = loaded.free(key, *free)
        if left is None or min(left) < quantity:
            return False
        row["free_then"] = min(left)
        row["units"] = [
            unit
            for unit in row["units"]
            if unit["status"] != "retired"
            and availability.free(loaded.unit_state(key, unit["key"]), *free) > 0
        ]
        return True


def _ends(booking):
    return str(booking.end or "9999")


def _choices(pairs):
    """Return ``[[id, label]]`` without repetition, by label."""
    known = {key: label for key, label in pairs if key}
    return [[key, label] for key, label in sorted(known.items(), key=lambda pair: pair[1])]
