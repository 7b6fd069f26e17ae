"""What a rental costs: periods of calendar days against prices; plain Python, no database.

First and last day both count, as in ``availability``; days are dates or texts such as
``2026-03-01``. A period that has begun counts in full. Months go by the calendar: one from
31 January ends on 27 February. Amounts are exact; nothing is rounded, that is for the currency.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

DAYS = {"day": 1, "week": 7}
PERIODS = ("month", "week", "day")  # longest first, as people say it
ENDLESS = date.max.toordinal() + 1


@dataclass(frozen=True, slots=True)
class Price:
    """What one piece costs, and of which periods that is made.

    ``parts`` is ``((period, how many), …)`` with the longest period first and none of zero.
    """

    amount: Decimal
    parts: tuple


def best_price(start, end, prices):
    """Return the cheapest way to cover the days with the periods that have a price, or None.

    It is never dearer than one kind of period alone, and never falls when the end comes later.
    Among ways that cost the same, the one with the fewest periods.

    :param start: first day
    :param end: last day
    :param dict prices: of one piece by ``day``, ``week``, ``month``; a missing one or None means
        that it is not let so. Numbers of any kind, 0 or more
    :return: a :class:`Price`; None without any price
    :raise ValueError: for an end before the start, or what is no day
    """
    known = {period: exact(prices[period]) for period in PERIODS if prices.get(period) is not None}
    if not known:
        return None
    first, last = _days(start, end)
    most = _months(first, last) if "month" in known else 0
    ways = []
    for months in range(most + 1):
        rest = max(last.toordinal() + 1 - _months_later(first, months), 0)
        for weeks, days in _weeks_and_days(rest, known):
            counts = {"month": months, "week": weeks, "day": days}
            amount = sum((known[period] * counts[period] for period in known), Decimal(0))
            ways.append((amount, months + weeks + days, -months, -weeks, counts))
    amount, *_order, counts = min(ways, key=lambda way: way[:4])
    return Price(amount, tuple((period, counts[period]) for period in PERIODS if counts[period]))


def line_amount(line, start, end):
    """Return what a line of a rental costs over its days, for all its pieces, or None.

    :param dict line: with ``quantity``, ``price`` and ``price_period``: ``day``, ``week``,
        ``month``, or ``rental``, which is a price for the whole of it
    :return: a Decimal, not rounded; None without a price, or without the days that it needs
    :raise ValueError: for an end before the start, or a period that is not known
    """
    count = periods(line.get("price_period") or "rental", start, end)
    if count is None or line.get("price") is None:
        return None
    return exact(line["price"]) * exact(line.get("quantity") or 0) * count


def amount_if_known(line, start, end):
    """Return what :func:`line_amount` does; None for days in the wrong order, as forms have them.

    :param date start: first day
    :param date end: last day
    """
    return None if start and end and end < start else line_amount(line, start, end)


def periods(period, start, end):
    """Return how many periods the days take, None where one of the two days is not known.

    :param str period: ``day``, ``week``, ``month``, or ``rental``, which is always one
    """
    if period == "rental":
        return 1
    if period not in PERIODS:
        raise ValueError(f"{period!r} is no period of a price")
    if not start or not end:
        return None
    first, last = _days(start, end)
    if period == "month":
        return _months(first, last)
    return -(-(last.toordinal() - first.toordinal() + 1) // DAYS[period])


def whole_months(start, end):
    """Return how many months the days are to the day, None where they are no whole ones."""
    first, last = _days(start, end)
    count = _months(first, last)
    return count if _months_later(first, count) == last.toordinal() + 1 else None


def last_of_months(start, count):
    """Return the last day of so many months from a day on; the last one there is, at most."""
    return date.fromordinal(_months_later(as_day(start), count) - 1)


def _weeks_and_days(rest, known):
    """Yield ``(weeks, days)`` that cover the rest of the days, the cheapest among them."""
    if "day" in known:
        yield 0, rest
    if "week" in known:
        yield -(-rest // 7), 0
        if "day" in known:  # between the two the cost is a straight line
            yield rest // 7, rest % 7
    if not rest:
        yield 0, 0


def _months(first, last):
    """Return how many months from the first day on reach the last day."""
    count = (last.year - first.year) * 12 + last.month - first.month
    while _months_later(first, count) <= last.toordinal():
        count += 1
    return max(count, 1)


def _months_later(first, count):
    """Return the number of the day so many months after another one, as calendars count."""
    year, month = divmod(first.month - 1 + count, 12)
    year += first.year
    if year > date.max.year:
        return ENDLESS
    day = min(first.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day).toordinal()


def _days(start, end):
    first, last = as_day(start), as_day(end)
    if last < first:
        raise ValueError(f"the period ends on {end}, before it starts on {start}")
    return first, last


def as_day(value):
    """Return a day that is given as a date, or as text.

    :raise ValueError: for what is none
    """
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, date):
        return value
    raise ValueError(f"{value!r} is no day")


def exact(number):
    """Return a number as it is written in decimals."""
    return number if isinstance(number, Decimal) else Decimal(repr(number))
