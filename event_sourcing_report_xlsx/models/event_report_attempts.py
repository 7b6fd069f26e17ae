from datetime import date, datetime, timedelta

from odoo import _, api, models

AGGREGATES = ["__count", "refused_count:sum", "error_count:sum"]
MAX_GROUPS = 1000
MAX_WEEKS = 520  # shown without gaps


class EventReportAttempts(models.AbstractModel):
    """How much went wrong in the period: by week, rule and event, and for managers by user."""

    _inherit = "event.report.content"

    @api.model
    def _sheets_of_attempts(self, _options):
        return [
            ({"key": "attempts", "title": _("Rejected Attempts"), "columns": [], "empty": ""}, [])
        ]

    @api.model
    def _cells_of_attempts(self, sheet, _record_ids, options):
        """Return the summary as the one row of its chunk: see ``excel_summary``."""
        attempts = self.env["event.attempt"]
        domain = self._period_domain("date", options)
        lines = [self._period_text(options)]
        total = attempts._read_group(domain, [], AGGREGATES)[0]
        if not total[0]:
            lines.append(_("Nothing was attempted in this period."))
        tables = [
            self._by_week(attempts, domain, total),
            *([self._by_user(attempts, domain)] if attempts._reads_people() else []),
            self._by_reason(attempts, domain),
            self._by_event(attempts, domain),
        ]
        words = {
            "title": _("Attempts and Rejected Attempts by Week"),
            "count": _("Attempts"),
            "rate": _("Rejection Rate"),
        }
        return [{"title": sheet["title"], "lines": lines, "chart": words, "tables": tables}]

    @api.model
    def _attempt_table(self, title, heading, rows, kind="char", more=None, rate=True):
        columns = [
            self._column(heading, kind),
            self._column(_("Attempts"), "integer"),
            self._column(_("Rejected"), "integer"),
            self._column(_("Failures"), "integer"),
            self._column(_("Rejection Rate"), "rate") if rate else None,
            self._column(more) if more else None,
        ]
        return {"title": title, "columns": columns, "rows": rows, "total": None}

    @api.model
    def _numbers(self, count, refused, errors):
        """Return the cells of a group: its counts and its rate, none without attempts."""
        refused, errors = refused or 0, errors or 0
        return [count, refused, errors, refused / count if count else None]

    @api.model
    def _by_week(self, attempts, domain, total):
        weeks = {}
        for week, *numbers in attempts._read_group(domain, ["date:week"], AGGREGATES):
            week = week.date() if isinstance(week, datetime) else date.fromisoformat(str(week)[:10])
            weeks[week] = self._numbers(*numbers)
        first, last = min(weeks, default=None), max(weeks, default=None)
        if weeks and (last - first).days // 7 < MAX_WEEKS:
            for week in range((last - first).days // 7):
                weeks.setdefault(first + timedelta(weeks=week), [0, 0, 0, None])
        rows = [[self._cell(week, "date"), *weeks[week], None] for week in sorted(weeks)]
        title = _("By Week")
        table = self._attempt_table(title, _("Week from"), rows, kind="date")
        if rows:
            table["total"] = [_("Total"), *self._numbers(*total), None]
        return table

    @api.model
    def _by_user(self, attempts, domain):
        groups = self._groups(attempts, domain, ["user_id"])
        users = self._names(self.env["res.users"].union(*(group[0] for group in groups)))
        rows = [[users.get(user.id), *self._numbers(*numbers), None] for user, *numbers in groups]
        return self._attempt_table(_("By User"), _("Recorded By"), rows)

    @api.model
    def _by_reason(self, attempts, domain):
        domain = [*domain, ("outcome", "in", ("rejected", "failed"))]
        rows = [
            [
                self._cell(reason, "char"),
                *self._numbers(*numbers)[:3],
                None,
                self._cell(aggregate, "char"),
            ]
            for reason, aggregate, *numbers in self._groups(
                attempts, domain, ["reason", "aggregate_label"]
            )
        ]
        return self._attempt_table(
            _("By Reason"), _("Reason"), rows, more=_("Record Type"), rate=False
        )

    @api.model
    def _by_event(self, attempts, domain):
        rows = [
            [self._cell(label, "char"), *self._numbers(*numbers), self._cell(aggregate, "char")]
            for label, aggregate, *numbers in self._groups(
                attempts, domain, ["event_label", "aggregate_label"]
            )
        ]
        return self._attempt_table(_("By Event"), _("Event"), rows, more=_("Record Type"))

    @api.model
    def _groups(self, attempts, domain, groupby):
        """Return the groups in which most was refused, those first."""
        order = "refused_count:sum desc, __count desc"
        return attempts._read_group(domain, groupby, AGGREGATES, limit=MAX_GROUPS, order=order)
