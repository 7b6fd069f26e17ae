"""Which days are free: intervals of days against what is owned; plain Python, no database.

A state says it of one key, a unit or a product of a company, and is a JSON object::

    {
        "owned": 5,
        "bookings": {"R00017/1": ["2026-03-01", "2026-03-14", 2]},
        "late": {"R00017/1": ["2026-03-15", "2026-03-20", 1]},
        "blocked": {"maintenance": ["2026-03-10", null, 1]},
    }

First and last day both count. A last day of ``None`` is not known: it goes on. What is late is out
after the days that were booked for it. What is blocked is kept from customers for other reasons,
such as a repair. Days are dates or texts such as
``2026-03-01``; answers are texts, as payloads have them.
"""

from datetime import date
from functools import lru_cache

ENDLESS = date.max.toordinal()
KINDS = ("bookings", "late", "blocked")


def free(state, start, end=None):
    """Return how many are free on every day of a period; below 0 where more are out than owned.

    :param dict state: see above
    :param start: first day
    :param end: last day, None for a period without one
    :raise ValueError: for a period that ends before it starts, or what is no day
    """
    first, last = _period(start, end)
    return state.get("owned", 0) - max(out for _day, out in _steps(state, first, last))


def free_by_day(state, start, end):
    """Return how many are free on each day of a period, a list as long as the period.

    :raise ValueError: for a period that ends before it starts, or what is no day
    """
    first, last = _period(start, end)
    owned, steps = state.get("owned", 0), _steps(state, first, last)
    stops = [*(day for day, _out in steps[1:]), last + 1]
    return [
        owned - out
        for (day, out), stop in zip(steps, stops, strict=True)
        for _day in range(day, stop)
    ]


def conflict(state, start, end=None, quantity=1):
    """Return ``(key, first day, last day)`` of the booking in the way of another one, or None.

    Of all those on the first day with too few it is the one that began first; where no booking
    is there, what is late, and then what is blocked. None also where nothing is in the way but
    too few are owned.

    :param int quantity: how many are wanted
    """
    first, last = _period(start, end)
    most = state.get("owned", 0) - quantity
    day = next((day for day, out in _steps(state, first, last) if out > most), None)
    if day is None:
        return None
    for kind in KINDS:
        found = [
            (begin, key, finish)
            for key, begin, finish, count in _intervals(state, kind)
            if begin <= day <= finish and count
        ]
        if found:
            begin, key, finish = min(found)
            return key, _text(begin), _text(finish)
    return None


def next_free(state, days, quantity=1, start=None):
    """Return the first day from which enough are free for so many days in a row, or None.

    :param int days: length of the period, 1 or more
    :param start: the earliest day
    :raise ValueError: for a length below 1, or without an earliest day
    """
    if days < 1:
        raise ValueError(f"a period has at least one day, not {days}")
    first, _last = _period(start, None)
    most = state.get("owned", 0) - quantity
    begin = None
    for day, out in _steps(state, first, ENDLESS):
        if begin is not None and day - begin >= days:
            break
        if out > most:
            begin = None
        elif begin is None:
            begin = day
    if begin is None or begin + days - 1 > ENDLESS:
        return None
    return _text(begin)


def booked(state, key, start, end, quantity=1):
    """Return the state with a booking more, or with other days for the one of that key."""
    first, last = _period(start, end)
    booking = [_text(first), _text(last), quantity]
    return {**state, "bookings": {**state.get("bookings", {}), key: booking}}


def released(state, key):
    """Return the state without a booking; one that is not there changes nothing."""
    bookings = {name: days for name, days in state.get("bookings", {}).items() if name != key}
    return {**state, "bookings": bookings}


# ----------------------------------------------------------------------
# Days as numbers
# ----------------------------------------------------------------------


def _steps(state, first, last):
    """Return ``[(day, how many are out from that day on)]`` within a period, by day.

    The first one is the first day of the period; days on which nothing changes are left out.
    """
    changes = {first: 0}
    for kind in KINDS:
        for _key, begin, finish, count in _intervals(state, kind):
            if finish < first or begin > last:
                continue
            begin = max(begin, first)
            changes[begin] = changes.get(begin, 0) + count
            if finish < last:
                changes[finish + 1] = changes.get(finish + 1, 0) - count
    out, steps = 0, []
    for day in sorted(changes):
        out += changes[day]
        steps.append((day, out))
    return steps


def _intervals(state, kind):
    for key, (start, end, count) in state.get(kind, {}).items():
        yield key, _number(start), ENDLESS if end is None else _number(end), count


def _period(start, end):
    first = _number(start)
    last = ENDLESS if end is None else _number(end)
    if last < first:
        raise ValueError(f"the period ends on {end}, before it starts on {start}")
    return first, last


def _number(day):
    if isinstance(day, str):
        return _number_of(day)
    if isinstance(day, date):
        return day.toordinal()
    raise ValueError(f"{day!r} is no day")


@lru_cache(maxsize=10_000)  # thousands of bookings name the same few hundred days
def _number_of(text):
    return date.fromisoformat(text).toordinal()


def _text(number):
    return None if number >= ENDLESS else date.fromordinal(number).isoformat()
