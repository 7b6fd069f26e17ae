"""A workbook with typed columns, written row by row in bounded memory."""

import xlsxwriter

from odoo.addons.event_sourcing_base.sheet_name import sheet_name

from .excel_text import clean, width

MAX_ROWS = 1_048_576  # of a sheet, its heading included
MAX_WIDTH = 60
MIN_WIDTH = 8
FILTER_ARROW = 3  # columns that the arrow of a filter hides
HEADING = {"bold": True, "bg_color": "#E7E9ED", "bottom": 1, "valign": "top"}


class ExcelWorkbook:
    """Sheets with a bold, frozen heading and filters.

    A column is a dict with ``label`` and ``format``, a number format of Excel, or
    nothing for text. A cell is a text, a number (dates are serial numbers), a bool or None.

    :param file: a binary file to write to
    :param str font: the font of all cells, None for Excel's own
    :param dict properties: title, author and the like
    """

    def __init__(self, file, font=None, properties=None):
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        if font:
            options["default_format_properties"] = {"font_name": font, "font_size": 11}
        self.font = font
        self.book = xlsxwriter.Workbook(file, options)
        self.book.set_properties({k: clean(v) for k, v in (properties or {}).items()})
        self._names = set()
        self._formats = {}

    def close(self):
        """Finish the file."""
        self.book.close()

    def style(self, **properties):
        """Return the format with these properties, the same for the same ones."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(properties)
        return self._formats[key]

    def column_style(self, column, **more):
        """Return the format of a column's cells, None for plain text."""
        properties = {"num_format": column["format"]} if column.get("format") else {}
        return self.style(**properties, **more) if properties or more else None

    def add_sheet(self, title, when=""):
        """Return a new, empty sheet with a name like ``title``, and ``when`` it is of."""
        return self.book.add_worksheet(sheet_name(clean(title), self._names, when))

    def add_table(self, title, columns, rows, widths=(), empty="", when=""):
        """Write rows under a heading, on as many sheets as they need.

        :param list columns: dicts
        :param rows: iterable of lists of cells
        :param list widths: the columns' widest cells, in characters
        :param str empty: the sentence that stands for no rows
        :param str when: moment and currency, for the names of the sheets
        """
        styles = [self.column_style(column) for column in columns]
        sheet, number = self._begin(title, columns, widths, when), 0
        for cells in rows:
            if number == MAX_ROWS - 1:
                self._end(sheet, columns, number)
                sheet, number = self._begin(title, columns, widths, when), 0
            number += 1
            self.write_row(sheet, number, cells, styles)
        self._end(sheet, columns, number)
        if not number and empty:
            sheet.write_string(1, 0, clean(empty), self.style(italic=True))

    def write_row(self, sheet, number, cells, styles):
        """Write one row; nothing in it becomes a formula or a link."""
        for column, (cell, style) in enumerate(zip(cells, styles, strict=True)):
            if cell is None or cell == "":
                continue
            if isinstance(cell, bool):
                sheet.write_boolean(number, column, cell, style)
            elif isinstance(cell, str):
                sheet.write_string(number, column, cell, style)
            else:
                sheet.write_number(number, column, cell, style)

    def write_heading(self, sheet, number, columns):
        """Write a row of headings."""
        for place, column in enumerate(columns):
            if column:
                sheet.write_string(number, place, clean(column["label"]), self.style(**HEADING))

    def set_widths(self, sheet, columns, widths):
        """Make columns as wide as their cells and headings want, up to a limit."""
        for place, column in enumerate(columns):
            widest = widths[place] if place < len(widths) else 0
            own = width(column["label"]) + FILTER_ARROW if column else 0
            sheet.set_column(place, place, min(max(widest + 2, own, MIN_WIDTH), MAX_WIDTH))

    def _begin(self, title, columns, widths, when):
        sheet = self.add_sheet(title, when)
        self.set_widths(sheet, columns, widths)
        sheet.freeze_panes(1, 0)
        self.write_heading(sheet, 0, columns)
        return sheet

    def _end(self, sheet, columns, number):
        sheet.autofilter(0, 0, number, len(columns) - 1)
