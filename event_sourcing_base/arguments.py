"""One way to check what callers give: a value of the right kind, or one sentence.

Over RPC anything may come: lists in lists, texts of megabytes, numbers without end. Every
public method takes its arguments through these; none of them looks deeper into a value of
the wrong kind than its type.
"""

from odoo import _
from odoo.exceptions import UserError

MAX_ID = 2**31 - 1
MAX_SHOWN = 80
MAX_LISTED = 100_000


def shown(value):
    """Return a value as a refusal may name it: short, in one line, however deep or long it is."""
    if isinstance(value, str):
        return repr(value[:MAX_SHOWN])[:MAX_SHOWN]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return _("a number of more than 256 bits")
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return type(value).__name__


def whole(env, name, value, least=0, most=MAX_ID, default=None):
    """Return a whole number within bounds, ``default`` where none was given.

    :param value: an int; ``None`` and ``False`` are none (RPC knows no null everywhere)
    :raise UserError: for anything else
    """
    if value is None or value is False:
        if default is None:
            raise UserError(_("Give %(name)s: a whole number.", name=name))
        return default
    if type(value) is not int or not least <= value <= most:
        raise UserError(
            _(
                "%(name)s must be a whole number from %(least)s to %(most)s, not %(value)s.",
                name=name,
                least=least,
                most=most,
                value=shown(value),
            )
        )
    return value


def text(env, name, value, default=None, limit=128):
    """Return a text that is not too long, ``default`` where none was given.

    :raise UserError: for anything else
    """
    if (value is None or value is False or value == "") and default is not None:
        return default
    if not isinstance(value, str) or not value or len(value) > limit or "\0" in value:
        raise UserError(
            _(
                "%(name)s must be a text of 1 to %(limit)s characters, not %(value)s.",
                name=name,
                limit=limit,
                value=shown(value),
            )
        )
    return value


def listed(env, name, value, limit=MAX_LISTED):
    """Return a list of plain values, empty where none was given; what is in it is not looked at.

    :raise UserError: for anything else
    """
    if value is None or value is False:
        return []
    if not isinstance(value, list | tuple) or len(value) > limit:
        raise UserError(
            _(
                "%(name)s must be a list of at most %(limit)s values, not %(value)s.",
                name=name,
                limit=limit,
                value=shown(value),
            )
        )
    return list(value)


def model_of(env, name, value):
    """Return the model of that name with no records.

    :raise UserError: where there is none
    """
    model = env.get(text(env, name, value))
    if model is None:
        raise UserError(_("%(name)s: there is no model %(value)s.", name=name, value=shown(value)))
    return model
