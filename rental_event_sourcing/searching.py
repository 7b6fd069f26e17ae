"""What is asked for by a condition on a field that is searched by code."""

from collections.abc import Collection


def says(value):
    """Whether a value is not empty; Odoo 19 asks with a set of values."""
    many = isinstance(value, Collection) and not isinstance(value, str)
    return any(value) if many else bool(value)


def is_wanted(operator, value):
    """Whether those records are asked for that are so, not those that are not."""
    return says(value) != (operator in ("!=", "not in"))
