import base64
import io
import json
import re
from calendar import monthrange
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.event_sourcing_base.export_sheet import when_text
from odoo.addons.event_sourcing_base.page_size import next_page
from odoo.addons.event_sourcing_base.sheet_name import cut
from odoo.addons.event_sourcing_job.chunk_size import ChunkSize
from odoo.addons.event_sourcing_job.job_kind import JobKind
from odoo.addons.event_sourcing_job.models.event_job_run import SYNC_LIMIT

from ..excel_summary import write_summary
from ..excel_workbook import ExcelWorkbook

# So many rows are written within the time that a worker has for one request.
MAX_ROWS = 500_000
MAX_ABOUT = 60  # characters of a report's name


class EventJobExcel(models.Model):
    """An Excel report in chunks: read into rows one by one, written from them at last.

    What is read is settled when the report is asked for: a row per chunk,
    with the ids of its records. A chunk fills in its cells, with the rights, companies,
    language and time zone of whoever asked, whoever works on the job.
    """

    _inherit = "event.job"
    # Records of a chunk.
    _report_chunk = 2000
    # Records that are read before it is asked whether the chunk is full.
    _report_step = 250

    kind = fields.Selection(
        selection_add=[("excel", "Excel Report")], ondelete={"excel": "cascade"}
    )
    report = fields.Binary(readonly=True, attachment=True)

    @api.model
    def _job_kinds(self):
        return {**super()._job_kinds(), "excel": JobKind(private=True, owner_only=True)}

    @api.model
    def _request_report(self, model_names, date_from, date_to):
        """Return the action that downloads a report, or shows how far it is.

        :param list model_names: aggregate types
        :param date date_from: first day, in the user's time zone
        :param date date_to: last day
        :raise UserError: for a period that ends before it begins, or far too many rows
        """
        self._check_may_run("excel")
        if date_from > date_to:
            raise UserError(
                _("The report must begin before it ends: change the first or last day.")
            )
        if not model_names:
            raise UserError(_("Choose at least one record type for the report."))
        options = self.env["event.report.content"]._options(model_names, date_from, date_to)
        start, end = self.env["event.report.content"]._moments(options)
        # A wizard's defaults are none of the job's.
        job, under_way = self._start(
            "excel",
            model_name=model_names[0] if len(model_names) == 1 else False,
            date_from=start,
            moment=end - timedelta(seconds=1),
            options=options,
        )
        if under_way:
            return job._open(True)
        own = job.sudo()
        if own.total <= SYNC_LIMIT:
            while own._write_chunk(own._read_chunk()):
                pass
            return job.action_download()
        return job._open()

    def _content(self):
        """Return what reads for the report, in the name of whoever asked."""
        return self._asker()["event.report.content"]

    def _download_excel(self):
        return f"/web/content/event.job/{self.id}/report/{self.report_name}?download=true"

    def _title_excel(self):
        registry = self.env["snapshot.handler.registry"]
        labels = [registry._aggregate_label(name) for name in self.options["model_names"]]
        about = cut(", ".join(labels), MAX_ABOUT)
        days = [format_date(self.env, self.options[day]) for day in ("date_from", "date_to")]
        return _("%(about)s, %(first)s to %(last)s", about=about, first=days[0], last=days[1])

    # ------------------------------------------------------------------
    # Chunks
    # ------------------------------------------------------------------

    def _count_excel(self):
        """Settle what the report is to read; return how many records that is."""
        sheets = self._content()._sheets(self.options)
        total = sum(len(ids) for _sheet, ids in sheets)
        if total > MAX_ROWS:
            raise UserError(
                _(
                    "The report would have %(count)s rows; at most %(maximum)s are possible."
                    " Choose a shorter period or fewer record types.",
                    count=total,
                    maximum=MAX_ROWS,
                )
            )
        size = self._report_chunk
        chunks = [
            {"job_id": self.id, "sheet": sheet, "record_ids": ids[start : start + size]}
            for sheet, ids in sheets
            for start in range(0, max(len(ids), 1), size)
        ]
        self.env["event.report.chunk"].create(
            [{**chunk, "number": number} for number, chunk in enumerate(chunks, 1)]
        )
        return total

    def _report_chunks(self, *domain):
        return self.env["event.report.chunk"].search([("job_id", "=", self.id), *domain])

    def _read_excel(self):
        """Read the cells of the next chunk; after the last one, write the workbook."""
        chunk = self._report_chunks(("number", "=", self.position + 1))
        if not chunk:
            return {"position": None, "count": 0, "file": self._write_workbook()}
        return {"position": self.position + 1, "stored_id": chunk.id, **self._read_cells(chunk)}

    def _read_cells(self, chunk):
        """Read records of a chunk a few at a time; what is too much for it is in ``left``."""
        content, size, texts = self._content(), ChunkSize(), []
        ids, position, step, widths = chunk.record_ids, 0, self._report_step, []
        while position < len(ids) or not texts:
            some = ids[position : position + step]
            rows, wide = content._cells(chunk.sheet, some, self.options)
            widths = list(map(max, widths, wide)) if widths else wide
            texts.append(json.dumps(rows)[1:-1])
            size.bytes += len(texts[-1])
            position += len(some)
            if size.is_full():
                break
            step = next_page(step, len(texts[-1]), self._report_chunk)
        return {
            "count": position,
            "record_ids": ids[:position],
            "left": ids[position:],
            "cells": f"[{', '.join(text for text in texts if text)}]",
            "widths": widths,
        }

    def _write_excel(self, chunk):
        if chunk["position"] is None:
            self.report = base64.b64encode(chunk["file"])
            self.report_name = self._file_name()
            self._report_chunks().unlink()
        else:
            stored = self.env["event.report.chunk"].browse(chunk["stored_id"])
            stored.write({name: chunk[name] for name in ("cells", "widths", "record_ids")})
            if chunk["left"]:
                self._insert_after(stored, chunk["left"])
        return {"done": chunk["count"]}

    def _insert_after(self, stored, record_ids):
        """Add a chunk behind another one of its sheet."""
        for later in self._report_chunks(("number", ">", stored.number)):
            later.number += 1
        vals = {"job_id": self.id, "sheet": stored.sheet, "number": stored.number + 1}
        stored.create({**vals, "record_ids": record_ids})
        stored.flush_model()

    # ------------------------------------------------------------------
    # The workbook
    # ------------------------------------------------------------------

    def _write_workbook(self):
        """Return the workbook, written from what was read with one chunk in memory at a time."""
        content = self._content()
        file = io.BytesIO()
        book = ExcelWorkbook(file, content._font(), content._properties(self.options))
        sheets = self._report_chunks().grouped(lambda chunk: chunk.sheet["key"])
        for chunks in sheets.values():
            sheet, rows = chunks[0].sheet, self._read_rows_of(chunks)
            when = self._sheet_when(content, sheet)
            if sheet["key"] == "attempts":
                write_summary(book, *rows, when)
                continue
            widths = [max(column) for column in zip(*chunks.mapped("widths"), strict=True)]
            book.add_table(sheet["title"], sheet["columns"], rows, widths, sheet["empty"], when)
        book.close()
        return file.getvalue()

    def _read_rows_of(self, chunks):
        """Yield what was read, row by row."""
        chunks.flush_recordset(["cells"])
        for chunk_id in chunks.ids:
            self.env.cr.execute("SELECT cells FROM event_report_chunk WHERE id = %s", [chunk_id])
            yield from json.loads(self.env.cr.fetchone()[0])

    def _sheet_when(self, content, sheet):
        """Return the moment and the currencies of a sheet, or the period that it is about."""
        if not sheet["key"].startswith("snapshots:"):
            return self._period_name()
        has_amounts = any(column["kind"] == "monetary" for column in sheet["columns"])
        currencies = content._currencies()[: None if has_amounts else 0]
        return when_text(content, [self.create_date], currencies)

    def _file_name(self):
        """Return a name that says what, when, and in which currencies its amounts are.

        Such as event-report-rental-2026-11-JPY.xlsx.
        """
        about = re.sub(r"[^\w.-]+", "-", self.model_name) + "-" if self.model_name else ""
        content = self._content()
        amounts = content._have_amounts(self.options["model_names"])
        names = sorted(content._currencies().mapped("name")) if amounts else []
        return f"event-report-{about}{'-'.join([self._period_name(), *names])}.xlsx"

    def _period_name(self):
        """Return the period of the report: a day, a month, a year, or its first and last day."""
        first, last = (fields.Date.to_date(self.options[day]) for day in ("date_from", "date_to"))
        if first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
            if (first.year, first.month) == (last.year, last.month):
                return f"{first:%Y-%m}"
            if (first.year, first.month, last.month) == (last.year, 1, 12):
                return f"{first:%Y}"
        return f"{first}_{last}" if first != last else str(first)
