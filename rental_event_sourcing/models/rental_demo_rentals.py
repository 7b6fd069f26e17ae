from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

from odoo import api, models

from odoo.addons.event_sourcing_base.from_code import from_code

from ..demo_stories import LEAST, STORIES, THESE_DAYS, Calendar, away_until, told
from .rental_demo_payloads import Told

YEAR = 360  # days ago the first of them is planned
RENTALS = {"osaka": 70, "lyon": 40}  # beside those of these days
LINES_THESE_DAYS = 2
BY_THE_MONTH = 40  # days from which the price of a month is agreed


class Scene(NamedTuple):
    """A rental that is to be told.

    :ivar dict days: see ``demo_stories.told``
    :ivar tuple steps: of its story
    :ivar int number: which of the shop's it is
    :ivar name: by which another one may want the same, see ``demo_stories.Moment``
    """

    days: dict
    steps: tuple
    number: int = 0
    name: str | None = None
    like: str | None = None

    @property
    def length(self):
        return (self.days["end"] - self.days["start"]).days + 1


class Wanted(NamedTuple):
    """What a line of a rental is of."""

    owned: object
    quantity: int
    units: object


class RentalDemo(models.AbstractModel):
    _inherit = "rental.demo"

    @api.model
    def _make_rentals(self, shop, company, clerk, manager, customers, owned):
        """Plan the rentals of a shop, and record what happened to them."""
        calendar, known, events = Calendar(), {}, []
        today = self._today(company)
        for scene in self._scenes(shop, today):
            lines = known[scene.like] if scene.like else self._choose(calendar, scene, owned, today)
            known[scene.name] = lines
            customer = customers[scene.number * 3 % len(customers)]
            order = self._plan(scene, company, clerk, customer, lines)
            events += self._events(shop, scene, order, lines, (clerk, manager), today)
        self._record(events)

    @api.model
    def _scenes(self, shop, today):
        """Return the scenes of a shop in the order in which they are planned."""
        found, count = [], RENTALS[shop.key]
        for number in range(count):
            story = STORIES[number % len(STORIES)]
            day = today - timedelta(days=YEAR - number * (YEAR - 2) // count)
            begin = day + timedelta(days=story.lead)
            days = {"planned": day, "start": begin, "end": begin + timedelta(days=story.length)}
            found.append(Scene(days, story.steps))
        for moment in THESE_DAYS:
            days = {
                name: today + timedelta(days=getattr(moment, name))
                for name in ("planned", "start", "end")
            }
            found.append(Scene(days, moment.steps, name=moment.name, like=moment.like))
        found.sort(key=lambda scene: scene.days["planned"])
        return [scene._replace(number=number) for number, scene in enumerate(found, 1)]

    # ------------------------------------------------------------------
    # What is planned
    # ------------------------------------------------------------------

    def _choose(self, calendar, scene, owned, today):
        """Take what is free on the days of a rental, and return it line by line."""
        first, last = scene.days["start"], away_until(scene.steps, scene.days, today)
        draw, lines = from_code(self.env, "random"), []
        wanted = LINES_THESE_DAYS if scene.name else 1 + scene.number % 3
        for candidate in self._candidates(scene, owned):
            units = self._free_units(calendar, candidate, first, last)
            if candidate.units:
                free, most = len(units), 3
            else:
                free = self._free_quantity(calendar, candidate, first, last)
                most = max(LEAST, candidate.quantity // 8)
            if free < LEAST:
                continue
            quantity = min(free, draw.randint(LEAST, most))
            quantity -= quantity % 5 if quantity > 10 else 0
            units = units[:quantity]
            for unit in units:
                calendar.take(unit, first, last)
            if not candidate.units:
                calendar.take(candidate.product, first, last, quantity)
            lines.append(Wanted(candidate, quantity, units))
            if len(lines) == wanted:
                break
        return lines

    @api.model
    def _candidates(self, scene, owned):
        """Return what is owned, as it is tried for a rental; these days both kinds come first."""
        turn = scene.number * 7 % len(owned)
        found = owned[turn:] + owned[:turn]
        if scene.name:
            for by_serial in (False, True):
                place = next(n for n, one in enumerate(found) if bool(one.units) == by_serial)
                found.insert(0, found.pop(place))
        return found

    def _plan(self, scene, company, clerk, customer, lines):
        """Plan one rental, as its clerk on that day."""
        too_many = any(step.event_type == "PlanChanged" for step in scene.steps)
        values = []
        for number, line in enumerate(lines):
            product, extra = line.owned.product, {}
            if too_many and not number:
                extra["quantity"] = line.owned.quantity + 3
            if scene.length > BY_THE_MONTH:
                extra |= {"price": product.rental_price_month, "price_period": "month"}
            units = [(6, 0, line.units.ids)]
            vals = {"product_id": product.id, "quantity": line.quantity, "unit_ids": units}
            values.append((0, 0, {**vals, **extra}))
        orders = self._at(self.env["rental.order"], company, scene.days["planned"], clerk)
        return orders.create(
            {
                "partner_id": customer.id,
                "planned_start": scene.days["start"],
                "planned_end": scene.days["end"],
                "user_id": clerk.id,
                "company_id": company.id,
                "line_ids": values,
            }
        )

    # ------------------------------------------------------------------
    # What happened
    # ------------------------------------------------------------------

    def _events(self, shop, scene, order, lines, people, today):
        """Return ``[(user, event), …]`` of one rental: what happened, and who did it."""
        found = []
        for number, (day, step) in enumerate(told(scene.steps, scene.days, today), 1):
            event = {
                "model_name": "rental",
                "aggregate_id": order.name,
                "event_type": step.event_type,
                "timestamp": self._moment(order.company_id, day, number),
                "company_id": order.company_id.id,
                **self._payload_for(Told(shop, scene, order, lines, step, day)),
            }
            found.append((people[step.manager], event))
        return found

    def _record(self, events):
        """Record events in the order of their times, a batch until it is somebody else's turn.

        What was refused then is refused here, and kept as the attempt that it was.
        """
        events.sort(key=lambda entry: entry[1]["timestamp"])
        # Neighbours alone; Odoo's own groupby would put all of a person together.
        turns = groupby(events, key=lambda entry: entry[0])  # pylint: disable=bad-builtin-groupby
        for user, turn in turns:
            store = self.env["event.store"].with_user(user).sudo()
            store.append_batch([event for _user, event in turn], policy="record")
