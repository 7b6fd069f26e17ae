"""Technical names, as code and callers give them."""

MAX_NAME = 128
LISTS = (list, tuple, set, frozenset)


def is_name(value):
    """Whether a value can be a technical name."""
    return isinstance(value, str) and bool(value) and value == value.strip()


def is_names(value):
    """Whether a value is a list of technical names."""
    return isinstance(value, LISTS) and all(map(is_name, value))
