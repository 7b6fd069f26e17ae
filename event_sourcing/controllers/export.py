"""Exports in which text stays text.

Names and reasons come from people and from other systems. A text that begins with
``=`` must not become a live formula in a spreadsheet, nor one that looks like an
address a link. Models say with ``_export_text_as_text`` that they want this;
exports of all others are left alone.
"""

import json

from odoo.http import request

from odoo.addons.web.controllers import export

from ..from_code import FromCode, from_code

# What spreadsheets take for a formula when they read a CSV file.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _wants_text(data):
    """Whether the model of an export request asked for text as text."""
    model = request.env.get(json.loads(data)["model"])
    return getattr(model, "_export_text_as_text", False)


class TextCells:
    """Writes every text into its cell as a text, whatever it looks like."""

    def write(self, row, column, cell_value, style=None):
        if isinstance(cell_value, str) and cell_value:
            return self.worksheet.write_string(row, column, cell_value, style)
        return super().write(row, column, cell_value, style)


class TextXlsxWriter(TextCells, export.ExportXlsxWriter):
    pass


class TextGroupXlsxWriter(TextCells, export.GroupExportXlsxWriter):
    pass


class ExcelExport(export.ExcelExport):
    """The export to Excel; its request says for which model, its steps do not."""

    def base(self, data):
        request.update_context(export_text_as_text=FromCode(_wants_text(data)))
        return super().base(data)

    # Odoo 18 gave both steps a further argument; the content comes last in each.
    def from_data(self, *arguments):
        if not from_code(request.env, "export_text_as_text"):
            return super().from_data(*arguments)
        *head, rows = arguments
        with TextXlsxWriter(*head, len(rows)) as writer:
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    writer.write_cell(number, column, value)
        return writer.value

    def from_group_data(self, *arguments):
        if not from_code(request.env, "export_text_as_text"):
            return super().from_group_data(*arguments)
        *head, groups = arguments
        with TextGroupXlsxWriter(*head, groups.count) as writer:
            row, column = 1, 0
            for name, group in groups.children.items():
                row, column = writer.write_group(row, column, name, group)
        return writer.value


class CSVExport(export.CSVExport):
    """The export to CSV, where only a sign in front keeps a text from being a formula."""

    def base(self, data):
        request.update_context(export_text_as_text=FromCode(_wants_text(data)))
        return super().base(data)

    def from_data(self, *arguments):
        if not from_code(request.env, "export_text_as_text"):
            return super().from_data(*arguments)
        *head, rows = arguments
        return super().from_data(*head, [[self._as_text(value) for value in row] for row in rows])

    @staticmethod
    def _as_text(value):
        """Put an apostrophe before what would be a formula, as spreadsheets do."""
        if isinstance(value, str) and value.startswith(FORMULA_STARTS):
            return f"'{value}"
        return value
