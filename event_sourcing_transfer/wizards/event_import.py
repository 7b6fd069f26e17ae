import base64
import io

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_partner import _tz_get
from odoo.addons.event_sourcing_base.canonical_json import canonical

from ..transfer_file import RowParseError, Rows, look_at, unpacked

PREVIEW_ROWS = 6
PREVIEW_WIDTH = 200
PREVIEW_BYTES = 4 * 1024 * 1024


class EventImport(models.TransientModel):
    """Ask for an import of events from a file, or for its check alone."""

    _name = "event.import"
    _inherit = "access.first.mixin"
    _description = "Import of Events"

    file = fields.Binary(
        required=True,
        help="JSON Lines or CSV, also packed with gzip (.gz); or what was exported here.",
    )
    file_name = fields.Char()
    broken = fields.Selection(
        [
            ("refuse", "Reject the file"),
            ("record", "Keep the row as a rejected attempt"),
        ],
        string="If a Row Breaks a Rule",
        required=True,
        default="refuse",
    )
    model_name = fields.Char(
        string="Record Type", help="Of rows that name none, for example: rental."
    )
    company_id = fields.Many2one(
        "res.company", help="Of rows that name none, or one that is unknown here."
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.context.get("tz") or self.env.user.tz or "UTC",
        help="Of times that name none. In what was exported here they are in UTC anyway.",
    )
    encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("cp932", "Japanese Excel (Shift-JIS)"),
            ("cp1252", "Western Excel (Windows-1252)"),
        ],
        help="Of a CSV file; empty: detected automatically.",
    )
    preview = fields.Text(
        compute="_compute_preview",
        help="The first rows as they are read, before anything is checked or stored.",
    )
    unknown_people = fields.Boolean(
        string="Attribute Unknown Users' Events to Me",
        help="What was exported says by login who recorded an event.",
    )

    @api.depends("file", "encoding")
    def _compute_preview(self):
        for question in self:
            content = question.with_context(bin_size=False).file
            question.preview = question._read_first_rows(content) if content else False

    def _read_first_rows(self, content):
        """Return the first rows of a file as text, or the sentence why it cannot be read."""
        try:
            # So many characters of base64 hold more than the rows that are shown.
            file = unpacked(io.BytesIO(base64.b64decode(content[:PREVIEW_BYTES])))
            rows = Rows(file, about := look_at(file, self.encoding or None), about["start"])
            texts = [" | ".join(about["header"])] if about["kind"] == "csv" else []
            while len(texts) < PREVIEW_ROWS and (found := rows.next()):
                row = found[1]
                if isinstance(row, RowParseError):
                    raise row
                texts.append(" | ".join(row) if isinstance(row, list) else canonical(row))
        except RowParseError as error:
            if error.reason == "damaged":  # the beginning of a packed file looks like that
                return False
            return self.env["event.import.messages"]._explain(error)
        except (TypeError, ValueError):
            return False
        return "\n".join(text[:PREVIEW_WIDTH] for text in texts)

    def action_check(self):
        """Check the file, and store nothing."""
        return self._ask(dry_run=True)

    def action_import(self):
        """Import the file, once all of it was checked."""
        return self._ask(dry_run=False)

    def _ask(self, dry_run):
        self.ensure_one()
        content = self.with_context(bin_size=False).file
        if not content:
            raise UserError(_("Choose a file first."))
        job, under_way = self.env["event.job"]._request_import(
            content,
            self.file_name or _("File"),
            dry_run,
            broken=self.broken,
            model_name=(self.model_name or "").strip(),
            company_id=self.company_id.id,
            tz=self.tz,
            encoding=self.encoding,
            unknown_people=self.unknown_people,
        )
        return job._open(under_way)
