"""Text as a cell of Excel can hold it."""

import re
import unicodedata

MAX_UNITS = 32_767  # of UTF-16, in one cell
MAX_NAME = 31
# What XML 1.0 cannot carry; a carriage return would be shown as _x000D_.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]+")
# How languages of Odoo write dates and times, in Excel's words.
DATE_WORDS = {"Y": "yyyy", "y": "yy", "m": "mm", "d": "dd", "b": "mmm", "B": "mmmm", "a": "ddd"}
TIME_WORDS = {"A": "dddd", "H": "hh", "I": "hh", "M": "mm", "S": "ss", "p": "AM/PM"}
EXCEL_WORDS = DATE_WORDS | TIME_WORDS
DATE_PART = re.compile(r"%-?(.)|([^%\s/.,:\"-]+)")  # a directive, or words between them
# Excel keeps this name for itself.
TAKEN = "history"


def clean(text):
    """Return ``text`` without what would break the file, cut with an ellipsis if too long."""
    text = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    # XlsxWriter would write such a text as markup of its own.
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    return cut(text, MAX_UNITS)


def cut(text, units):
    """Return ``text``, shortened with an ellipsis to so many units of UTF-16."""
    if 2 * len(text) <= units:
        return text  # no character takes more than two
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * units:
        return text
    return encoded[: 2 * units - 2].decode("utf-16-le", "ignore") + "…"


def width(text):
    """Return how many columns the longest line takes; East Asian characters take two."""
    longest = max(text.split("\n"), key=len) if "\n" in text else text
    if longest.isascii():
        return len(longest)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in longest)


def cell_width(cell, number_format):
    """Return how many columns a cell takes as it is shown.

    :param cell: text, number, bool or None
    :param str number_format: of its column, or None
    """
    if isinstance(cell, str):
        return width(cell)
    if cell is None or isinstance(cell, bool):
        return 5 if cell is not None else 0
    if number_format and "#" in number_format:
        return len(f"{cell:,.{len(number_format.partition('.')[2])}f}")
    return len(number_format or str(cell))


def excel_format(words):
    """Return ``strftime``'s format as Excel writes it, None where it knows no such thing."""
    if not set(re.findall("%-?(.)", words)) <= EXCEL_WORDS.keys():
        return None
    return DATE_PART.sub(lambda part: EXCEL_WORDS[part[1]] if part[1] else f'"{part[2]}"', words)


def sheet_name(title, taken):
    """Return a name for a sheet that Excel takes, like none in ``taken``; adds it there.

    :param str title: what the sheet is about
    :param set taken: names so far, in lower case
    """
    title = NOT_IN_NAMES.sub(" ", title).strip().strip("'").strip() or "Sheet"
    number = 1
    while True:
        suffix = f" ({number})" if number > 1 else ""
        # An ellipsis is one unit, so the whole stays within the limit.
        name = cut(title, MAX_NAME - len(suffix)) + suffix
        if name.lower() not in taken | {TAKEN}:
            taken.add(name.lower())
            return name
        number += 1
