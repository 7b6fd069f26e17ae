"""An Excel workbook, written row by row in bounded memory."""

import io
import re
import unicodedata
from datetime import date, datetime

import xlsxwriter

MAX_TEXT = 32767  # what a cell of Excel can hold
MAX_ROWS = 1_048_576  # of a sheet
MAX_NAME = 31
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MIN_WIDTH, MAX_WIDTH = 8, 60
# A font that every Excel has, for languages that the default one cannot show well.
FONTS = {"ja": "Yu Gothic", "zh": "Microsoft YaHei", "ko": "Malgun Gothic"}
FORMATS = {
    "text": {"text_wrap": False},
    "date": {"num_format": "yyyy-mm-dd"},
    "datetime": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "integer": {"num_format": "#,##0"},
    "float": {"num_format": "#,##0.00"},
    "percent": {"num_format": "0.0"},
}


def width_of(text):
    """Return how many columns of a terminal a text takes: Japanese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "FWA" else 1 for char in text)


class Workbook:
    """A workbook with sheets of typed columns.

    :param str lang: a language such as ``ja_JP``, which chooses the font
    """

    def __init__(self, lang="en_US"):
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(
            self._file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        font = FONTS.get((lang or "")[:2])
        base = {"font_name": font} if font else {}
        if font:
            self._book.formats[0].set_font_name(font)
        self._head = self._book.add_format(
            {**base, "bold": True, "bg_color": "#EFEAEE", "bottom": 1, "text_wrap": False}
        )
        self.title_format = self._book.add_format({**base, "bold": True, "font_size": 14})
        self.note_format = self._book.add_format({**base, "font_color": "#6B7280"})
        self._formats = {
            kind: self._book.add_format({**base, **options}) for kind, options in FORMATS.items()
        }
        self._names = set()

    def sheet_name(self, wanted):
        """Return ``wanted`` as Excel takes it, and as no other sheet is called."""
        name = FORBIDDEN.sub(" ", wanted).strip().strip("'")[:MAX_NAME] or "Sheet"
        number, unique = 1, name
        while unique.lower() in self._names:
            number += 1
            suffix = f" ({number})"
            unique = name[: MAX_NAME - len(suffix)] + suffix
        self._names.add(unique.lower())
        return unique

    def table(self, name, columns, rows, empty=""):
        """Write rows into a sheet of their own; further sheets where one is too short.

        :param columns: list of ``(heading, kind)``; kinds are those of ``FORMATS``
        :param rows: iterable of lists of str, number, date, datetime, or None
        :param str empty: the sentence that a sheet without rows says
        :return: how many rows were written
        """
        sheet = Sheet(self, name, columns)
        count = 0
        for row in rows:
            if sheet.full:
                sheet.close()
                sheet = Sheet(self, name, columns)
            sheet.write(row)
            count += 1
        sheet.close(empty if not count else "")
        return count

    def free_sheet(self, name):
        """Return ``(worksheet, its name)`` for what is no table; rows top to bottom only."""
        name = self.sheet_name(name)
        return self._book.add_worksheet(name), name

    def chart(self, options):
        return self._book.add_chart(options)

    def cell(self, sheet, row, column, value, kind):
        """Write one value as its kind; what does not fit its kind is written as text."""
        style = self._formats[kind]
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            value = str(value)
        if kind == "datetime" and isinstance(value, datetime):
            sheet.write_datetime(row, column, value, style)
            return "0000-00-00 00:00:00"
        if kind == "date" and isinstance(value, date):
            sheet.write_datetime(row, column, value, style)
            return "0000-00-00"
        if kind in ("integer", "float", "percent") and isinstance(value, int | float):
            sheet.write_number(row, column, value, style)
            return f"{value:,.2f}"
        text = CONTROL.sub(" ", str(value))
        if len(text) > MAX_TEXT:
            text = text[: MAX_TEXT - 1] + "…"
        sheet.write_string(row, column, text, self._formats["text"])
        return text

    def head(self, sheet, row, column, text):
        sheet.write_string(row, column, text, self._head)

    def close(self):
        """Return the file as bytes."""
        self._book.close()
        return self._file.getvalue()


class Sheet:
    """One sheet with a heading, a filter, and columns as wide as what is in them."""

    def __init__(self, book, name, columns):
        self._book, self._columns = book, columns
        self._sheet, _name = book.free_sheet(name)
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        self._widths = []
        for column, (heading, _kind) in enumerate(columns):
            book.head(self._sheet, 0, column, heading)
            self._widths.append(width_of(heading) + 4)  # the filter's arrow

    @property
    def full(self):
        return self._row >= MAX_ROWS - 1

    def write(self, row):
        self._row += 1
        for column, (value, (_heading, kind)) in enumerate(zip(row, self._columns, strict=True)):
            shown = self._book.cell(self._sheet, self._row, column, value, kind)
            if self._row <= 1000 and shown:
                longest = max(shown[:200].split("\n"), key=len)
                self._widths[column] = max(self._widths[column], width_of(longest) + 1)

    def close(self, note=""):
        if note:
            self._sheet.write_string(1, 0, note, self._book.note_format)
        self._sheet.autofilter(0, 0, max(self._row, 1), len(self._columns) - 1)
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, min(max(width, MIN_WIDTH), MAX_WIDTH))
