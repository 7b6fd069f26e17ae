from collections import defaultdict
from datetime import date
from typing import Any, NamedTuple

from odoo import api, fields, models

from ..availability import free_by_day
from ..bookings import kept_days, late, returned_units

# A rental of these takes what it is of; a draft and a demo only might.
TAKES = ("confirmed", "active")
OVER = ("returned", "closed")
ORDER_FIELDS = (
    *("name", "status", "partner_id", "planned_start", "planned_end", "company_id"),
    "snapshot_id",
)
LINE_FIELDS = (
    *("order_id", "line_key", "product_id", "quantity", "delivered", "returned"),
    *("unit_ids", "out_unit_ids"),
)
UNIT_FIELDS = ("name", "serial_number", "barcode", "product_id", "company_id", "status")
MAINTENANCE = ("aggregate_id", "company_id", "maintenance_since", "maintenance_until")


class Booking(NamedTuple):
    """A line of a rental in time, and what it takes.

    :ivar order: the ``rental.order``
    :ivar str line: key of the line within the rental
    :ivar int product_id: which product
    :ivar int quantity: how many pieces, those that are back left out
    :ivar int out: how many of them the customer has
    :ivar tuple unit_ids: references of the units that are assigned or out
    :ivar frozenset out_units: of those that are out
    :ivar date start: first day that is drawn
    :ivar end: last one, None where it is not known
    :ivar str status: of the rental
    """

    order: Any
    line: str
    product_id: int
    quantity: int
    out: int
    unit_ids: tuple
    out_units: frozenset
    start: date
    end: date | None
    status: str

    def overlaps(self, first, last):
        """Whether any of its days is one of a period, whose days are dates."""
        return self.start <= last and (self.end is None or self.end >= first)

    def takes(self):
        """Whether others cannot have it; a draft and a demo only might take it."""
        return self.status in TAKES


class Loaded(NamedTuple):
    """What a schedule is made of, read in a number of statements that no amount changes.

    :ivar dict bookings: ``{(company id, product id): [Booking]}``
    :ivar dict units: ``{(company id, product id): rental.unit}``, also retired ones
    :ivar dict owned: ``{(company id, product id): pieces}``, of products that are counted
    :ivar dict blocked: ``{(company id, reference of a unit): (first day, last day or None)}``
    :ivar dict versions: ``{(company id, reference of a rental): version}``
    :ivar dict today: ``{company id: business day}``
    """

    bookings: dict
    units: dict
    owned: dict
    blocked: dict
    versions: dict
    today: dict

    def state(self, key):
        """Return what :mod:`availability` is asked about a product of a company."""
        company_id, _product_id = key
        units = self.units.get(key, ())
        blocked = {
            unit.name: (*self.blocked[company_id, unit.name], 1)
            for unit in units
            if (company_id, unit.name) in self.blocked
        }
        return {"owned": self.owned[key], **self._away(key, blocked, self._held(key))}

    def unit_state(self, key, unit):
        """Return the same about one unit, by its reference."""
        company_id, _product_id = key
        days = self.blocked.get((company_id, unit))
        blocked = {unit: (*days, 1)} if days else {}
        held = {
            booking.order: (1, int(unit in booking.out_units))
            for booking in self.bookings.get(key, ())
            if booking.takes() and unit in booking.unit_ids
        }
        return {"owned": 1, **self._away(key, blocked, held)}

    def _held(self, key):
        """Return ``{rental: (pieces, how many of them are out)}`` of all lines of a product."""
        held = {}
        for booking in self.bookings.get(key, ()):
            if booking.takes():
                pieces, out = held.get(booking.order, (0, 0))
                held[booking.order] = pieces + booking.quantity, out + booking.out
        return held

    def _away(self, key, blocked, held):
        """Return bookings, and what is overdue until today, by the rules of the boundaries."""
        bookings, away = {}, {name: (days[1], 1) for name, days in blocked.items()}
        for order, (pieces, out) in held.items():
            delivered_on = order.snapshot_id.delivered_on if out else None
            days = kept_days(order.planned_start, order.planned_end, delivered_on)
            if days:
                bookings[order.name] = (*days, pieces)
                away[order.name] = days[1], out
        return {"bookings": bookings, "blocked": blocked, "late": late(away, self.today[key[0]])}

    def free(self, key, first, last):
        """Return how many are free on each day of a period; None where they are not counted."""
        return free_by_day(self.state(key), first, last) if key in self.owned else None


