from collections import Counter
from datetime import datetime, time, timezone

from babel.dates import format_skeleton
from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.tools import SQL, format_date, get_lang
from odoo.tools.misc import babel_locale_parse, formatLang

from odoo.addons.event_sourcing_base.arguments import text, whole
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_job.periods import first_of_week

WEEKS = 12
MAX_WEEKS = 5000
MAX_RULE = 10_000
TOP = 8


class EventOverviewFigures(models.Model):
    """This month against last, weeks in a row, and the rules that are broken most."""

    _inherit = "event.overview"

    @api.model
    def figures(self):
        """Return the figures of the dashboard, of the companies that are open to the user.

        Who broke rules how often is for managers and auditors; to others, ``people`` is empty.

        :return: dict with ``period`` and ``before`` (months in words), ``rules_title`` and
            ``people_title`` (headings, the latter False for others), ``tiles`` (dicts
            with ``key``, ``label``, ``value``, ``before``, ``trend``: up, down or same,
            and ``good``: whether that is welcome, or False), ``weeks`` (dicts with
            ``number`` (0 for this week, and backwards), ``label``, ``title``,
            ``attempts``, ``refused``, ``errors`` and ``rate`` in percent),
            ``rules`` and ``people`` (dicts with ``key``, ``label``, ``count``, ``note``
            and ``share`` of the largest in percent)
        """
        check_access(self.env["event.attempt"], "read")
        this, last = self._month(0), self._month(-1)
        by_person = self.env["event.attempt"]._reads_people()
        weeks = [self._week(number) for number in range(1 - WEEKS, 1)]
        counts_this, counts_last, *by_week = self._counts(this, last, *weeks)
        month = self._month_name(this[2])
        return {
            "period": month,
            "rules_title": _("Rules broken most in %(month)s", month=month),
            "people_title": by_person and _("By person in %(month)s", month=month),
            "before": self._month_name(last[2]),
            "tiles": self._tiles(counts_this, counts_last),
            "weeks": self._weeks([week[2] for week in weeks], by_week),
            "rules": self._top_rules(this),
            "people": self._top_people(this),
        }

    @api.model
    def action_attempts(self, kind=False, rule=False, user_id=False, week=False):
        """Open the attempts of this month, or of one week, behind a figure.

        :param str kind: an outcome, or False for all
        :param str rule: a reason, as ``rules`` says it
        :param int user_id: whose, or False for all
        :param int week: counted from this week, 0, backwards; or False for the month
        """
        check_access(self.env["event.attempt"], "read")
        kind = text(self.env, "kind", kind, default="")
        rule = text(self.env, "rule", rule, default="", limit=MAX_RULE)
        user_id = whole(self.env, "user_id", user_id, default=0)
        if week is not False and week is not None:
            week = whole(self.env, "week", week, least=-MAX_WEEKS, most=MAX_WEEKS)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "event_sourcing_analysis.event_attempt_action"
        )
        begin, end, _day = self._month(0) if week is None or week is False else self._week(week)
        domain = [("date", ">=", begin), ("date", "<", end)]
        domain += [("outcome", "=", kind)] if kind else []
        domain += [("reason", "=", rule)] if rule else []
        domain += [("user_id", "=", user_id)] if user_id else []
        views = sorted(action["views"], key=lambda view: view[1] not in ("list", "tree"))
        domain = [
            (name, operator, fields.Datetime.to_string(value) if name == "date" else value)
            for name, operator, value in domain
        ]
        return {**action, "domain": domain, "views": views, "context": {}}

    # ------------------------------------------------------------------
    # Periods
    # ------------------------------------------------------------------

    @api.model
    def _today(self):
        """Return today where the user is."""
        return fields.Datetime.context_timestamp(self, fields.Datetime.now()).date()

    @api.model
    def _midnight(self, day):
        """Return when a day begins where the user is, in UTC."""
        zone = self.env["event.store"]._user_zone()
        local = datetime.combine(day, time.min, zone)
        return local.astimezone(timezone.utc).replace(tzinfo=None)

    @api.model
    def _month(self, offset):
        """Return ``(begin, end, first day)`` of a month, 0 for this one."""
        first = self._today().replace(day=1) + relativedelta(months=offset)
        end = self._midnight(first + relativedelta(months=1))
        return self._midnight(first), end, first

    @api.model
    def _month_name(self, day):
        """Return a month as the user's language says it: October 2026, 2026年10月."""
        return format_skeleton("yMMMM", day, locale=babel_locale_parse(get_lang(self.env).code))

    @api.model
    def _week(self, offset):
        """Return ``(begin, end, first day)`` of a week, 0 for this one."""
        first = first_of_week(self.env, self._today()) + relativedelta(weeks=offset)
        end = self._midnight(first + relativedelta(weeks=1))
        return self._midnight(first), end, first

    @api.model
    def _last_weeks(self):
        """Return when the first of the weeks begins that the overview shows, and the last ends."""
        return self._week(1 - WEEKS)[0], self._week(0)[1]

    @api.model
    def _within(self, period):
        return [("date", ">=", period[0]), ("date", "<", period[1])]

    # ------------------------------------------------------------------
    # Figures
    # ------------------------------------------------------------------

    @api.model
    def _counts(self, *periods):
        """Return ``{outcome: attempts}`` of each period, in one pass over an index.

        :param periods: ``(begin, end, …)`` each; they may overlap
        """
        moments = sorted({moment for begin, end, *_rest in periods for moment in (begin, end)})
        query = self.env["event.attempt"]._search(self._within((moments[0], moments[-1])))
        self.env.cr.execute(
            SQL(
                """
                SELECT width_bucket(attempt.date, %s::timestamp[]), attempt.outcome, count(*)
                  FROM (%s) AS attempt GROUP BY 1, 2
                """,
                moments,
                query.select('"event_attempt"."date"', '"event_attempt"."outcome"'),
            )
        )
        between = [{} for _moment in moments]
        for number, outcome, count in self.env.cr.fetchall():
            between[number - 1][outcome] = count
        totals = []
        for begin, end, *_rest in periods:
            total = Counter()
            for counts in between[moments.index(begin) : moments.index(end)]:
                total.update(counts)
            totals.append(total)
        return totals

    @api.model
    def _tiles(self, now, before):
        def rate(counts, outcome):
            attempts = sum(counts.values())
            return 100 * counts.get(outcome, 0) / attempts if attempts else 0

        labels = {
            "attempts": _("Events and attempts"),
            "rejected": _("Rejected"),
            "misoperation_rate": _("Rejection rate"),
            "failed": _("Failures"),
        }
        numbers = {
            "attempts": (sum(now.values()), sum(before.values())),
            "rejected": (now.get("rejected", 0), before.get("rejected", 0)),
            "misoperation_rate": (rate(now, "rejected"), rate(before, "rejected")),
            "failed": (now.get("failed", 0), before.get("failed", 0)),
        }
        return [
            self._tile(key, labels[key], *numbers[key], percent=key == "misoperation_rate")
            for key in labels
        ]

    @api.model
    def _tile(self, key, label, now, before, percent):
        shown_now, shown_before = (
            formatLang(self.env, value, digits=1) + " %"
            if percent
            else formatLang(self.env, value, digits=0)
            for value in (now, before)
        )
        same = shown_now == shown_before
        trend = "same" if same else "up" if now > before else "down"
        return {
            "key": key,
            "label": label,
            "value": shown_now,
            "before": shown_before,
            "trend": trend,
            # More events are neither good nor bad; fewer refusals are good.
            "good": False if same or key == "attempts" else ("yes" if now < before else "no"),
        }

    @api.model
    def _weeks(self, days, counts):
        weeks = []
        for number, (day, found) in enumerate(zip(days, counts, strict=True), 1 - len(days)):
            attempts, refused = found.total(), found["rejected"]
            weeks.append(
                {
                    "number": number,
                    "label": format_date(self.env, day),
                    "title": _(
                        "Week from %(day)s: attempts %(attempts)s, rejected %(refused)s, failures"
                        " %(errors)s",
                        day=format_date(self.env, day),
                        attempts=attempts,
                        refused=refused,
                        errors=found["failed"],
                    ),
                    "attempts": attempts,
                    "refused": refused,
                    "errors": found["failed"],
                    "rate": round(100 * refused / attempts, 1) if attempts else 0,
                }
            )
        return weeks

    @api.model
    def _top_rules(self, period):
        groups = self.env["event.attempt"]._read_group(
            [*self._within(period), ("outcome", "=", "rejected")],
            ["reason"],
            ["__count", "user_id:count_distinct", "event_label:array_agg"],
            order="__count desc",
            limit=TOP,
        )
        most = max((count for _reason, count, *_rest in groups), default=1)
        return [self._rule_line(most, *group) for group in groups]

    @api.model
    def _rule_line(self, most, reason, count, people, events):
        names = sorted({label for label in events if label})[:3]
        return {
            "key": reason or "",
            "label": reason or _("Without a reason"),
            "count": count,
            "note": _("%(events)s; people: %(people)s", events=", ".join(names), people=people),
            "share": round(100 * count / most),
        }

    @api.model
    def _top_people(self, period):
        attempts = self.env["event.attempt"]
        if not attempts._reads_people():
            return []
        refused = attempts._read_group(
            [*self._within(period), ("outcome", "=", "rejected")],
            ["user_id"],
            ["__count"],
            order="__count desc",
            limit=TOP,
        )
        users = [user.id for user, _count in refused]
        counts = dict(
            attempts._read_group(
                [*self._within(period), ("user_id", "in", users)], ["user_id"], ["__count"]
            )
        )
        most = max((count for _user, count in refused), default=1)
        return [
            self._person_line(most, user, count, counts.get(user, count)) for user, count in refused
        ]

    @api.model
    def _person_line(self, most, user, refused, count):
        return {
            "key": user.id,
            "label": user.sudo().name or _("Nobody"),
            "count": refused,
            "note": _(
                "%(rate)s %% of %(count)s attempts",
                rate=formatLang(self.env, 100 * refused / count, digits=1),
                count=count,
            ),
            "share": round(100 * refused / most),
        }
