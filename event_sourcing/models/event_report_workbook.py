from odoo import _, api, fields, models
from odoo.tools import format_date

from ..workbook import Workbook

LINES = 20


class EventReportWorkbook(models.AbstractModel):
    """What stands in an Excel report: misoperations with a chart, snapshots, events."""

    _name = "event.report.workbook"
    _description = "Excel Report"

    @api.model
    def _write(self, job):
        """Return the workbook of a job whose rows lie in the spool, as bytes."""
        env = job._asking()
        self = self.with_env(env(su=True))
        book = Workbook(env.lang)
        self._summary(book, env, job)
        empty = _("There is nothing of this kind in what you may see.")
        snapshots = job.with_env(self.env)._excel_snapshots()
        for sheet, (model, _domain, columns) in enumerate(snapshots):
            heads = [(heading, kind) for _name, heading, kind in columns]
            name = env["ir.model"].sudo()._get(model._name).name
            book.table(name, heads, job._spooled(sheet, columns), empty)
        columns = job.with_env(self.env)._event_columns()
        heads = [(heading, kind) for _name, heading, kind in columns]
        rows = job._spooled(len(snapshots), columns)
        book.table(_("Events"), heads, rows, _("Nothing happened in this period."))
        return book.close()

    @api.model
    def _summary(self, book, env, job):
        """Write the first sheet: numbers by week with a chart, and who broke which rule."""
        sheet, name = book.free_sheet(_("Misoperations"))
        domain = [("date", ">=", job.moment_before), ("date", "<", job.moment)]
        if job.model_name:
            names = env["snapshot.handler.registry"]._stream_names(job.model_name)
            domain.append(("model_name", "in", names))
        attempts = env["event.attempt"]
        begin = fields.Datetime.context_timestamp(attempts, job.moment_before)
        end = fields.Datetime.context_timestamp(
            attempts, fields.Datetime.subtract(job.moment, seconds=1)
        )
        sheet.set_column(0, 0, 60)
        sheet.set_column(1, 4, 18)
        sheet.write_string(
            *(0, 0),
            _(
                "Events from %(begin)s to %(end)s",
                begin=format_date(env, begin.date()),
                end=format_date(env, end.date()),
            ),
            book.title_format,
        )
        row = 2
        weeks = attempts._read_group(domain, ["date:week"], self._measures())
        row = self._lines(book, sheet, row, _("Week"), weeks, "date")
        if weeks:
            self._chart(book, sheet, name, row - len(weeks), len(weeks))
            row += 18  # the chart stands there
        for heading, field in (
            (_("Recorded By"), "user_id"),
            (_("Event"), "event_label"),
            (_("Reason"), "reason"),
        ):
            narrowed = domain
            if field == "reason":
                narrowed = [*domain, ("outcome", "in", ("rejected", "failed"))]
            groups = attempts._read_group(
                narrowed, [field], self._measures(), order="refused_count:sum desc", limit=LINES
            )
            row = self._lines(book, sheet, row + 1, heading, groups, "text")
        if not weeks:
            sheet.write_string(row + 1, 0, _("Nothing happened in this period."), book.note_format)

    @api.model
    def _measures(self):
        return ["__count", "refused_count:sum", "error_count:sum", "misoperation_rate:avg"]

    @api.model
    def _lines(self, book, sheet, row, heading, groups, kind):
        """Write one table; return the row after it."""
        heads = (heading, _("Attempts"), _("Refused"), _("System Errors"))
        for column, text in enumerate((*heads, _("Misoperation Rate (%)"))):
            book.head(sheet, row, column, text)
        for group in groups:
            row += 1
            key, count, refused, errors, rate = group
            if kind == "date":
                key = key.date()
            elif isinstance(key, models.BaseModel):
                key = key.sudo().display_name or _("Nobody")
            book.cell(sheet, row, 0, key or "—", kind)
            for column, value in enumerate((count, refused, errors), 1):
                book.cell(sheet, row, column, value, "integer")
            book.cell(sheet, row, 4, round(rate or 0, 1), "percent")
        return row + 1

    @api.model
    def _chart(self, book, sheet, name, first, count):
        """Draw attempts and refusals as columns, and their rate as a line."""
        last = first + count - 1
        columns = book.chart({"type": "column"})
        weeks = [name, first, 0, last, 0]
        for column, color in ((1, "#B7DFC0"), (2, "#FFAC00"), (3, "#DC3545")):
            columns.add_series(
                {
                    "name": [name, first - 1, column],
                    "categories": weeks,
                    "values": [name, first, column, last, column],
                    "fill": {"color": color},
                }
            )
        line = book.chart({"type": "line"})
        line.add_series(
            {
                "name": [name, first - 1, 4],
                "categories": weeks,
                "values": [name, first, 4, last, 4],
                "y2_axis": True,
                "line": {"color": "#714B67", "width": 2},
                "marker": {"type": "circle"},
            }
        )
        columns.combine(line)
        columns.set_title({"name": _("Misoperations by week")})
        columns.set_x_axis({"num_format": "yyyy-mm-dd", "text_axis": True})
        line.set_y2_axis({"num_format": '0"%"', "min": 0})
        columns.set_size({"width": 900, "height": 320})
        columns.set_legend({"position": "bottom"})
        sheet.insert_chart(last + 2, 0, columns)
