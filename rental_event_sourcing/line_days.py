"""How long the pieces of a line were out until a day: plain values, without a database."""

from datetime import date

DELIVERED = "delivered"
# What of its payload says on which day something moved; the day of the event, if left out.
DAY_SAID = {"EquipmentDelivered": "delivered_on", "EquipmentReturned": "returned_on"}


def piece_days(movements, line_id, first, last):
    """Return for how many days the pieces of a line were out, each piece counted by itself.

    The day of delivery counts, and the day of return.

    :param dict movements: ``{version: {"kind", "day", "lines": {line id: {"quantity"}}}}``
    :param date first: the first day that counts; None for all from the beginning
    :param date last: the last day that counts
    """
    begin = first.toordinal() if first else 0
    end, total = last.toordinal(), 0
    for movement in movements.values():
        moved = movement["lines"].get(line_id)
        day = date.fromisoformat(movement["day"]).toordinal()
        if not moved or day > end:
            continue
        if movement["kind"] == DELIVERED:
            total += moved["quantity"] * (end - max(day, begin) + 1)
        else:
            total -= moved["quantity"] * (end - max(day, begin - 1))
    return total


def is_back_too_early(movements, line_id, version):
    """Whether a return is of a day before what it brings back went out.

    :param dict movements: as above, with the return
    :param str version: of the return
    """
    back, steps = movements[version], []
    for movement in movements.values():
        moved = movement["lines"].get(line_id)
        if moved:
            sign = 1 if movement["kind"] == DELIVERED else -1
            steps.append((movement["day"], sign * moved["quantity"]))
    days = {day for day, _pieces in steps if day >= back["day"]}
    if any(sum(pieces for day, pieces in steps if day <= each) < 0 for each in days):
        return True
    units = back["lines"][line_id].get("unit_ids", ())
    return any((out_since(movements, line_id, unit) or "") > back["day"] for unit in units)


def out_since(movements, line_id, unit_id):
    """Return the day since which a unit has been out in a line, as text; None if unknown."""
    days = [
        movement["day"]
        for movement in movements.values()
        if movement["kind"] == DELIVERED
        and unit_id in movement["lines"].get(line_id, {}).get("unit_ids", ())
    ]
    return max(days, default=None)
