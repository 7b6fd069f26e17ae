"""Code as a text: two functions that do the same have the same, in every process."""

from types import CodeType


def spelled(value):
    """Return code, or a constant in it, as a text that depends on nothing else."""
    if isinstance(value, CodeType):
        inner = list(map(spelled, value.co_consts))
        return f"{value.co_code.hex()} {value.co_names} {inner}"
    if isinstance(value, frozenset):
        return str(sorted(map(repr, value)))
    return repr(value)
