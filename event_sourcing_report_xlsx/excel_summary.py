"""The sheet with the misoperations: tables one below the other, and a chart."""

from .excel_text import cell_width, clean, width

CHART_ROWS = 17  # that the chart covers beside the first table
CHART_FROM = 3


def write_summary(workbook, summary, when=""):
    """Write the summary as one sheet.

    :param ExcelWorkbook workbook: where to
    :param dict summary: ``title``, ``lines`` (sentences under it), ``chart`` (title and
        names of both axes) and ``tables``: dicts with ``title``, ``columns``, ``rows`` and
        ``total``, a row or None; the chart shows the first table
    :param str when: the period, for the name of the sheet
    """
    sheet = workbook.add_sheet(summary["title"], when)
    columns, widths = _widest(summary["tables"])
    workbook.set_widths(sheet, columns, widths)
    sheet.write_string(0, 0, clean(summary["title"]), workbook.style(bold=True, font_size=14))
    number = 1
    for line in summary["lines"]:
        sheet.write_string(number, 0, clean(line))
        number += 1
    for place, table in enumerate(summary["tables"]):
        number += 1
        first = _write_table(workbook, sheet, number, table)
        number = first + len(table["rows"]) + bool(table["total"])
        if not place and table["rows"]:
            _insert_chart(workbook, sheet, first, len(columns), table, summary["chart"])
            number = max(number, CHART_FROM + CHART_ROWS)


def _write_table(workbook, sheet, number, table):
    """Write one table with its title; return the row of its first line."""
    sheet.write_string(number, 0, clean(table["title"]), workbook.style(bold=True))
    workbook.write_heading(sheet, number + 1, table["columns"])
    first = number + 2
    styles = [workbook.column_style(column or {}) for column in table["columns"]]
    for place, cells in enumerate(table["rows"]):
        workbook.write_row(sheet, first + place, cells, styles)
    if table["total"]:
        styles = [workbook.column_style(c or {}, bold=True, top=1) for c in table["columns"]]
        workbook.write_row(sheet, first + len(table["rows"]), table["total"], styles)
    return first


def _insert_chart(workbook, sheet, first, columns, table, words):
    """Draw attempts, refusals and errors as columns, and the rate as a line."""
    last = first + len(table["rows"]) - 1
    bars = workbook.book.add_chart({"type": "column"})
    for place in (1, 2, 3):
        bars.add_series(_series(sheet, table, first, last, place))
    line = workbook.book.add_chart({"type": "line"})
    marked = {"marker": {"type": "circle"}, "y2_axis": True}
    line.add_series({**_series(sheet, table, first, last, 4), **marked})
    bars.combine(line)
    font = {"name": workbook.font} if workbook.font else {}
    bars.set_title({"name": clean(words["title"]), "name_font": {**font, "size": 12}})
    axis = {"name_font": font, "num_font": font}
    bars.set_x_axis({**axis, "num_format": table["columns"][0]["format"], "text_axis": True})
    bars.set_y_axis({**axis, "name": clean(words["count"]), "min": 0})
    line.set_y2_axis({**axis, "name": clean(words["rate"]), "num_format": "0%", "min": 0})
    bars.set_legend({"position": "bottom", "font": font})
    bars.show_blanks_as("gap")
    bars.set_size({"width": 720, "height": 20 * CHART_ROWS})
    sheet.insert_chart(CHART_FROM - 1, columns + 1, bars)


def _series(sheet, table, first, last, column):
    # A workbook in bounded memory does not know its cells again: the chart is told them.
    return {
        "name": clean(table["columns"][column]["label"]),
        "categories": [sheet.name, first, 0, last, 0],
        "categories_data": [row[0] for row in table["rows"]],
        "values": [sheet.name, first, column, last, column],
        "values_data": [row[column] for row in table["rows"]],
    }


def _widest(tables):
    """Return what the columns of all tables want: ``(headings, widths)``."""
    columns = [table["columns"] for table in tables]
    headings = [
        max(filter(None, headings), key=lambda heading: width(heading["label"]), default=None)
        for headings in zip(*columns, strict=True)
    ]
    widths = [0] * len(headings)
    for table in tables:
        for cells in table["rows"]:
            for place, (cell, column) in enumerate(zip(cells, table["columns"], strict=True)):
                wanted = cell_width(cell, (column or {}).get("format"))
                widths[place] = max(widths[place], wanted)
    return headings, widths
