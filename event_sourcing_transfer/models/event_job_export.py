import gzip
import re

from odoo import _, api, fields, models
from odoo.tools import format_date, format_datetime

from odoo.addons.event_sourcing.groups import AUDITOR, MANAGER
from odoo.addons.event_sourcing_base.companies import open_companies
from odoo.addons.event_sourcing_base.from_code import from_code
from odoo.addons.event_sourcing_job.job_kind import JobKind

from ..transfer_format import chained, end_line, head_line


class EventJobExport(models.Model):
    """An export in chunks: each is packed by itself, and a download joins them.

    It holds what was recorded when it was asked for and what the asker may read,
    whoever works on the job.
    """

    _inherit = "event.job"
    # Events of a chunk.
    _export_chunk = 2000

    kind = fields.Selection(selection_add=[("export", "Export")], ondelete={"export": "cascade"})

    @api.model
    def _job_kinds(self):
        kind = JobKind((MANAGER, AUDITOR), private=True, owner_only=True)
        return {**super()._job_kinds(), "export": kind}

    @api.model
    def _request_export(self, model_names=(), date_from=None, date_to=None, period="recorded"):
        """Start an export; return ``(job, under_way)``.

        :param list model_names: aggregate types, all where empty
        :param date date_from: first day in the user's time zone, None for no first day
        :param date date_to: last day, likewise
        :param str period: ``recorded`` or ``happened``: which time counts
        :raise UserError: for a period that ends before it begins, or of which events are in
            an archive
        """
        self._check_may_run("export")
        self.env["event.export.content"]._check_days(date_from, date_to)
        names = sorted(model_names)
        return self._start(
            "export",
            model_name=names[0] if len(names) == 1 else False,
            options={
                "model_names": names,
                "date_from": str(date_from) if date_from else None,
                "date_to": str(date_to) if date_to else None,
                "period": period,
                "tz": self.env["event.store"]._user_zone().key,
                "context": {
                    "lang": self.env.context.get("lang") or self.env.user.lang or "en_US",
                    "allowed_company_ids": open_companies(self.env),
                },
            },
        )

    def _count_export(self):
        """Settle up to when the export goes; return about how many events that is."""
        content = self._asker()["event.export.content"]
        content._check_whole(self.options)
        until = content._until(self.options)
        self.progress_data = {"until": str(until), "last": None, "digest": "", "chunks": 0}
        return content.env["event.store"].search_count(content._domain(self.options, until))

    def _title_export(self):
        registry = self.env["snapshot.handler.registry"]
        names = [registry._aggregate_label(name) for name in self.options["model_names"]]
        days = [self.options[name] for name in ("date_from", "date_to")]
        about = ", ".join(names) or _("everything")
        if not any(days):
            return about
        values = {
            "about": about,
            "first": format_date(self.env, days[0]) if days[0] else "…",
            "last": format_date(self.env, days[1]) if days[1] else "…",
        }
        return _("%(about)s, %(first)s to %(last)s", **values)

    # ------------------------------------------------------------------
    # Chunks
    # ------------------------------------------------------------------

    def _read_export(self):
        """Read the next events and pack their lines."""
        progress = dict(self.progress_data)
        content = self._asker()["event.export.content"]
        until = fields.Datetime.to_datetime(progress["until"])
        if not progress.get("ready"):
            return self._wait_for_writers(content, progress, until)
        domain = content._domain(self.options, until)
        if progress["last"] is None:
            newest = content.env["event.store"].search(domain, order="id desc", limit=1)
            progress["last"] = newest.id or 0
        # A period may leave the store while it is exported.
        content._check_whole(self.options, self.position, progress["last"])
        limit = min(self._export_chunk, progress.get("limit", self._export_chunk))
        ids = content._next_ids(domain, self.position, progress["last"], limit)
        # After a chunk of large events, the sizes of fewer are asked for.
        progress["limit"] = min(self._export_chunk, 2 * len(ids) + 1)
        key = self.env["event.import.line"]._key()
        lines = list(content._lines(ids)) if ids else []
        if not progress["chunks"]:
            about = {name: self.options[name] for name in ("period", "date_from", "date_to")}
            about["recorded_until"] = f"{until}Z"
            lines.insert(0, head_line(key, about).encode())
        for line in lines:
            progress["digest"] = chained(progress["digest"], line)
        ended = not ids or ids[-1] >= progress["last"]
        if ended:
            lines.append(end_line(key, progress["digest"], self.done + len(ids)).encode())
        progress["chunks"] += 1
        return {
            "position": None if ended else ids[-1],
            "count": len(ids),
            "progress_data": progress,
            "packed": gzip.compress(b"\n".join(lines) + b"\n", compresslevel=6, mtime=0),
        }

    def _wait_for_writers(self, content, progress, until):
        """Return a chunk without events: what comes next is read once older writers are over."""
        ours = [from_code(self.env, "event_job_caller") or 0]
        if self.worker:
            ours.append(int(self.worker.split(" ")[0]))
        since = content._older_writer(until, ours)
        chunk = {
            "position": self.position,
            "count": 0,
            "progress_data": {**progress, "ready": True},
        }
        if since:
            chunk["waits"] = _(
                "The export waits for work that began on %(moment)s and is not over: it may"
                " still record events of the period. It goes on by itself.",
                moment=format_datetime(content.env, since),
            )
        return chunk

    def _write_export(self, chunk):
        if "packed" not in chunk:
            self.progress_data = chunk["progress_data"]
            return {"done": 0}
        self.env["event.export.chunk"]._save(
            self, chunk["progress_data"]["chunks"], chunk["packed"]
        )
        self.progress_data = chunk["progress_data"]
        return {"done": chunk["count"]}

    def _finish_export(self):
        self.report_name = self._export_name()
        content = self._asker()["event.export.content"]
        until = fields.Datetime.to_datetime(self.progress_data["until"])
        end = content._bounds(self.options)[1]
        self.message = False
        if self.options["period"] == "happened" or not end or until < end:
            self.message = _(
                "It holds what was recorded before %(moment)s; export what came later from"
                " that day on.",
                moment=format_datetime(content.env, until, tz=self.options["tz"]),
            )

    def _export_name(self):
        """Return a name that says what and when, such as events-2026-11-01-2026-11-30.jsonl.gz."""
        days = [self.options[name] or "" for name in ("date_from", "date_to")]
        about = re.sub(r"[^\w.-]+", "-", self.model_name) if self.model_name else ""
        return "-".join(part for part in ("events", about, *days) if part) + ".jsonl.gz"

    def _download_export(self):
        return f"/event_sourcing/export/{self.id}"
