"""What a rental holds, and whether there is enough of it; plain Python, no database.

A booking is ``{"days": [first, last, quantity], "out": n}``: how many pieces are kept for a rental
on which days, and how many of them the customer has. A state of a key, a unit or a product of a
company, is one of ``availability`` with what is out beside it::

    {
        "owned": 5,
        "bookings": {"R00017": ["2026-03-01", "2026-03-14", 2]},
        "out": {"R00017": 1},
        "blocked": {"12/PRJ-0042": ["2026-03-10", null, 1]},
    }

Without ``owned`` nothing is recorded of what there is, so nothing is limited. What is out or
blocked beyond its last day counts until the day of the question, as nobody knows when it is back.
"""

from datetime import date, timedelta
from typing import NamedTuple

from .availability import booked, conflict, free, next_free, released
from .lines import open_quantity, out_quantity

HOLDING = ("confirmed", "active")


class Shortage(NamedTuple):
    """Why something cannot be had, and when it can.

    :ivar int owned: how many there are
    :ivar int free: how many of them are free on all days
    :ivar str key: the rental in the way, or what is blocked; None where too few are owned
    :ivar bool blocked: whether it is something blocked
    :ivar str start: its first day, and ``end`` its last one; None where that is not known
    :ivar bool late: whether it was to be back on its last day, and is not
    :ivar int count: how many it has
    :ivar str next_free: the day from which there are enough for as many days; None for none
    """

    owned: int
    free: int
    key: str | None = None
    blocked: bool = False
    start: str | None = None
    end: str | None = None
    late: bool = False
    count: int = 0
    next_free: str | None = None


# ----------------------------------------------------------------------
# What the state of a rental says
# ----------------------------------------------------------------------


def by_product(state):
    """Return ``{product id: booking}`` of a rental; nothing unless it is confirmed or active.

    :param dict state: of the rental
    """
    found = {}
    for line in _held_lines(state):
        quantity = line.get("quantity", 0) - line["returned"]
        if line.get("product_id") and quantity > 0:
            held, out = found.get(line["product_id"], (0, 0))
            out += out_quantity(line)
            found[line["product_id"]] = held + quantity, out
    return _on_days(state, found)


def by_unit(state):
    """Return ``{unit: booking}`` of a rental: of those assigned and not back, and those out."""
    back, found = returned_units(state), {}
    for line in _held_lines(state):
        if open_quantity(line):  # else others went out in their place
            found.update({unit: (1, 0) for unit in line.get("unit_ids", []) if unit not in back})
        found.update(dict.fromkeys(line["out"], (1, 1)))
    return _on_days(state, found)


def _held_lines(state):
    return state.get("lines", {}).values() if state.get("status") in HOLDING else ()


def returned_units(state):
    """Return the references of the units of a rental that came back."""
    return {
        unit
        for movement in state.get("movements", {}).values()
        if movement["kind"] == "returned"
        for line in movement["lines"].values()
        for unit in line.get("unit_ids", [])
    }


def _on_days(state, found):
    bookings, plan = {}, [state.get(name) for name in ("planned_start", "planned_end")]
    for key, (quantity, out) in found.items():
        days = kept_days(*plan, state.get("delivered_on") if out else None)
        if days:
            bookings[key] = {"days": [*days, quantity], "out": out}
    return bookings


def kept_days(planned_start, planned_end, delivered_on):
    """Return ``(first, last)`` of the days on which something is kept for a rental.

    It begins when it goes out, if that is earlier than planned, and that day is one of them also
    where it is later. What is only planned, without a first day, is kept on no day.

    :param delivered_on: on which it went out, None for what did not
    :return: days of the type that is given; None for no days
    """
    known = [day for day in (planned_start, delivered_on) if day]
    if not known:
        return None
    start = min(known)
    return start, max(planned_end, *known) if planned_end else None


# ----------------------------------------------------------------------
# What becomes of a key
# ----------------------------------------------------------------------


def with_booking(state, rental, booking):
    """Return the state of a key with what a rental holds now, None for nothing."""
    after = released(state, rental)
    out = {name: count for name, count in state.get("out", {}).items() if name != rental}
    if booking:
        after = booked(after, rental, *booking["days"])
        if booking["out"]:
            out[rental] = booking["out"]
    return {**after, "out": out}


def with_blocked(state, key, days=None):
    """Return the state of a key with something blocked on ``(first, last)`` day, or no more."""
    blocked = {name: v for name, v in state.get("blocked", {}).items() if name != key}
    return {**state, "blocked": {**blocked, key: [*days, 1]} if days else blocked}


