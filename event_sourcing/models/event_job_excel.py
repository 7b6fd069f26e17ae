import base64
import json
import zlib
from datetime import date, datetime

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..fields import JsonDocument
from .event_job_as_of import AT_ONCE
from .event_store import FAILURE_TYPES

MAX_REPORT = 300_000
CHUNK = 1000
KINDS = {
    "integer": "integer",
    "float": "float",
    "monetary": "float",
    "date": "date",
    "datetime": "datetime",
}


class EventJobExcel(models.Model):
    """An Excel report: rows are read piece by piece into a spool, then written at once.

    XlsxWriter cannot go on with a file that another process began. Reading is the long
    part: it is done in pieces that any process continues; the last piece writes the
    workbook from what lies in the spool.
    """

    _inherit = "event.job"

    kind = fields.Selection(
        selection_add=[("excel", "Excel Report")], ondelete={"excel": "cascade"}
    )
    options = JsonDocument(
        readonly=True, help="Whose time zone and companies count, and how far it is."
    )
    spool_ids = fields.One2many("event.job.spool", "job_id", readonly=True)
    file_ids = fields.One2many("event.job.file", "job_id", readonly=True)

    @api.model
    def _ask_excel(self, model_name, begin, end):
        """Return the action that gives the workbook, or shows how far it is.

        :param str model_name: an aggregate type, or False for all
        :param datetime begin: UTC
        :param datetime end: UTC, exclusive
        :raise UserError: when there is more than a report should hold
        """
        self._check_may_run("excel")
        options = {
            "tz": self.env.context.get("tz") or self.env.user.tz or "UTC",
            "lang": self.env.context.get("lang") or self.env.user.lang or "en_US",
            "company_ids": self.env.companies.ids,
            "stage": 0,
        }
        job, _under_way = self._start(
            "excel", model_name=model_name, moment=end, moment_before=begin, options=options
        )
        own = job.sudo()
        if own.total > MAX_REPORT:
            raise UserError(
                _(
                    "This period holds %(count)s rows, and a report at most %(limit)s;"
                    " choose a shorter period or one aggregate type.",
                    count=own.total,
                    limit=MAX_REPORT,
                )
            )
        if own.total <= AT_ONCE:
            while own._write_piece(own._read_piece()):
                pass
            return job.action_open_result()
        return job._open()

    def _count(self):
        if self.kind != "excel":
            return super()._count()
        total = self._asking()["event.store"].search_count(self._excel_domain())
        for model, domain, _columns in self._excel_snapshots():
            total += model.search_count(domain)
        return total

    def action_open_result(self):
        self.ensure_one()
        if self.kind != "excel":
            return super().action_open_result()
        found = self.file_ids[:1]
        if not found:
            raise UserError(_("The report is no longer kept; ask for it again."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/event.job.file/{found.id}/content/{found.name}?download=true",
            "target": "download" if "download" in self._url_targets() else "self",
        }

    @api.model
    def _url_targets(self):
        return dict(self.env["ir.actions.act_url"]._fields["target"].selection)

    # ------------------------------------------------------------------
    # What is read
    # ------------------------------------------------------------------

    def _asking(self):
        """Return an environment with the rights, language and companies of whoever asked."""
        user = self.create_uid or self.env.user
        context = {
            "lang": self.options["lang"],
            "tz": self.options["tz"],
            "allowed_company_ids": self.options["company_ids"],
        }
        return self.with_user(user).with_context(context).env

    def _excel_domain(self):
        """Return the domain of the events of the report."""
        domain = [
            ("timestamp", ">=", self.moment_before),
            ("timestamp", "<", self.moment),
            ("event_type", "not in", FAILURE_TYPES),
        ]
        if self.model_name:
            names = self.env["snapshot.handler.registry"]._stream_names(self.model_name)
            domain.append(("model_name", "in", names))
        return domain

    def _excel_snapshots(self):
        """Return ``[(snapshot model, domain, columns)]`` of the report.

        :return: columns are ``(name, heading, kind)``
        """
        env = self._asking()
        by_model = {}
        for model_name in self._model_names():
            handler = env["event.store"]._find_handler(model_name)
            by_model.setdefault(handler._snapshot_model, []).append(model_name)
        found = []
        for snapshot_model, model_names in sorted(by_model.items()):
            model = env[snapshot_model]
            if not env["snapshot.handler.registry"]._may_read(model):
                continue
            names = [
                *(["model_name"] if len(model_names) > 1 else []),
                *("aggregate_id", *model._typed_columns()),
                *("version", "last_event_label", "last_event_date", "company_id"),
            ]
            columns = [
                (name, model._fields[name]._description_string(env), self._kind_of(model, name))
                for name in dict.fromkeys(names)
                if name in model._fields and model._fields[name].type not in ("json", "binary")
            ]
            found.append((model, [("model_name", "in", model_names)], columns))
        return found

    @api.model
    def _kind_of(self, model, name):
        return KINDS.get(model._fields[name].type, "text")

    def _event_columns(self):
        """Return the columns of the sheet of events: ``(name, heading, kind)``."""
        return [
            ("timestamp", _("Happened On"), "datetime"),
            ("event_label", _("Event"), "text"),
            ("aggregate_label", _("Aggregate Type"), "text"),
            ("aggregate_id", _("Aggregate"), "text"),
            ("version", _("Version"), "integer"),
            ("outcome", _("Outcome"), "text"),
            ("error_message", _("Reason"), "text"),
            ("said", _("What It Says"), "text"),
            ("create_uid", _("Recorded By"), "text"),
            ("create_date", _("Recorded On"), "datetime"),
            ("company_id", _("Company"), "text"),
        ]

    # ------------------------------------------------------------------
    # Piece by piece
    # ------------------------------------------------------------------

    def _read_excel(self):
        """Read the next rows of one sheet; after the last sheet, nothing."""
        snapshots = self._excel_snapshots()
        stage, after = self.options["stage"], self.options.get("after")
        if stage > len(snapshots):
            return {"position": None, "rows": [], "stage": stage, "after": None}
        if stage < len(snapshots):
            model, domain, columns = snapshots[stage]
            records = model.search([*domain, ("id", ">", after or 0)], order="id", limit=CHUNK)
            rows = [[self._plain(record, name) for name, *_rest in columns] for record in records]
            after = records[-1:].id
        else:
            records = self._next_events(after)
            rows = self._event_rows(records)
            last = records[-1:]
            after = last and [fields.Datetime.to_string(last.timestamp), last.id]
        done = len(records) < CHUNK
        return {
            "position": self.position + 1,
            "rows": rows,
            "sheet": stage,
            "stage": stage + done,
            "after": None if done else after,
        }

    def _next_events(self, after):
        domain = self._excel_domain()
        if after:
            moment, event_id = after
            domain += ["|", ("timestamp", ">", moment)]
            domain += ["&", ("timestamp", "=", moment), ("id", ">", event_id)]
        events = self._asking()["event.store"]
        return events.search(domain, order="timestamp, id", limit=CHUNK)

    def _event_rows(self, events):
        env = self._asking()
        registry, documents = env["snapshot.handler.registry"], env["event.document"]
        outcomes = dict(events._fields["outcome"]._description_selection(env))
        rows = []
        for event in events.with_env(env):
            said = documents._rows(event.payload or {}, event.model_name, event.event_type)
            rows.append(
                [
                    self._plain(event, "timestamp"),
                    event.event_label,
                    registry._aggregate_label(event.model_name),
                    event.aggregate_id,
                    event.version,
                    outcomes[event.outcome],
                    event.error_message or None,
                    "; ".join(f"{row['label']}: {row['value']}" for row in said) or None,
                    event.create_uid.sudo().name,
                    self._plain(event, "create_date"),
                    event.company_id.sudo().name,
                ]
            )
        return rows

    @api.model
    def _plain(self, record, name):
        """Return a value as it lies in the spool: JSON, times in the user's zone."""
        field, value = record._fields[name], record[name]
        if field.type == "datetime":
            return (value and str(fields.Datetime.context_timestamp(record, value))[:19]) or None
        if field.type == "date":
            return (value and str(value)) or None
        if field.type == "many2one":
            return value.sudo().display_name or None
        if field.type == "selection":
            return dict(field._description_selection(record.env)).get(value)
        if field.type == "boolean":
            return _("Yes") if value else _("No")
        if field.type in ("integer", "float", "monetary"):
            return value
        return value or None

    def _write_excel(self, piece):
        if piece["rows"]:
            packed = zlib.compress(json.dumps(piece["rows"], ensure_ascii=False).encode())
            self.env["event.job.spool"].create(
                {"job_id": self.id, "sheet": piece["sheet"], "rows": base64.b64encode(packed)}
            )
        self.options = {**self.options, "stage": piece["stage"], "after": piece["after"]}
        return {"done": len(piece["rows"])}

    def _finish_excel(self):
        """Write the workbook from the spool, and keep it for whoever asked."""
        self.env.flush_all()
        content = self.env["event.report.workbook"]._write(self)
        local = fields.Datetime.context_timestamp(
            self.with_context(tz=self.options["tz"]), self.moment_before
        )
        self.env["event.job.file"].create(
            {
                "job_id": self.id,
                "user_id": self.create_uid.id,
                "name": f"event-report-{local:%Y-%m-%d}.xlsx",
                "content": base64.b64encode(content),
            }
        )
        self.spool_ids.unlink()

    def _spooled(self, sheet, columns):
        """Yield the rows of one sheet, a piece in memory at a time, dates as dates."""
        kinds = [kind for _name, _heading, kind in columns]
        for piece in self.env["event.job.spool"].search(
            [("job_id", "=", self.id), ("sheet", "=", sheet)], order="id"
        ):
            rows = json.loads(zlib.decompress(base64.b64decode(piece.rows)))
            piece.invalidate_recordset(flush=False)
            for row in rows:
                yield [self._typed(value, kind) for value, kind in zip(row, kinds, strict=True)]

    @api.model
    def _typed(self, value, kind):
        if value and kind == "date":
            return date.fromisoformat(value)
        if value and kind == "datetime":
            return datetime.fromisoformat(value)
        return value


class EventJobSpool(models.Model):
    """Rows of a report until its workbook is written."""

    _name = "event.job.spool"
    _description = "Rows of a Report"
    _order = "id"

    job_id = fields.Many2one("event.job", required=True, index=True, ondelete="cascade")
    sheet = fields.Integer(required=True)
    rows = fields.Binary(attachment=False)


class EventJobFile(models.Model):
    """The file that a job made, for whoever asked and nobody else."""

    _name = "event.job.file"
    _description = "Report"
    _order = "id desc"

    job_id = fields.Many2one("event.job", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    name = fields.Char(required=True, readonly=True)
    content = fields.Binary(attachment=True, readonly=True)
