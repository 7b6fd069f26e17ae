"""What is charged for which days of a rental: plain values, without a database.

Periods of a price are the rental's, from its planned start on, so that invoices of parts add up to
the price of the whole. Of an invoice of days, a state notes what each line was computed as, beside
the invoices and by their numbers::

    {"invoiced_lines": {"1": {"1": {"amount": 200, "quantity": 2, "price_period": "month"}}}}

By this a later one knows what is still to be charged where the terms of a line have changed since:
of a price for the whole rental the rest, of more pieces their days before. A price alone that
changes does so for the days to come. ``carried`` is what was charged too much by then.
"""

from datetime import timedelta
from math import isfinite

from . import pricing
from .pricing import as_day, exact

DAY = timedelta(days=1)
WHOLE = "rental"


def uncovered(first, last, taken):
    """Yield ``(first, last)`` of each stretch of days that no period covers.

    :param taken: ``(first, last)`` of the periods, in any order
    """
    for start, end in sorted(taken):
        if start > last:
            break
        if start > first:
            yield first, start - DAY
        if end >= last:
            return
        first = max(first, end + DAY)
    yield first, last


def noted_invoices(state):
    """Return the invoices of a state by number, each with its ``lines`` where they are noted."""
    notes = state.get("invoiced_lines", {})
    return {
        number: {**invoice, "lines": notes[number]} if number in notes else invoice
        for number, invoice in state.get("invoices", {}).items()
    }


def stands(invoice):
    """Whether an invoice is not credited in full."""
    return invoice.get("credited", 0) < invoice["amount"]


def standing(invoices):
    """Return the invoices that are for days, and not credited in full.

    :param dict invoices: of a state, by number
    :return: ``[(first day, last day, invoice)]`` in order of the days
    """
    found = [
        (as_day(invoice["period_start"]), as_day(invoice["period_end"]), invoice)
        for invoice in invoices.values()
        if "period_end" in invoice and stands(invoice)
    ]
    return sorted(found, key=lambda each: each[:2])


def times(period, planned_start, start, end):
    """Return how often a price is charged for some days: for each period that begins in them.

    A price for the whole rental is charged with its first day. Days may be unknown (None).

    :param str period: of the price
    :param date planned_start: from which on periods are counted
    """
    if period == WHOLE:
        return int(not start or not planned_start or start <= planned_start)
    if start and end and end < start:  # as a dialog may have it, before it is refused
        return int(period not in pricing.DAYS)
    if planned_start and start and end and start > planned_start:
        before = pricing.periods(period, planned_start, start - DAY)
        return pricing.periods(period, planned_start, end) - before
    return pricing.periods(period, start, end) or 1  # 1 where a day is not known


def charge(line_id, line, planned_start, start, end, invoices):
    """Return what a line comes to for some days, by what was invoiced before.

    :param dict line: with ``quantity``, ``price`` and ``price_period``
    :param dict invoices: of :func:`noted_invoices`; those of the same days are left out
    :return: a note as above, with amounts as Decimals that are not rounded
    """
    period, pieces = line.get("price_period") or "month", line.get("quantity") or 1
    price = exact(line.get("price") or 0) * pieces
    note = {"quantity": pieces, "price_period": period}
    others = [
        (first, last, invoice["lines"].get(line_id))
        for first, last, invoice in standing(invoices)
        if "lines" in invoice and not (start and end and first <= end and start <= last)
    ]
    if period == WHOLE and others:
        return {**note, "amount": max(price - _noted(others), 0)}
    amount = price * times(period, planned_start, start, end)
    before = [each for each in others if start and each[0] < start]
    if not before:
        return {**note, "amount": amount}
    last = before[-1][2] or {}
    if note.items() <= last.items():
        amount += exact(last.get("carried", 0))
    else:
        due = (times(period, planned_start, *days) for *days, _note in before)
        amount += price * sum(due) - _noted(before)
    return {**note, "amount": max(amount, 0), **({"carried": amount} if amount < 0 else {})}


def as_noted(note):
    """Return a note as a state keeps it; None where no number can hold its amounts."""
    found = {
        key: _number(value) if key in ("amount", "carried") else value
        for key, value in note.items()
    }
    return found if all(found[key] is not None for key in found) else None


def _noted(invoices):
    return sum(exact(note["amount"]) for _first, _last, note in invoices if note)


def _number(amount):
    if amount == int(amount):
        return int(amount) if abs(amount) < 2**53 else None
    return float(amount) if isfinite(float(amount)) else None