def late(away, today):
    """Return what ``availability`` knows as late: from its last day on, until that of the question.

    :param dict away: ``{key: (last day or None, how many are away)}``
    :param date today: business day of the question
    """
    day = str(today)
    return {
        key: [_shifted(str(end), 1), day, count]
        for key, (end, count) in away.items()
        if end and str(end) < day and count
    }


# ----------------------------------------------------------------------
# Whether there is enough
# ----------------------------------------------------------------------


def shortage_of_days(state, rental, booking, today):
    """Return the :class:`Shortage` for a booking of a rental, None where there is enough.

    A booking that takes no more than the rental has already is never short, and of one that
    takes more days these alone are looked at.

    :param date today: of the question; what was to be back before and is not, is out until then
    """
    if "owned" not in state:
        return None
    start, end, quantity = booking["days"]
    others = _as_of(released(state, rental), today)
    for first, last in _more_days(state.get("bookings", {}).get(rental), booking["days"]):
        left = free(others, first, last)
        if left < quantity:
            after = next_free(others, _length(start, end), quantity, start) if end else None
            return _shortage(others, first, last, quantity, left, after)
    return None


def free_for(state, rental, booking, today):
    """Return how many are free on the days of a booking beside those that the rental has.

    :return: None where nothing is recorded of what there is
    """
    if "owned" not in state:
        return None
    start, end, _quantity = booking["days"]
    return free(_as_of(released(state, rental), today), start, end)


def shortage_on_hand(state, rental, booking, day):
    """Return the :class:`Shortage` for what a rental has out, None where there is enough.

    :param day: on which it goes out; what others have is away on any day, whatever was planned
    """
    if "owned" not in state:
        return None
    known, wanted = state.get("bookings", {}), booking["out"]
    away = {
        key: [min(known[key][0], str(day)), None, count]
        for key, count in state.get("out", {}).items()
        if key != rental and key in known
    }
    broken = {key: [days[0], None, days[2]] for key, days in state.get("blocked", {}).items()}
    present = {**state, "bookings": away, "blocked": broken}
    left = free(present, day, day)
    if left >= wanted:
        return None
    short = _shortage(present, day, day, wanted, left)
    return short._replace(start=known[short.key][0]) if short.key in away else short


def shortage_without(state, gone, blocked, today):
    """Return the :class:`Shortage` from today on if so many fewer are owned, None for none.

    :param str blocked: what goes, so that it does not stand in its own way
    """
    fewer = _as_of(with_blocked(state, blocked), today)
    fewer["owned"] = state.get("owned", 0) - gone
    left = free(fewer, today)
    return _shortage(fewer, today, None, 0, left) if left < 0 else None


def _shortage(state, first, last, quantity, left, after=None):
    found = conflict(state, first, last, quantity)
    owned, left = state["owned"], max(left, 0)
    if found is None:
        return Shortage(owned, left, next_free=after)
    key, start, end = found
    kind = "bookings" if key in state.get("bookings", {}) else "blocked"
    over = state.get("late", {}).get(key)
    is_late = over is not None and over[:2] == [start, end]
    if is_late:
        start, end, _count = state[kind][key]
    count = (over if is_late else state[kind][key])[2]
    return Shortage(owned, left, key, kind == "blocked", start, end, is_late, count, after)


def _as_of(state, today):
    """Return the state as it counts on a day: what is overdue is away until that day."""
    bookings = state.get("bookings", {})
    away = {
        key: (bookings[key][1], count)
        for key, count in state.get("out", {}).items()
        if key in bookings
    }
    away |= {key: (end, count) for key, (_start, end, count) in state.get("blocked", {}).items()}
    return {**state, "late": late(away, today)}


def _more_days(before, after):
    """Return the periods, ``(first, last)`` day, for which a booking takes more than before."""
    start, end, quantity = after
    if before is None or quantity > before[2]:
        return [(start, end)]
    known_start, known_end, _quantity = before
    after_it = known_end is not None and start > known_end
    if after_it or (end is not None and end < known_start):
        return [(start, end)]
    found = []
    if start < known_start:
        found.append((start, _shifted(known_start, -1)))
    if known_end is not None and (end is None or end > known_end):
        found.append((_shifted(known_end, 1), end))
    return found


def _shifted(day, days):
    return str(date.fromisoformat(day) + timedelta(days=days))


def _length(start, end):
    return (date.fromisoformat(end) - date.fromisoformat(start)).days + 1