class RentalScheduleLoad(models.AbstractModel):
    """Read rentals, units and quantities of a period, as the user may see them."""

    _inherit = "rental.schedule"

    @api.model
    def _load(self, first, last):
        """Return what lies in a period, for the companies that are chosen, as :class:`Loaded`."""
        store, companies = self.env["event.store"], self.env.companies
        now = fields.Datetime.now()
        today = {company.id: store._business_today(company.id, now) for company in companies}
        orders = self._orders(first, last)
        bookings = defaultdict(list)
        for booking in self._booked(orders, today):
            if booking.takes() or booking.overlaps(first, last):
                key = booking.order.company_id.id, booking.product_id
                bookings[key].append(booking)
        units, owned = self._owned()
        return Loaded(bookings, units, owned, self._blocked(today), self._versions(orders), today)

    @api.model
    def _orders(self, first, last):
        """Return the rentals that may have a day in a period."""
        domain = [
            ("company_id", "in", self.env.companies.ids),
            *("|", ("planned_start", "<=", last), ("snapshot_id.delivered_on", "<=", last)),
            *("|", "|", "|", "|"),
            ("planned_end", ">=", first),
            ("planned_end", "=", False),
            ("status", "=", "active"),  # out until it is back, whatever was planned
            ("snapshot_id.returned_on", ">=", first),
            ("snapshot_id.demo_end", ">=", first),
        ]
        orders = self.env["rental.order"].search_fetch(domain, ORDER_FIELDS, order="id")
        dates = ("delivered_on", "returned_on", "demo_end")
        orders = orders.sudo()  # those that the user may read; what they name is not asked for
        orders.snapshot_id.fetch(dates)
        orders.partner_id.fetch(["complete_name"])
        return orders

    @api.model
    def _booked(self, orders, today):
        """Return the lines of rentals in time; those without a start have none.

        :param dict today: ``{company id: business day}``
        :return: a list of :class:`Booking`
        """
        lines = self.env["rental.order.line"].sudo()
        domain = [("order_id", "in", orders.ids), ("product_id", "!=", False)]
        lines = lines.search_fetch(domain, LINE_FIELDS, order="order_id, sequence, id")
        (lines.unit_ids | lines.out_unit_ids).fetch(["name"])
        back = self._back_in_parts(lines)
        found = []
        for line in lines:
            order, out = line.order_id, line.delivered - line.returned
            start, end = self._days_of(order, out, today[order.company_id.id])
            quantity, units = self._taken(line, order.status, back.get(order, ()))
            if start and quantity > 0:
                what = (order, line.line_key, line.product_id.id, quantity, out, units)
                out_units = frozenset(line.out_unit_ids.mapped("name"))
                found.append(Booking(*what, out_units, start, end, order.status))
        return found

    @api.model
    def _back_in_parts(self, lines):
        """Return ``{rental: references of units that came back}``, where others are to go out."""
        parts = lines.filtered(lambda line: line.returned > 0 and line.delivered < line.quantity)
        parts = parts.filtered(lambda line: line.order_id.status == "active")
        return {order: returned_units(order.snapshot_id.state or {}) for order in parts.order_id}

    @api.model
    def _taken(self, line, status, back):
        """Return how many pieces a line keeps from others, and the references of its units."""
        if status != "active":
            return line.quantity, tuple(line.unit_ids.mapped("name"))
        names = line.out_unit_ids.mapped("name")
        if line.delivered < line.quantity:  # what is to follow
            names += [name for name in line.unit_ids.mapped("name") if name not in {*names, *back}]
        return line.quantity - line.returned, tuple(names)

    @api.model
    def _days_of(self, order, out, today):
        """Return first and last day of a line: as planned, and as it happened once it did.

        :param int out: how many of its pieces the customer has
        """
        start, end = order.planned_start, order.planned_end
        snapshot, status = order.snapshot_id, order.status
        if out or status in OVER:
            start = snapshot.delivered_on or start
        if out and end:
            end = max(end, today)  # what is overdue is still out
        elif status in OVER:
            end = snapshot.returned_on or end
        elif status == "demo":
            end = end or snapshot.demo_end
        return start, max(start, end) if start and end else None

    @api.model
    def _owned(self):
        """Return ``({key: units}, {key: pieces owned})`` by company and product."""
        domain = [("company_id", "in", self.env.companies.ids)]
        found = self.env["rental.unit"].search_fetch(domain, UNIT_FIELDS)
        units, owned = {}, {}
        for (company_id, product_id), group in _grouped(found).items():
            units[company_id, product_id] = group
            owned[company_id, product_id] = sum(unit.status != "retired" for unit in group)
        stocks = self.env["rental.stock"].search_fetch(
            domain, ("product_id", "company_id", "quantity")
        )
        for stock in stocks:
            owned[stock.company_id.id, stock.product_id.id] = stock.quantity
        return units, owned

    @api.model
    def _blocked(self, today):
        """Return the days on which units are in maintenance, as far as is planned."""
        domain = [
            ("company_id", "in", self.env.companies.ids),
            ("status", "=", "maintenance"),
        ]
        found = {}
        for snapshot in self.env["rental.unit.snapshot"].search_fetch(domain, MAINTENANCE):
            company_id, end = snapshot.company_id.id, snapshot.maintenance_until
            start = snapshot.maintenance_since or today[company_id]
            found[company_id, snapshot.aggregate_id] = start, max(start, end) if end else None
        return found

    @api.model
    def _versions(self, orders):
        """Return the version of each rental's last event, by its key."""
        streams = self.env["event.stream"].sudo()
        domain = [
            ("model_name", "in", orders._stream_names()),
            ("company_id", "in", self.env.companies.ids),
            ("aggregate_id", "in", orders.mapped("name")),
        ]
        heads = streams.search_fetch(domain, ("company_id", "aggregate_id", "version"))
        return {(head.company_id.id, head.aggregate_id): head.version for head in heads}


def _grouped(units):
    """Return ``{(company id, product id): units}``."""
    ids = defaultdict(list)
    for unit in units:
        ids[unit.company_id.id, unit.product_id.id].append(unit.id)
    return {key: units.browse(group).with_prefetch(units.ids) for key, group in ids.items()}
