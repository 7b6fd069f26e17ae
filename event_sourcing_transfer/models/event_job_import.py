import base64
import hashlib
from contextlib import suppress

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.event_sourcing.groups import INTEGRATION, MANAGER
from odoo.addons.event_sourcing_base.companies import open_companies
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.from_code import from_code
from odoo.addons.event_sourcing_job.job_kind import JobKind

from ..transfer_file import ENCODINGS, RowParseError


class _Undo(Exception):
    """Leaves a savepoint whose work was only to be looked at."""


class EventJobImport(models.Model):
    """An import in chunks, in two stages over one file.

    First every row is checked, to the last one, while nothing is kept. Where all can be
    imported, and that was not all that was asked for, the file is read once more and its
    events are stored. Each chunk is committed with the position behind it.
    """

    _inherit = "event.job"

    kind = fields.Selection(selection_add=[("import", "Import")], ondelete={"import": "cascade"})
    import_file = fields.Binary(readonly=True, attachment=True)
    file_name = fields.Char(string="Imported File", readonly=True)
    file_path = fields.Char(
        readonly=True, help="A file on the server, imported by the command that named it."
    )
    dry_run = fields.Boolean(string="Check Only", readonly=True)
    stored_count = fields.Integer(string="Events Stored", readonly=True)
    storable_count = fields.Integer(
        string="Events to Store",
        readonly=True,
        help="Events of a file that was only checked: an import would store them.",
    )
    known_count = fields.Integer(
        string="Stored Before", readonly=True, help="Events of the file that were stored already."
    )
    refused_count = fields.Integer(
        string="Rows Rejected", readonly=True, help="Rows that cannot be imported."
    )
    refusal_ids = fields.One2many(
        "event.import.refusal", "job_id", string="Rejections", readonly=True
    )

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @api.model
    def _job_kinds(self):
        kind = JobKind((MANAGER, INTEGRATION), owner_only=True, short=False)
        return {**super()._job_kinds(), "import": kind}

    @api.model
    def _request_import(
        self,
        source,
        file_name,
        dry_run,
        *,
        broken="refuse",
        encoding=None,
        tz=None,
        model_name=None,
        company_id=None,
        unknown_people=False,
        trusted=False,
    ):
        """Start an import; return ``(job, under_way)``.

        :param source: the content of a file as base64, or the path of one on this server
        :param bool dry_run: whether to check alone
        :param str broken: ``refuse`` or ``record``: what becomes of rows that break a rule
        :param str encoding: of a CSV file, one of ``ENCODINGS``; found out where none is given
        :param str tz: time zone of times that name none; UTC where none is given
        :param str model_name: aggregate type of rows that name none
        :param int company_id: of rows that name none
        :param bool unknown_people: events of people who are unknown here are recorded as the
            asker's
        :param bool trusted: see :meth:`_check_head`
        :raise UserError: for a company that the asker has no access to, or a bad choice
        """
        self._check_may_run("import")
        self._check_chosen_company(company_id)
        if broken not in ("refuse", "record"):
            raise UserError(_("Rows that break a rule can be rejected or recorded, no more."))
        if encoding and encoding not in ENCODINGS:
            known = ", ".join(ENCODINGS)
            raise UserError(_("The encoding is not known; use one of %(known)s.", known=known))
        if tz:
            self.env["event.store"]._known_zone(tz)
        options = {
            "broken": broken,
            "encoding": encoding or None,
            "tz": tz or None,
            "company_id": company_id or None,
            "unknown_people": bool(unknown_people),
            "trusted": bool(trusted),
        }
        path = source if isinstance(source, str) else False
        try:
            content = b"" if path else base64.b64decode(source, validate=True)
        except (TypeError, ValueError) as error:
            raise UserError(_("The file did not arrive whole; choose it again.")) from error
        job, under_way = self._start(
            "import",
            file_name=file_name,
            file_path=path,
            dry_run=dry_run,
            model_name=model_name or False,
            options={
                **options,
                "file": path or hashlib.sha256(content).hexdigest(),
                "asker": self.env.uid,
                "context": {
                    "lang": self.env.context.get("lang") or self.env.user.lang or "en_US",
                    "tz": tz or "UTC",
                    "allowed_company_ids": self._named_companies(),
                },
            },
        )
        if not path and not under_way:
            job.sudo().import_file = source
        return job, under_way

    @api.model
    def _named_companies(self):
        """Return the ids of the companies that rows may name: for OdooBot all, its own first."""
        companies = open_companies(self.env)
        if self.env.uid != SUPERUSER_ID:
            return companies
        return list(dict.fromkeys([*companies, *self._every_company().ids]))

    @api.model
    def _check_chosen_company(self, company_id):
        """Refuse a company of others: a restore writes into any, past the access rules."""
        company = self.env["res.company"].browse(company_id or ())
        if company and not (company.exists() if self.env.su else company & self.env.companies):
            raise UserError(
                _(
                    "You have no access to the company that was chosen for the events; choose a"
                    " company of yours, or ask your administrator."
                )
            )

    def action_import_checked(self):
        """Import the file that was only checked."""
        self.ensure_one()
        check_access(self, "read")  # before sudo: a file is its owner's alone
        self._check_may_run("import")
        own = self.sudo().with_context(bin_size=False)
        if own.kind != "import" or not own.import_file:
            raise UserError(_("The file is no longer there; import it from the menu."))
        options = {k: v for k, v in own.options.items() if k not in ("file", "asker", "context")}
        job, under_way = self._request_import(
            own.import_file, own.file_name, False, model_name=own.model_name, **options
        )
        return job._open(under_way)

    def action_open_refusals(self):
        """List the rows that cannot be imported, to filter and export them."""
        self.ensure_one()
        check_access(self, "read")
        return {
            "type": "ir.actions.act_window",
            "name": _("Rejected Rows"),
            "res_model": "event.import.refusal",
            "view_mode": "list",
            "domain": [["job_id", "=", self.id]],
        }

    def _title_import(self):
        return self.file_name or self.file_path or ""

    def _count_import(self):
        return 0

    # ------------------------------------------------------------------
    # Chunks
    # ------------------------------------------------------------------

    def _read_import(self):
        """Read the next rows and, in the first stage, check them; nothing is locked."""
        progress = dict(self.progress_data or {})
        try:
            chunk = self._read_rows(progress)
        except RowParseError as error:
            reason = self.env["event.import.messages"]._explain(error)
            chunk = {"items": [], "refused": [(1, reason, "")], "rows": 0, "ended": True}
        except UserError as error:  # the file as a whole
            chunk = {"items": [], "refused": [(1, str(error), "")], "rows": 0, "ended": True}
        progress.setdefault("stage", "check")
        chunk.update(stage=progress["stage"], progress_data=progress, position=self.position + 1)
        if chunk["stage"] == "check":
            self._read_check_stage(chunk)
        elif chunk["ended"]:
            chunk["position"] = None
        if chunk["refused"] and chunk["stage"] == "write":
            line, reason, _excerpt = chunk["refused"][0]
            raise UserError(self._stopped(line, reason))
        return chunk

    def _read_check_stage(self, chunk):
        checked = self._check_items(chunk["items"])
        refused = checked.pop("refused")
        checked["new_count"] = len(chunk["items"]) - len(refused) - checked["known"]
        chunk["refused"] = sorted([*chunk["refused"], *refused])
        chunk.update(checked)
        progress = chunk["progress_data"]
        self._add_unhandled(progress, checked["unhandled"])
        if not chunk["ended"]:
            return
        if not chunk["refused"] and not self.refused_count and not progress["events"]:
            reason = self.env["event.import.messages"]._explain_no_rows()
            chunk["refused"] = [(1, reason, "")]
        if self.dry_run or self.refused_count or chunk["refused"]:
            chunk["position"] = None
        else:
            start = progress["about"]["start"]
            progress.update(stage="write", position=start, digest="", events=0, ended=False)

    def _write_import(self, chunk):
        counts = {"done": chunk["rows"]}
        if chunk["stage"] == "write":
            counts["stored_count"] = self._store_items(chunk["items"])
            counts["known_count"] = len(chunk["items"]) - counts["stored_count"]
        else:
            self.env["event.import.staged.row"]._save(self, chunk["seen"])
            self.env["event.import.staged.stream"]._save(self, chunk["streams"])
            refused = self.env["event.import.refusal"]._record(self, chunk["refused"])
            counts["refused_count"] = refused
            if self.dry_run:
                counts["known_count"] = chunk["known"]
                counts["storable_count"] = chunk["new_count"]
            elif chunk["progress_data"]["stage"] == "write":
                counts["done"] = -self.done  # it begins anew, with storing
        self._set_pace(chunk)
        self.write({"progress_data": chunk["progress_data"], "total": self._estimate(chunk)})
        return counts

    def _estimate(self, chunk):
        """Return about how many rows the file has; all of them are known after the check."""
        done = self.done + chunk["rows"]
        if chunk["stage"] == "write":
            return self.total
        return done if chunk["ended"] else round(done / max(chunk["share"], 0.001))

    def _stage(self):
        return (self.progress_data or {}).get("stage", "check")

    def _steps_import(self, done, total):
        """Each row is checked and, where it is imported, stored: the bar fills once."""
        if self.dry_run:
            return done, total
        return done + (total if self._stage() == "write" else 0), 2 * total

    def _progress_import(self, progress):
        if self.state != "done":
            if self._stage() == "check":
                progress["text"] = _("Checking: %(progress)s", progress=progress["text"])
            else:
                progress["text"] = _("Storing: %(progress)s", progress=progress["text"])
        return progress

    # ------------------------------------------------------------------
    # Storing
    # ------------------------------------------------------------------

    def _store_items(self, items):
        """Store a chunk: all of it or nothing; return how many were not stored before.

        :raise UserError: naming the line that cannot be stored any more
        """
        store = self._restore if self.progress_data.get("export") else self._append_items
        try:
            with self.env.cr.savepoint():
                return store(items)
        except (UserError, psycopg2.Error) as error:
            if is_infrastructure_error(error):
                raise
            reason = self._explain_unstored(error)
            line, reason = self._find_failing_row(store, items) or (items[0]["line"], reason)
            raise UserError(self._stopped(line, reason)) from error

    def _append_items(self, items):
        """Append rows of somebody else's file, with the rights of whoever asked."""
        wanted = "record" if self.options["broken"] == "record" else "reject"
        store = self._asker()["event.store"]
        policies = [
            # Rules of a handler that writes its snapshots itself were not asked before.
            wanted if self._memory_handler(item["vals"]["model_name"]) is not None else "record"
            for item in items
        ]
        vals_list = [{**item["given"], "event_uuid": item["vals"]["event_uuid"]} for item in items]
        keys = [None if item["key"][0] == "event_uuid" else item["key"] for item in items]
        keys = [key and (key[0], key[2]) for key in keys]
        events, known = store._append_all(vals_list, policies, keys, origin="imported")
        return len(set(events.ids) - known)

    def _find_failing_row(self, store, items):
        """Return ``(line, reason)`` of the row that cannot be stored; nothing is."""
        found = None
        with suppress(_Undo), self.env.cr.savepoint():
            for item in items:
                try:
                    store([item])
                except (UserError, psycopg2.Error) as error:
                    if is_infrastructure_error(error):
                        raise
                    found = item["line"], self._explain_unstored(error)
                    break
            raise _Undo
        return found

    @api.model
    def _explain_unstored(self, error):
        if isinstance(error, UserError):
            return str(error)
        return _(
            "The database refuses the event (%(error)s); tell your administrator.",
            error=error.diag.message_primary or type(error).__name__,
        )

    def _stopped(self, line, reason):
        if not self.stored_count:
            return _(
                "Line %(line)s: %(reason)s Nothing of the file is stored.", line=line, reason=reason
            )
        return _(
            "Line %(line)s: %(reason)s The %(count)s events before it are stored. Once that is"
            " settled, import the same file again: nothing is stored twice.",
            line=line,
            reason=reason,
            count=self.stored_count,
        )

    # ------------------------------------------------------------------
    # A file on the server
    # ------------------------------------------------------------------

    @api.model
    def _waiting_domain(self):
        # Its path means something to the command that named it.
        return [*super()._waiting_domain(), ("file_path", "=", False)]

    def _work(self, seconds):
        # A path is read for the command that named it alone.
        if not self.file_path or (from_code(self.env, "from_command_line") and not request):
            return super()._work(seconds)
        return False

    # ------------------------------------------------------------------
    # Ending
    # ------------------------------------------------------------------

    def _outcome_import(self, state, message):
        if state == "done" and self.refused_count and not self.dry_run:
            return "failed", _("Nothing was stored, because some rows cannot be imported.")
        return state, message

    def _forget_import(self):
        """Drop what was noted on the way; a file that was only checked, and is right, stays."""
        for model in ("event.import.staged.row", "event.import.staged.stream"):
            table = self.env[model]._table
            self.env.cr.execute(f"DELETE FROM {table} WHERE job_id = %s", [self.id])
        if not (self.dry_run and self.state == "done" and not self.refused_count):
            self.import_file = False
