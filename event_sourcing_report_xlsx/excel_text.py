"""Text as a cell of Excel can hold it."""

import re
import unicodedata

from odoo.addons.event_sourcing_base.sheet_name import cut

MAX_UNITS = 32_767  # of UTF-16, in one cell
# What XML 1.0 cannot carry; a carriage return would be shown as _x000D_.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
# How languages of Odoo write dates and times, in Excel's words.
DATE_WORDS = {"Y": "yyyy", "y": "yy", "m": "mm", "d": "dd", "b": "mmm", "B": "mmmm", "a": "ddd"}
TIME_WORDS = {"A": "dddd", "H": "hh", "I": "hh", "M": "mm", "S": "ss", "p": "AM/PM"}
EXCEL_WORDS = DATE_WORDS | TIME_WORDS
DATE_PART = re.compile(r"%-?(.)|([^%\s/.,:\"-]+)")  # a directive, or words between them


def clean(text):
    """Return ``text`` without what would break the file, cut with an ellipsis if too long."""
    text = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    # XlsxWriter would write such a text as markup of its own.
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    return cut(text, MAX_UNITS)


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
