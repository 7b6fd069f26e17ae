"""Exports in which text stays text and numbers are numbers, in files that say of when they are.

Names and reasons come from people and from other systems. A text that begins with
``=`` must not become a live formula in a spreadsheet, nor one that looks like an
address a link. Models say with ``_export_text_as_text`` that they want this;
exports of all others are left alone. ``_export_about(domain)`` of such a model may say
what its records are called and of which moments they are: see ``export_sheet``. Its
``_export_ratios`` are columns with percentages, ``{name: (columns of the part, of the whole)}``:
groups have that of their sums where these columns are exported, too.
"""

import json

from odoo.http import request

from odoo.addons.web.controllers import export

from ..export_sheet import ExportSheet
from ..from_code import FromCode, from_code

# What spreadsheets take for a formula when they read a CSV file.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _sheet():
    """Return the sheet of this request, None where its model wants none."""
    return from_code(request.env, "export_sheet")


class TextCells:
    """Writes every text into its cell as a text, whatever it looks like; numbers as such."""

    def describe(self, sheet):
        """Take over the name of the sheet and the formats of its columns."""
        self.sheet = sheet
        self.worksheet.name = sheet.title
        self.styles = [self._style(number_format) for number_format in sheet.formats]
        return self

    def _style(self, number_format, **properties):
        if number_format is None:
            return None
        return self.workbook.add_format({"num_format": number_format, **properties})

    def write(self, row, column, cell_value, style=None):
        if isinstance(cell_value, str) and cell_value:
            return self.worksheet.write_string(row, column, cell_value, style)
        return super().write(row, column, cell_value, style)

    def write_cell(self, row, column, cell_value):
        style = self.styles[column]
        if style and isinstance(cell_value, int | float) and not isinstance(cell_value, bool):
            return self.write(row, column, cell_value, style)
        return super().write_cell(row, column, cell_value)


class TextXlsxWriter(TextCells, export.ExportXlsxWriter):
    pass


class TextGroupXlsxWriter(TextCells, export.GroupExportXlsxWriter):
    """Sums of groups are numbers; there is none of amounts in several currencies."""

    def describe(self, sheet):
        head = {"bold": True, "bg_color": "#e9ecef"}
        self.head_styles = [self._style(found, **head) for found in sheet.formats]
        return super().describe(sheet)

    def _write_group_header(self, row, column, label, group, group_depth=0):
        label = f"{'    ' * group_depth}{label} ({group.count})"
        self.write(row, column, label, self.header_bold_style)
        mixed = len(self._currencies(group)) > 1
        ratios = dict(self.sheet.ratios)
        for place, field in enumerate(self.fields[1:], 1):  # the title stands in the first
            total = group.aggregated_values.get(field["name"])
            if place in ratios:
                total = self._ratio(group, ratios[place])
            if total is None or (mixed and place in self.sheet.amounts):
                total = ""
            style = self.head_styles[place] or self.header_bold_style
            self.write(row, column + place, total, style)
        return row + 1, 0

    def _ratio(self, group, places):
        """Return the percentage of a group: that of its sums, not the mean of its rows."""
        if not places:
            return None
        part, whole = places
        known = [row for row in self._rows(group) if row[whole]]
        total = sum(row[whole] for row in known)
        return 100 * sum(row[part] for row in known) / total if total else None

    def _rows(self, group):
        yield from group.data
        for child in group.children.values():
            yield from self._rows(child)

    def _currencies(self, group):
        """Return the currencies that the rows of a group name."""
        if self.sheet.currency is None:
            return set()
        found = {row[self.sheet.currency] for row in group.data} - {""}
        return found.union(*map(self._currencies, group.children.values()))


class NamedExport:
    """An export whose file says what it is of and when; its steps do not know the request."""

    def base(self, data):
        params = json.loads(data)
        model, sheet = request.env.get(params["model"]), None
        if getattr(model, "_export_text_as_text", False):
            model = model.with_context(**params.get("context", {}))
            sheet, columns = ExportSheet.of_request(model, params)
            data = json.dumps({**params, "fields": columns})
        request.update_context(export_sheet=FromCode(sheet))
        return super().base(data)

    def filename(self, base):
        sheet = _sheet()
        return sheet.name if sheet else super().filename(base)


class ExcelExport(NamedExport, export.ExcelExport):
    """The export to Excel."""

    # Odoo 18 gave both steps a further argument; the content comes last in each.
    def from_data(self, *arguments):
        if not _sheet():
            return super().from_data(*arguments)
        *head, rows = arguments
        with TextXlsxWriter(*head, len(rows)).describe(_sheet()) as writer:
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    writer.write_cell(number, column, value)
        return writer.value

    def from_group_data(self, *arguments):
        if not _sheet():
            return super().from_group_data(*arguments)
        *head, groups = arguments
        with TextGroupXlsxWriter(*head, groups.count).describe(_sheet()) as writer:
            row, column = 1, 0
            for name, group in groups.children.items():
                row, column = writer.write_group(row, column, name, group)
        return writer.value


class CSVExport(NamedExport, export.CSVExport):
    """The export to CSV, where only a sign in front keeps a text from being a formula."""

    def from_data(self, *arguments):
        if not _sheet():
            return super().from_data(*arguments)
        *head, rows = arguments
        return super().from_data(*head, [[self._as_text(value) for value in row] for row in rows])

    @staticmethod
    def _as_text(value):
        """Put an apostrophe before what would be a formula, as spreadsheets do."""
        if isinstance(value, str) and value.startswith(FORMULA_STARTS):
            return f"'{value}"
        return value
