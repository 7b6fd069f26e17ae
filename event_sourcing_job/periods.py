"""Periods as people mean them."""

from datetime import timedelta

from odoo.tools.misc import get_lang


def first_of_week(env, day):
    """Return the day on which its week begins in the user's language, as in groups of lists.

    :param day: date or datetime
    :return: the same kind
    """
    begins = int(get_lang(env).week_start) - 1
    return day - timedelta(days=(day.weekday() - begins) % 7)
