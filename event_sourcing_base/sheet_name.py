"""Names of sheets as Excel takes them."""

import re

MAX_NAME = 31
MIN_TITLE = 3  # of which less says nothing
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]+")
# Excel keeps this name for itself.
TAKEN = "history"


def cut(text, units):
    """Return ``text``, shortened with an ellipsis to so many units of UTF-16."""
    if 2 * len(text) <= units:
        return text  # no character takes more than two
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * units:
        return text
    return encoded[: 2 * units - 2].decode("utf-16-le", "ignore") + "…"


def sheet_name(title, taken, when=""):
    """Return a name for a sheet that Excel takes, like none in ``taken``; adds it there.

    :param str title: what the sheet is about; cut, or left out, where the whole would be too long
    :param set taken: names so far, in lower case
    :param str when: of which moment it is and in which currency; stays whole
    """
    title, when = (NOT_IN_NAMES.sub(" ", text).strip().strip("'").strip() for text in (title, when))
    title = title if title or when else "Sheet"
    number = 1
    while True:
        suffix = when + (f" ({number})" if number > 1 else "")
        name = _joined(title, suffix)
        if name.lower() not in taken | {TAKEN}:
            taken.add(name.lower())
            return name
        number += 1


def _joined(title, suffix):
    """Return both within the limit; an ellipsis is one unit."""
    gap = 1 if title and suffix and not suffix.startswith(" ") else 0
    room = MAX_NAME - len(suffix) - gap
    if room < MIN_TITLE:
        return cut(suffix, MAX_NAME)
    return cut(title, room) + " " * gap + suffix
