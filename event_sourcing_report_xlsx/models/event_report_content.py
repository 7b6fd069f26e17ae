from datetime import date, datetime, time, timedelta, timezone

from odoo import _, api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import get_lang

from odoo.addons.event_sourcing_base.companies import open_companies

from ..excel_text import cell_width, clean, excel_format

FONTS = {"ja": "Yu Gothic"}
EPOCH = datetime(1899, 12, 30)
FIRST_DATE = datetime(1900, 3, 1)  # before it, Excel counts a day that never was
MAX_NUMBER = 10**15  # beyond it, Excel rounds
ISO = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss"}


class EventReportContent(models.AbstractModel):
    """What stands in an Excel report, read with the rights of whoever asked.

    A sheet is described by a dict with ``key``, ``title``, ``columns`` and ``empty``, the
    sentence for no rows. Each kind of sheet has a method ``_sheets_of_<kind>`` that settles
    which records it shows, and ``_cells_of_<kind>`` that reads some of them.
    """

    _name = "event.report.content"
    _description = "Content of an Excel Report"

    @api.model
    def _options(self, model_names, date_from, date_to):
        """Return what a report is about, and for whom, as a JSON object."""
        return {
            "model_names": sorted(model_names),
            "date_from": str(date_from),
            "date_to": str(date_to),
            "context": {
                "lang": self.env.context.get("lang") or self.env.user.lang or "en_US",
                "tz": self._zone().key,
                "allowed_company_ids": open_companies(self.env),
            },
        }

    @api.model
    def _zone(self):
        return self.env["event.store"]._user_zone()

    @api.model
    def _moments(self, options):
        """Return the moments at which the period begins, and at which it is over, in UTC."""
        zone = self.env["event.store"]._known_zone(options["context"]["tz"])
        days = [date.fromisoformat(options[name]) for name in ("date_from", "date_to")]
        days[1] = min(days[1], date(9998, 12, 31)) + timedelta(days=1)
        starts = [datetime.combine(max(day, date(2, 1, 1)), time.min, zone) for day in days]
        return [start.astimezone(timezone.utc).replace(tzinfo=None) for start in starts]

    @api.model
    def _period_domain(self, field_name, options):
        start, end = self._moments(options)
        return [
            (field_name, ">=", start),
            (field_name, "<", end),
            ("model_name", "in", self._stream_names(options["model_names"])),
        ]

    @api.model
    def _period_text(self, options):
        return _(
            "From %(first)s to %(last)s (%(zone)s)",
            first=format_date(self.env, options["date_from"]),
            last=format_date(self.env, options["date_to"]),
            zone=options["context"]["tz"],
        )

    @api.model
    def _stream_names(self, model_names):
        registry = self.env["snapshot.handler.registry"]
        return [name for model_name in model_names for name in registry._stream_names(model_name)]

    @api.model
    def _sheets(self, options):
        """Return ``(sheet, record ids)`` for each sheet, in order."""
        return [
            *self._sheets_of_snapshots(options),
            *self._sheets_of_events(options),
            *self._sheets_of_attempts(options),
        ]

    @api.model
    def _cells(self, sheet, record_ids, options):
        """Return the rows for some records, and the widest cell of each column.

        :return: ``(rows, widths)``: lists of cells, and numbers of characters
        """
        kind = sheet["key"].partition(":")[0]
        rows = getattr(self, f"_cells_of_{kind}")(sheet, record_ids, options)
        formats = [column["format"] for column in sheet["columns"]]
        widths = [0] * len(formats)
        if formats:
            for row in rows:
                wanted = map(cell_width, row, formats)
                widths = list(map(max, widths, wanted))
        return rows, widths

    @api.model
    def _currencies(self):
        """Return the currencies of the companies that the report is of."""
        companies = self.env["res.company"].sudo().browse(open_companies(self.env))
        return companies.currency_id

    # ------------------------------------------------------------------
    # Words and formats
    # ------------------------------------------------------------------

    @api.model
    def _font(self):
        """Return the font of the user's language, None for Excel's own."""
        return FONTS.get((self.env.context.get("lang") or "")[:2])

    @api.model
    def _properties(self, options):
        return {
            "title": _("Event Report"),
            "subject": self._period_text(options),
            "author": self.env.user.name,
            "company": self.env.company.name,
        }

    @api.model
    def _format(self, kind, digits=2):
        """Return Excel's number format for a kind of column, None for text.

        :param str kind: the type of a field of Odoo, or ``rate``
        """
        if kind in ISO:
            return self._moment_format(kind)
        decimals = f".{'0' * digits}" if digits else ""
        return {
            "integer": "#,##0",
            "float": f"#,##0{decimals}",
            "monetary": f"#,##0{decimals}",
            "number": "0",
            "rate": "0.0%",
        }.get(kind)

    @api.model
    def _moment_format(self, kind):
        """Return how the user's language writes dates or moments, in Excel's words."""
        lang = get_lang(self.env)
        words = lang.date_format if kind == "date" else f"{lang.date_format} {lang.time_format}"
        return excel_format(words) or ISO[kind]

    @api.model
    def _column(self, label, kind="char", digits=2):
        return {"label": label, "kind": kind, "format": self._format(kind, digits)}

    @api.model
    def _cell(self, value, kind):
        """Return a value of a field as a cell: a text, a number, a bool or None."""
        if kind == "boolean":
            return bool(value)
        if value is None or value is False:
            return None
        if kind in ("date", "datetime"):
            return self._date_cell(value, kind)
        if isinstance(value, int | float):
            if not abs(value) <= MAX_NUMBER:  # NaN, too
                return str(value)
            return value
        return clean(str(value))

    @api.model
    def _date_cell(self, value, kind):
        """Return the serial number of a date, or of a moment in the user's time zone."""
        if kind == "date":
            moment = datetime.combine(value, time.min)
        else:
            utc = value.replace(microsecond=0, tzinfo=timezone.utc)
            try:
                moment = utc.astimezone(self._zone()).replace(tzinfo=None)
            except OverflowError:
                return str(value)
        if moment < FIRST_DATE:
            return fields.Datetime.to_string(moment) if kind == "datetime" else str(value)
        return (moment - EPOCH).total_seconds() / 86400
