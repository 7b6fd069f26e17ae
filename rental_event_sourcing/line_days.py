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


def out_since(movements, line_id, unit_id):
    """Return the day since which a unit has been out in a line, as text; None if unknown."""
    days = [
        movement["day"]
        for movement in movements.values()
        if movement["kind"] == DELIVERED
        and unit_id in movement["lines"].get(line_id, {}).get("unit_ids", ())
    ]
    return max(days, default=None)
